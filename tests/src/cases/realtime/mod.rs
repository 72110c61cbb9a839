//! Realtime channels, by the promises to site builders. The cases speak the protocol themselves.

mod answers;
mod authorisation;
mod limits;
mod links;
mod once;
mod order;
mod plain;
mod presence;
mod resume;
mod slow;
mod snapshot;
mod users;
mod wire;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::cases;
use crate::client::Request;
use crate::realtime::Client;
use crate::realtime::client::{Join, Joined};
use crate::realtime::objects::{hibernate, of_channel};
use crate::realtime::protocol::Event;
use crate::site::Site;
use crate::suite::Case;

/// All cases, for runtimes with channels.
pub fn all() -> impl Iterator<Item = &'static Case<Site>> + Clone {
    [
        order::CASES,
        resume::CASES,
        snapshot::CASES,
        once::CASES,
        answers::CASES,
        presence::CASES,
        authorisation::CASES,
        slow::CASES,
        links::CASES,
        wire::CASES,
        limits::CASES,
        plain::CASES,
        users::CASES,
    ]
    .into_iter()
    .flatten()
}

/// The cases that an engine decides most about.
pub fn of_engines() -> impl Iterator<Item = &'static Case<Site>> + Clone {
    [order::CASES, resume::CASES, snapshot::CASES, once::CASES, presence::CASES, users::CASES]
        .into_iter()
        .flatten()
}

/// The smoke test of a site with channels.
pub const VITAL: &[Case<Site>] = cases![a_channel_carries_messages];

fn a_channel_carries_messages(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-vital", &room("vital"))?;
    let (mut bob, his) = member(site, "bob-vital", &room("vital"))?;
    say(&mut ada, &hers, "from a client")?;
    publish(site, "publish", "vital", "from a page")?;
    for (client, joined) in [(&mut ada, &hers), (&mut bob, &his)] {
        ensure_says(&client.events(joined, 2)?, &["from a client", "from a page"])?;
    }
    Ok(())
}

fn connect(site: &Site, user: &str) -> Result<Client> {
    Client::connect(&site.server, user)
}

/// Rooms keep a hundred messages.
fn room(name: &str) -> Join {
    Join::of("rooms", "room", name)
}

/// The channel whose handlers do what a test asks for.
fn work(name: &str) -> Join {
    Join::of("work", "id", name)
}

/// A connection of a user in one channel.
fn member(site: &Site, user: &str, join: &Join) -> Result<(Client, Joined)> {
    let mut client = connect(site, user)?;
    let joined = client.join(join)?;
    Ok((client, joined))
}

/// Says something in a room and waits for the result.
fn say(client: &mut Client, joined: &Joined, text: &str) -> Result<()> {
    client.ask(joined, "say", json!({ "text": text })).map(drop)
}

/// What an event says.
fn text(event: &Event) -> &str {
    event.data.json()["text"].as_str().unwrap_or_default()
}

fn ensure_says(events: &[Event], expected: &[&str]) -> Result<()> {
    let said: Vec<&str> = events.iter().map(text).collect();
    ensure!(said == expected, "{said:?}, not {expected:?}");
    Ok(())
}

/// Lets a page of the site do something with its channels.
fn page(site: &Site, action: &str, details: &Value) -> Result<Value> {
    if let Some(object) = object(action, details)
        && site.server.realtime().hibernates
    {
        hibernate(site.server.peer(), &object)?;
    }
    let request = Request::post(&format!("/realtime/{action}"), &details.to_string());
    let response = site.server.fetch(&request)?;
    ensure!(response.status == 200, "{action} {details}: {response}");
    serde_json::from_slice(&response.body).with_context(|| format!("not JSON: {response}"))
}

/// Publishes from a page, and returns the position.
fn publish(site: &Site, action: &str, room: &str, text: &str) -> Result<String> {
    let position = page(site, action, &json!({ "room": room, "text": text }))?;
    position.as_str().map(str::to_owned).with_context(|| format!("not a position: {position}"))
}

/// The object of the channel that a page does something with, if it is one.
fn object(action: &str, details: &Value) -> Option<String> {
    let (name, param) = match action {
        "short" | "quiet" => (action, "id"),
        "short-snapshot" | "short-history" => ("short", "id"),
        "quiet-snapshot" | "quiet-history" => ("quiet", "id"),
        "members" => ("people", "id"),
        _ => ("rooms", "room"),
    };
    let room = details["room"].as_str()?.to_owned();
    Some(of_channel(name, &[(param.to_owned(), room)].into()))
}
