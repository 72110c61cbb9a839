//! Promise 5: presence, told once, without flicker and without ghosts.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{connect, member, page};
use crate::cases;
use crate::realtime::Client;
use crate::realtime::client::Join;
use crate::realtime::crowd::{Crowd, are_there, is_user};
use crate::realtime::protocol::ClientFrame;
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: presence" => [
        members_see_who_is_there_and_what_changes,
        a_user_with_two_connections_is_one_member,
        connections_can_be_the_members,
        presence_leaves_at_once_on_leave,
        presence_leaves_five_seconds_after_a_clean_close_and_once,
        presence_does_not_flicker_on_a_reconnect,
        invalid_presence_is_refused,
    ],
};

/// The time between two connections of a client. Changes are gathered for less.
const AWAY: Duration = Duration::from_secs(1);

/// The time in which a change that is due at once is told.
const AT_ONCE: Duration = Duration::from_secs(3);

fn people(name: &str, mood: &str) -> Join {
    Join::of("people", "id", name).presence(json!({ "mood": mood }))
}

fn members_see_who_is_there_and_what_changes(site: &Site) -> Result<()> {
    let mut ada = connect(site, "ada-people")?;
    let mut seen = Crowd::join(&mut ada, &people("seen", "glad"))?;
    seen.until(&mut ada, AT_ONCE, |members| are_there(members, &["ada-people"]))?;
    let (mut bob, his) = member(site, "bob-people", &people("seen", "calm"))?;
    seen.until(&mut ada, AT_ONCE, |members| are_there(members, &["ada-people", "bob-people"]))?;
    let told = seen.members.iter().find(|member| is_user(member, "bob-people"));
    let told = told.context("he is not there")?;
    ensure!(told.data == json!({ "mood": "calm", "name": "BOB-PEOPLE" }), "{told:?}");
    ensure!(told.since > 1_700_000_000_000, "{told:?}");

    bob.write(&ClientFrame::Presence {
        reference: his.reference,
        data: json!({ "mood": "busy", "name": "eve", "rank": 1 }),
    })?;
    let expected = json!({ "mood": "busy", "name": "BOB-PEOPLE" });
    seen.until(&mut ada, AT_ONCE, |members| members.iter().any(|member| member.data == expected))?;

    let known = page(site, "members", &json!({ "room": "seen" }))?;
    let users: Vec<&Value> =
        known.as_array().into_iter().flatten().map(|member| &member["user"]["id"]).collect();
    ensure!(users.len() == 2 && users.contains(&&json!("bob-people")), "{known}");
    // Who joins later gets the same list first.
    let mut cy = connect(site, "cy-people")?;
    let first = Crowd::join(&mut cy, &Join::of("people", "id", "seen"))?;
    ensure!(are_there(&first.members, &["ada-people", "bob-people"]), "{:#?}", first.members);
    Ok(())
}

fn a_user_with_two_connections_is_one_member(site: &Site) -> Result<()> {
    let mut ada = connect(site, "ada-one")?;
    let mut seen = Crowd::join(&mut ada, &people("one", "glad"))?;
    let (mut first, in_first) = member(site, "bob-one", &people("one", "calm"))?;
    let (_second, _) = member(site, "bob-one", &people("one", "calm"))?;
    seen.until(&mut ada, AT_ONCE, |members| are_there(members, &["ada-one", "bob-one"]))?;
    first.leave(&in_first)?;
    seen.during(&mut ada, Duration::from_secs(1))?;
    ensure!(are_there(&seen.members, &["ada-one", "bob-one"]), "{:#?}", seen.members);
    ensure!(seen.departures.is_empty(), "{:?}", seen.departures);
    Ok(())
}

fn connections_can_be_the_members(site: &Site) -> Result<()> {
    let tabs = Join::of("tabs", "id", "two").presence(json!({ "mood": "glad" }));
    let mut ada = connect(site, "ada-tabs")?;
    let mut seen = Crowd::join(&mut ada, &tabs)?;
    let (_second, _) = member(site, "ada-tabs", &tabs)?;
    let (_visitor, _) = member(site, "", &tabs)?;
    seen.until(&mut ada, AT_ONCE, |members| members.len() == 3)?;
    let own = seen.members.iter().filter(|member| is_user(member, "ada-tabs")).count();
    let visitors = seen.members.iter().filter(|member| member.user.is_none()).count();
    ensure!((own, visitors) == (2, 1), "{:#?}", seen.members);
    Ok(())
}

