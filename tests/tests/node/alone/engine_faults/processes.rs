//! Processes that are stopped, killed, drained, or have a wrong clock.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::process::Signal;
use serde_json::json;
use tests::engine::{Engine, Product};
use tests::locations::repository;
use tests::realtime::Client;
use tests::realtime::client::Join;
use tests::realtime::crowd::{Crowd, are_there};
use tests::realtime::protocol::ServerFrame;

use super::{Case, FOUND, Member, on_products, room};
use crate::hosts::Sites;

pub const CASES: &[Case] = on_products![
    a_process_that_was_frozen_for_longer_than_its_lease_continues,
    a_killed_process_leaves_no_ghost_and_each_leave_is_told_once,
    a_process_that_drains_hands_its_members_over_without_a_flicker,
    a_clock_that_jumps_loses_nobody_and_nothing,
];

/// The time in which the members of a lost process count as gone: its lease of 18 seconds, and the
/// look of another process each 3 seconds.
const LEASE: Duration = Duration::from_secs(21);

/// The time in which presence shows a change that is due.
const SOON: Duration = Duration::from_secs(5);

fn people(name: &str) -> Join {
    Join::of("people", "id", name).presence(json!({ "mood": "glad" }))
}

fn a_process_that_was_frozen_for_longer_than_its_lease_continues(
    sites: &Sites,
    product: Product,
) -> Result<()> {
    let engine = Engine::start(product, &[])?;
    let [one, two, _three] = &sites.three_on(&engine, "frozen")?;
    let mut bob = Client::connect(&two.server(), "bob")?;
    let mut seen = Crowd::join(&mut bob, &people("frozen"))?;
    let mut ada = Member::join(&one.server(), "ada", &room("frozen"))?;
    ada.client.join(&people("frozen"))?;
    seen.until(&mut bob, SOON, |members| are_there(members, &["ada", "bob"]))?;

    one.freeze()?;
    // Its leave is told once, and the return as well.
    seen.until(&mut bob, LEASE + SOON, |members| are_there(members, &["bob"]))?;
    let mut cy = Member::join(&two.server(), "cy", &room("frozen"))?;
    cy.say("meanwhile")?;
    one.thaw()?;
    ada.hears_within(FOUND, &["meanwhile"])?;
    seen.until(&mut bob, LEASE + SOON, |members| are_there(members, &["ada", "bob"]))?;
    ensure!(seen.departures.len() == 1, "{:?}", seen.departures);
    ada.say("after")?;
    cy.hears(&["meanwhile", "after"])?;
    Ok(())
}

fn a_killed_process_leaves_no_ghost_and_each_leave_is_told_once(
    sites: &Sites,
    product: Product,
) -> Result<()> {
    let engine = Engine::start(product, &[])?;
    let [one, two, three] = &sites.three_on(&engine, "killed")?;
    let mut bob = Client::connect(&two.server(), "bob")?;
    let mut seen_by_bob = Crowd::join(&mut bob, &people("killed"))?;
    let mut cy = Client::connect(&three.server(), "cy")?;
    let mut seen_by_cy = Crowd::join(&mut cy, &people("killed"))?;
    let mut lost = Vec::new();
    for user in ["ada", "di", "eve"] {
        let mut client = Client::connect(&one.server(), user)?;
        client.join(&people("killed"))?;
        lost.push(client);
    }
    let all = ["ada", "bob", "cy", "di", "eve"];
    seen_by_bob.until(&mut bob, SOON, |members| are_there(members, &all))?;
    seen_by_cy.until(&mut cy, SOON, |members| are_there(members, &all))?;

    one.kill()?;
    // One of them comes back to another process in time.
    let session = lost.remove(0).reset()?;
    let mut ada = Client::resume(&two.server(), "ada", &session)?;
    ensure!(ada.welcome.is_resumed, "{:?}", ada.welcome);
    ada.join(&people("killed"))?;
    let gone = LEASE + SOON;
    let rest = ["ada", "bob", "cy"];
    seen_by_bob.until(&mut bob, gone, |members| are_there(members, &rest))?;
    seen_by_cy.until(&mut cy, SOON, |members| are_there(members, &rest))?;
    seen_by_bob.during(&mut bob, Duration::from_secs(2))?;
    seen_by_cy.during(&mut cy, Duration::from_secs(1))?;
    for seen in [&seen_by_bob, &seen_by_cy] {
        ensure!(are_there(&seen.members, &rest), "{:#?}", seen.members);
        ensure!(seen.departures.len() == 2, "{:?}", seen.departures);
    }
    Ok(())
}

