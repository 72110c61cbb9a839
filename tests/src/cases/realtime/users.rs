//! Users from anywhere in a site: online or not, and messages to them.

use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use serde_json::{Value, json};

use super::{connect, member, page, work};
use crate::cases;
use crate::client::Request;
use crate::patience::within;
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: users" => [
        a_user_is_online_from_the_first_connection_to_the_last,
        a_message_reaches_all_connections_of_its_users,
        at_most_a_hundred_users_are_sent_to_at_once,
        a_message_without_a_user_needs_a_handler,
        a_handler_reaches_its_user_from_deep_in_a_call,
    ],
};

/// The time in which the last connection of a user counts as gone.
const GONE: Duration = Duration::from_secs(20);

fn a_user_is_online_from_the_first_connection_to_the_last(site: &Site) -> Result<()> {
    let is_online = || page(site, "online", &json!({ "user": "ada-online" }));
    ensure!(is_online()? == false);
    let one = connect(site, "ada-online")?;
    let two = connect(site, "ada-online")?;
    ensure!(is_online()? == true);
    let told = site.journal("user-ada-online", "online")?;
    ensure!(told == "online", "{told}");
    one.close()?;
    ensure!(is_online()? == true);
    two.close()?;
    within(GONE, || {
        ensure!(is_online()? == false, "she is still online");
        Ok(())
    })?;
    let told = site.journal("user-ada-online", "offline")?;
    ensure!(told == "online offline", "{told}");
    Ok(())
}

fn a_message_reaches_all_connections_of_its_users(site: &Site) -> Result<()> {
    let mut clients = Vec::new();
    for user in ["ada-inbox", "ada-inbox", "bob-inbox"] {
        clients.push(connect(site, user)?);
    }
    let mut other = connect(site, "cy-inbox")?;
    let users = json!(["ada-inbox", "bob-inbox", "nobody-inbox"]);
    page(site, "send", &json!({ "users": users, "text": "hello" }))?;
    for client in &mut clients {
        let message = client.inbox()?;
        ensure!(*message.json() == json!({ "text": "hello" }), "{message:?}");
        client.ping()?;
        ensure!(client.unread().count() == 0, "it came twice");
    }
    other.ping()?;
    ensure!(other.unread().count() == 0, "it reached another user");
    Ok(())
}

fn at_most_a_hundred_users_are_sent_to_at_once(site: &Site) -> Result<()> {
    let users = |count: u32| (0..count).map(|number| format!("user {number}")).collect::<Vec<_>>();
    page(site, "send", &json!({ "users": users(100), "text": "hello" }))?;
    refused(site, "send", &json!({ "users": users(101), "text": "hello" }), "100")
}

fn a_message_without_a_user_needs_a_handler(site: &Site) -> Result<()> {
    refused(site, "outside", &json!({ "text": "hello" }), "handler")
}

/// The called function gets no argument of the handler.
fn a_handler_reaches_its_user_from_deep_in_a_call(site: &Site) -> Result<()> {
    let (mut ada, joined) = member(site, "ada-deep", &work("deep"))?;
    let mut tablet = connect(site, "ada-deep")?;
    let (mut bob, his) = member(site, "bob-deep", &work("deep"))?;
    // Each handler has a context of its own, also while another one runs.
    let asked = bob.send(&his, "notify", json!({ "text": "for bob" }))?;
    ada.ask(&joined, "notify", json!({ "text": "for ada" }))?;
    bob.answer(asked)?.map_err(|error| anyhow!("{error:?}"))?;
    for (client, text) in [(&mut ada, "for ada"), (&mut tablet, "for ada"), (&mut bob, "for bob")] {
        let message = client.inbox()?;
        ensure!(*message.json() == json!({ "text": text }), "{message:?}, not {text}");
        client.ping()?;
        let unread: Vec<_> = client.unread().collect();
        ensure!(unread.is_empty(), "{unread:?}");
    }
    Ok(())
}

/// What a page does must throw an error that mentions this.
fn refused(site: &Site, action: &str, details: &Value, mentioned: &str) -> Result<()> {
    let request = Request::post(&format!("/realtime/{action}"), &details.to_string());
    let response = site.server.fetch(&request)?;
    let is_told = response.status == 500 && response.text().contains(mentioned);
    ensure!(is_told, "{response}");
    Ok(())
}