fn presence_leaves_at_once_on_leave(site: &Site) -> Result<()> {
    let mut ada = connect(site, "ada-leave")?;
    let mut seen = Crowd::join(&mut ada, &people("leave", "glad"))?;
    let (mut bob, his) = member(site, "bob-leave", &people("leave", "calm"))?;
    seen.until(&mut ada, AT_ONCE, |members| are_there(members, &["ada-leave", "bob-leave"]))?;
    bob.leave(&his)?;
    seen.until(&mut ada, AT_ONCE, |members| are_there(members, &["ada-leave"]))?;
    ensure!(seen.departures.len() == 1, "{:?}", seen.departures);
    Ok(())
}

fn presence_leaves_five_seconds_after_a_clean_close_and_once(site: &Site) -> Result<()> {
    let mut ada = connect(site, "ada-close")?;
    let mut seen = Crowd::join(&mut ada, &people("close", "glad"))?;
    let (bob, _) = member(site, "bob-close", &people("close", "calm"))?;
    seen.until(&mut ada, AT_ONCE, |members| are_there(members, &["ada-close", "bob-close"]))?;
    let start = Instant::now();
    bob.close()?;
    let limit = Duration::from_secs(9);
    seen.until(&mut ada, limit, |members| are_there(members, &["ada-close"]))?;
    let taken = start.elapsed();
    ensure!(taken >= Duration::from_millis(4500), "he left after {taken:?}");
    seen.during(&mut ada, Duration::from_secs(1))?;
    ensure!(seen.departures.len() == 1, "{:?}", seen.departures);
    Ok(())
}

fn presence_does_not_flicker_on_a_reconnect(site: &Site) -> Result<()> {
    let mut ada = connect(site, "ada-flicker")?;
    let mut seen = Crowd::join(&mut ada, &people("flicker", "glad"))?;
    let (bob, _) = member(site, "bob-flicker", &people("flicker", "calm"))?;
    seen.until(&mut ada, AT_ONCE, |members| are_there(members, &["ada-flicker", "bob-flicker"]))?;
    let before = seen.members.clone();
    // A lost connection, then a page that navigates and opens a session of its own.
    let session = bob.reset()?;
    thread::sleep(AWAY);
    let mut bob = Client::resume(&site.server, "bob-flicker", &session)?;
    bob.join(&people("flicker", "calm"))?;
    seen.during(&mut ada, Duration::from_millis(600))?;
    bob.close()?;
    thread::sleep(AWAY);
    let (_bob, _) = member(site, "bob-flicker", &people("flicker", "calm"))?;
    seen.during(&mut ada, Duration::from_millis(6500))?;
    let users = ["ada-flicker", "bob-flicker"];
    ensure!(are_there(&seen.members, &users), "{before:#?}, then {:#?}", seen.members);
    ensure!(seen.departures.is_empty(), "{:?}", seen.departures);
    Ok(())
}

fn invalid_presence_is_refused(site: &Site) -> Result<()> {
    // Refused joins count ten towards the limit of a connection.
    let refused = |data: Value| {
        let join = Join::of("people", "id", "invalid").presence(data);
        connect(site, "ada-invalid")?.join_refused(&join)
    };
    let wrong = refused(json!({ "mood": 1 }))?;
    ensure!(wrong.code == "BAD_REQUEST", "{wrong:?}");
    let long = "x".repeat(5000);
    let large = refused(json!({ "mood": long }))?;
    ensure!(["BAD_REQUEST", "CONTENT_TOO_LARGE"].contains(&large.code.as_str()), "{large:?}");
    // Nobody was shown meanwhile.
    let mut ada = connect(site, "ada-invalid")?;
    let seen = Crowd::join(&mut ada, &Join::of("people", "id", "invalid"))?;
    ensure!(seen.members.is_empty(), "{:#?}", seen.members);
    Ok(())
}
