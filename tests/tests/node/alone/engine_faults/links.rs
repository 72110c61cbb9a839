//! Faults of the network between processes and their engine.

use std::time::Duration;

use anyhow::{Result, ensure};
use tests::engine::{Engine, Product};
use tests::line::End;

use super::{Case, FOUND, Member, fails_in_time, is_in_state, on_products, room};
use crate::hosts::Sites;

pub const CASES: &[Case] = on_products![
    a_process_whose_link_is_cut_says_so_and_catches_up,
    a_process_whose_link_is_dead_finds_out_and_catches_up,
    a_slow_link_loses_nothing,
];

fn a_process_whose_link_is_cut_says_so_and_catches_up(
    sites: &Sites,
    product: Product,
) -> Result<()> {
    let engine = Engine::start(product, &[])?;
    let [one, two, _three] = &sites.three_on(&engine, "cut")?;
    let mut ada = Member::join(&one.server(), "ada", &room("cut"))?;
    let mut bob = Member::join(&two.server(), "bob", &room("cut"))?;
    ada.say("before")?;
    ada.hears(&["before"])?;
    bob.hears(&["before"])?;
    for end in [End::Reset, End::Finish] {
        one.line.cut(end)?;
        fails_in_time(&mut ada, "in vain")?;
        is_in_state(&one.server(), "down")?;
        // The other process is not concerned.
        bob.say("meanwhile")?;
        bob.hears(&["meanwhile"])?;
        one.line.revive()?;
        ada.hears_within(FOUND, &["meanwhile"])?;
        is_in_state(&one.server(), "up")?;
        ada.say("after")?;
        ada.hears(&["after"])?;
        bob.hears(&["after"])?;
    }
    Ok(())
}

fn a_process_whose_link_is_dead_finds_out_and_catches_up(
    sites: &Sites,
    product: Product,
) -> Result<()> {
    let engine = Engine::start(product, &[])?;
    let [one, two, _three] = &sites.three_on(&engine, "dead")?;
    let mut ada = Member::join(&one.server(), "ada", &room("dead"))?;
    let mut bob = Member::join(&two.server(), "bob", &room("dead"))?;
    one.line.die()?;
    bob.say("lost on the way")?;
    bob.hears(&["lost on the way"])?;
    fails_in_time(&mut ada, "in vain")?;
    // Connections that have lost something stay dead, and new ones work.
    one.line.revive()?;
    ada.hears_within(FOUND, &["lost on the way"])?;
    // Commands work before the other connection is found to be dead.
    bob.say("after")?;
    ada.hears_within(FOUND, &["after"])?;
    is_in_state(&one.server(), "up")
}

fn a_slow_link_loses_nothing(sites: &Sites, product: Product) -> Result<()> {
    let engine = Engine::start(product, &[])?;
    let [one, two, _three] = &sites.three_on(&engine, "slow")?;
    let mut ada = Member::join(&one.server(), "ada", &room("slow"))?;
    let mut bob = Member::join(&two.server(), "bob", &room("slow"))?;
    let before = one.line.accepted()?;
    one.line.slow_down(Duration::from_millis(300))?;
    for text in ["one", "two", "three"] {
        ada.say(text)?;
        bob.say(text)?;
    }
    let all = ["one", "one", "two", "two", "three", "three"];
    ada.hears(&all)?;
    bob.hears(&all)?;
    let after = one.line.accepted()?;
    ensure!(before == after, "{before} connections, then {after}");
    Ok(())
}
