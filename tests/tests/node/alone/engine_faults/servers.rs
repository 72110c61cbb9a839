//! An engine that ends, starts again, or loses its data.

use anyhow::{Result, ensure};
use serde_json::json;
use tests::client::Request;
use tests::engine::{Engine, Product};
use tests::patience::within;

use super::{Case, FOUND, Member, fails_in_time, is_in_state, members, on_products, say_at_last};
use crate::hosts::Sites;

pub const CASES: &[Case] = on_products![
    an_engine_that_starts_again_with_its_data_loses_nothing,
    an_engine_that_starts_again_empty_is_told_as_a_gap,
    a_flushed_engine_is_told_as_a_gap,
];

fn an_engine_that_starts_again_with_its_data_loses_nothing(
    sites: &Sites,
    product: Product,
) -> Result<()> {
    let engine = Engine::start(product, &[])?;
    let processes = sites.three_on(&engine, "engine-restart")?;
    let [mut ada, mut bob, mut cy] = members(&processes, "restart")?;
    engine.kill()?;
    fails_in_time(&mut bob, "in vain")?;
    for process in &processes {
        is_in_state(&process.server(), "down")?;
    }
    // What nobody waits for fails without an end to the process.
    let unawaited = json!({ "room": "restart", "text": "in vain", "users": ["ada"] }).to_string();
    let server = processes[0].server();
    let answer = server.fetch(&Request::post("/realtime/unawaited", &unawaited))?;
    ensure!(answer.status == 200, "{answer}");
    within(FOUND, || {
        let told = server.get("/journal/errors-undefined?last=nothing")?.text();
        ensure!(told.matches("cannot be reached").count() == 2, "onError was told of {told}");
        Ok(())
    })?;
    engine.restart()?;
    for process in &processes {
        is_in_state(&process.server(), "up")?;
    }
    say_at_last(&mut cy, "after")?;
    for member in [&mut ada, &mut bob, &mut cy] {
        member.hears(&["after"])?;
    }
    Ok(())
}

/// Each member is told of a gap, and gets what follows.
fn is_told_as_a_gap(members: &mut [Member; 3]) -> Result<()> {
    say_at_last(&mut members[0], "after")?;
    for member in members {
        let reason = member.client.gap(&member.joined)?;
        ensure!(reason == "restarted", "{reason}");
        say_at_last(member, "again")?;
        // What came between the loss and the gap is missing, and told.
        within(FOUND, || {
            let heard = member.client.event(&member.joined)?;
            ensure!(heard.data.json()["text"] == "again", "{heard:?}");
            Ok(())
        })?;
    }
    Ok(())
}

fn an_engine_that_starts_again_empty_is_told_as_a_gap(
    sites: &Sites,
    product: Product,
) -> Result<()> {
    let engine = Engine::start(product, &[])?;
    let processes = sites.three_on(&engine, "engine-empty")?;
    let mut all = members(&processes, "empty")?;
    engine.kill()?;
    engine.restart_empty()?;
    is_told_as_a_gap(&mut all)
}

fn a_flushed_engine_is_told_as_a_gap(sites: &Sites, product: Product) -> Result<()> {
    let engine = Engine::start(product, &[])?;
    let processes = sites.three_on(&engine, "engine-flushed")?;
    let mut all = members(&processes, "flushed")?;
    engine.flush()?;
    is_told_as_a_gap(&mut all)
}