fn a_process_that_drains_hands_its_members_over_without_a_flicker(
    sites: &Sites,
    product: Product,
) -> Result<()> {
    let engine = Engine::start(product, &[])?;
    let [one, two, _three] = &sites.three_on(&engine, "drained")?;
    let mut bob = Client::connect(&two.server(), "bob")?;
    let mut seen = Crowd::join(&mut bob, &people("drained"))?;
    let mut ada = Client::connect(&one.server(), "ada")?;
    let hers = ada.join(&room("drained"))?;
    ada.join(&people("drained"))?;
    seen.until(&mut bob, SOON, |members| are_there(members, &["ada", "bob"]))?;

    one.server().signal(Signal::TERM)?;
    ada.take("a `drain`", |frame| matches!(frame, ServerFrame::Drain { .. }).then_some(()))?;
    let (code, reason) = ada.closed()?;
    ensure!(code == 1012, "{code} {reason}");
    let position = ada.position(&hers)?;
    let mut cy = Member::join(&two.server(), "cy", &room("drained"))?;
    cy.say("meanwhile")?;
    thread::sleep(Duration::from_secs(1));
    let mut ada = Client::resume(&two.server(), "ada", &ada.welcome.session)?;
    ensure!(ada.welcome.is_resumed, "{:?}", ada.welcome);
    let hers = ada.join(&room("drained").since(&position))?;
    ensure!(ada.event(&hers)?.data.json()["text"] == "meanwhile");
    ada.join(&people("drained"))?;
    seen.during(&mut bob, Duration::from_secs(7))?;
    ensure!(are_there(&seen.members, &["ada", "bob"]), "{:#?}", seen.members);
    ensure!(seen.departures.is_empty(), "{:?}", seen.departures);
    one.server().wait_for_end(Duration::from_secs(10))?;
    Ok(())
}

fn a_clock_that_jumps_loses_nobody_and_nothing(sites: &Sites, product: Product) -> Result<()> {
    const HOUR: &str = "3600000";
    let engine = Engine::start(product, &[])?;
    let import =
        format!("--import={}", repository().join("tests/projects/clock-jump.mjs").display());
    let variables = [("NODE_OPTIONS", import), ("CLOCK_JUMP", HOUR.to_owned())];
    let [one, two, three] = &sites.three_with(&engine, "clock", &variables)?;
    let mut bob = Client::connect(&two.server(), "bob")?;
    let mut seen = Crowd::join(&mut bob, &people("clock"))?;
    let mut ada = Member::join(&one.server(), "ada", &room("clock"))?;
    ada.client.join(&people("clock"))?;
    ada.say("before")?;
    ada.hears(&["before"])?;
    seen.until(&mut bob, SOON, |members| are_there(members, &["ada", "bob"]))?;

    one.server().signal(Signal::USR2)?;
    one.server()
        .wait_for_output(SOON, |printed| printed.contains("the clock is at").then_some(()))?;
    ada.say("in an hour")?;
    ada.hears(&["in an hour"])?;
    // Longer than a lease, by the machine's own clock.
    seen.during(&mut bob, LEASE)?;
    ensure!(seen.departures.is_empty(), "{:?}", seen.departures);
    // The history is kept for five minutes.
    for process in [one, two, three] {
        let mut cy = Member::join(&process.server(), "cy", &room("clock").last(10))?;
        cy.hears(&["before", "in an hour"])?;
    }
    let session = ada.client.reset()?;
    let again = Client::resume(&three.server(), "ada", &session)?;
    ensure!(again.welcome.is_resumed, "{:?}", again.welcome);
    Ok(())
}
