//! Realtime channels on servers of their own: edits in `astro dev`, a restart, a lost member.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::json;
use tests::patience::at_last;
use tests::realtime::Client;
use tests::realtime::client::Join;
use tests::realtime::crowd::{Crowd, are_there};
use tests::realtime::protocol::ServerFrame;
use tests::server::free_port;
use tests::suite::Sites as _;

use super::{Case, cases};
use crate::hosts::{Host, Settings, Sites, start_standalone_on};

pub const CASES: &[Case] = cases![
    a_lost_member_leaves_fifteen_seconds_later,
    a_restart_is_told_as_a_gap,
    a_shutdown_tells_clients_when_to_come_back,
    an_edited_channel_counts_in_dev_and_its_members_stay,
    a_new_channel_can_be_joined_in_dev,
];

fn room(name: &str) -> Join {
    Join::of("rooms", "room", name)
}

fn a_lost_member_leaves_fifteen_seconds_later(sites: &Sites) -> Result<()> {
    let site = sites.get(Host::Standalone)?;
    let people = Join::of("people", "name", "lost").presence(json!({ "mood": "glad" }));
    let mut ada = Client::connect(&site.server, "ada-lost")?;
    let mut seen = Crowd::join(&mut ada, &people)?;
    let mut bob = Client::connect(&site.server, "bob-lost")?;
    bob.join(&people)?;
    let soon = Duration::from_secs(3);
    seen.until(&mut ada, soon, |members| are_there(members, &["ada-lost", "bob-lost"]))?;
    bob.reset()?;
    let limit = Duration::from_secs(20);
    let taken = seen.until(&mut ada, limit, |members| are_there(members, &["ada-lost"]))?;
    ensure!(taken > Duration::from_secs(14), "he left after {taken:?}");
    ensure!(seen.departures.len() == 1, "{:?}", seen.departures);
    Ok(())
}

/// The log of one process ends with it.
fn a_restart_is_told_as_a_gap(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&Settings { name: "realtime-restart", options: "{}" })?;
    let mut ada = Client::connect(&site.server, "ada")?;
    let hers = ada.join(&room("restart"))?;
    ada.ask(&hers, "say", json!({ "text": "before" }))?;
    ada.event(&hers)?;
    let (position, session) = (ada.position(&hers)?, ada.welcome.session.clone());
    // Killed, like a process without memory.
    site.server.signal(Signal::KILL)?;
    site.server.wait_for_end(Duration::from_secs(5))?;

    let server = start_standalone_on(&site.app, free_port()?)?;
    let mut ada = Client::resume(&server, "ada", &session)?;
    ensure!(!ada.welcome.is_resumed, "{:?}", ada.welcome);
    let hers = ada.join(&room("restart").since(&position))?;
    ensure!(ada.gap(&hers)? == "restarted");
    ada.ask(&hers, "say", json!({ "text": "after" }))?;
    ensure!(ada.event(&hers)?.data.json()["text"] == "after");
    Ok(())
}

fn a_shutdown_tells_clients_when_to_come_back(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&Settings { name: "realtime-shutdown", options: "{}" })?;
    let mut ada = Client::connect(&site.server, "ada")?;
    ada.join(&room("shutdown"))?;
    site.server.signal(Signal::TERM)?;
    let drain = ada.take("a `drain`", |frame| match frame {
        ServerFrame::Drain { milliseconds } => Some(*milliseconds),
        _ => None,
    })?;
    ensure!(drain <= 20_000, "{drain}");
    let (code, reason) = ada.closed()?;
    ensure!(code == 1012, "{code} {reason}");
    site.server.wait_for_end(Duration::from_secs(8))?;
    Ok(())
}

/// The file of the channel that the cases edit.
const FILE: &str = "src/realtime/rooms/[room].ts";

fn an_edited_channel_counts_in_dev_and_its_members_stay(sites: &Sites) -> Result<()> {
    let site = sites.start_dev_alone(&Settings { name: "dev-realtime", options: "{}" })?;
    let mut ada = Client::connect(&site.server, "ada")?;
    let hers = ada.join(&room("edited"))?;
    ada.ask(&hers, "say", json!({ "text": "before" }))?;
    ensure!(ada.event(&hers)?.data.json()["text"] == "before");

    let path = site.app.root().join(FILE);
    let text = fs::read_to_string(&path)?;
    let edited = text.replace("{ by: user.id, text }", "{ by: user.id, text: `edited ${text}` }");
    ensure!(edited != text, "nothing to edit in {FILE}");
    // The watcher of the server misses changes from before it starts watching.
    at_last(|| {
        fs::write(&path, &edited)?;
        ada.ask(&hers, "say", json!({ "text": "after" }))?;
        let said = ada.event(&hers)?;
        ensure!(said.data.json()["text"] == "edited after", "{said:?}");
        Ok(())
    })?;

    // A file with an error is told, and the members still stay.
    fs::write(&path, text.replace("authorize: 'users'", "authorise: 'users'"))?;
    site.server.wait_for_output(Duration::from_secs(10), |printed| {
        (printed.contains("authorise") && printed.contains("rooms/[room].ts")).then_some(())
    })?;
    ada.ping()?;
    fs::write(&path, &text)?;
    at_last(|| {
        ada.ask(&hers, "say", json!({ "text": "again" }))?;
        let said = ada.event(&hers)?;
        ensure!(said.data.json()["text"] == "again", "{said:?}");
        Ok(())
    })
    .with_context(|| site.server.to_string())
}

fn a_new_channel_can_be_joined_in_dev(sites: &Sites) -> Result<()> {
    let site = sites.start_dev_alone(&Settings { name: "dev-new-channel", options: "{}" })?;
    let mut ada = Client::connect(&site.server, "ada")?;
    let hers = ada.join(&room("stays"))?;
    let path = site.app.root().join("src/realtime/added/[name].ts");
    let folder = path.parent().context("no folder")?;
    fs::create_dir_all(folder)?;
    let text = fs::read_to_string(site.app.root().join("src/realtime/quiet/[name].ts"))?;
    at_last(|| {
        fs::write(&path, &text)?;
        // Refused joins are limited.
        thread::sleep(Duration::from_millis(500));
        let mut bob = Client::connect(&site.server, "bob")?;
        bob.join(&Join::of("added", "name", "x"))
    })
    .with_context(|| site.server.to_string())?;
    ada.ask(&hers, "say", json!({ "text": "still here" }))?;

    fs::remove_file(&path)?;
    at_last(|| {
        let mut cy = Client::connect(&site.server, "cy")?;
        cy.join_refused(&Join::of("added", "name", "x"))
    })?;
    Ok(())
}
