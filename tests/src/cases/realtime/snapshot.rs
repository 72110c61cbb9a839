//! One message in place of all before it.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{ensure_says, member, page, publish, room, say, text};
use crate::cases;
use crate::client::Request;
use crate::realtime::client::Join;
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: a snapshot in place of earlier messages" => [
        a_late_member_gets_the_snapshot_and_what_came_after_it,
        messages_that_are_published_while_a_snapshot_is_taken_follow_it,
        a_snapshot_that_comes_too_late_is_ignored,
        a_snapshot_outlives_the_messages_after_it,
        a_channel_without_history_takes_no_snapshot,
    ],
};

fn a_late_member_gets_the_snapshot_and_what_came_after_it(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-snapshot", &room("snapshot"))?;
    let one = publish(site, "publish", "snapshot", "one")?;
    let two = publish(site, "publish", "snapshot", "two")?;
    publish(site, "publish", "snapshot", "three")?;
    ensure_says(&ada.events(&hers, 3)?, &["one", "two", "three"])?;
    ensure!(snapshot(site, "snapshot", "snapshot", "one two", &two)? == json!(true));

    let (mut bob, his) = member(site, "bob-snapshot", &room("snapshot").since(&one))?;
    ensure!(his.details.position == one, "{his:?}");
    let all = bob.snapshot(&his)?;
    ensure!(text(&all) == "one two" && all.position == two && all.at > 0, "{all:?}");
    let (mut cy, theirs) = member(site, "cy-snapshot", &room("snapshot").last(1))?;
    ensure!(text(&cy.snapshot(&theirs)?) == "one two");
    let (mut dan, own) = member(site, "dan-snapshot", &room("snapshot").since(&two))?;
    let stranger = room("snapshot").since("0therepo.1.abcdef");
    let (mut eve, hers_too) = member(site, "eve-snapshot", &stranger)?;
    ensure!(text(&eve.snapshot(&hers_too)?) == "one two");
    for (client, joined) in
        [(&mut bob, &his), (&mut cy, &theirs), (&mut dan, &own), (&mut eve, &hers_too)]
    {
        ensure_says(&[client.event(joined)?], &["three"])?;
    }

    // Everyone is live, and ada has never been told.
    say(&mut bob, &his, "four")?;
    for (mut client, joined) in [(ada, hers), (bob, his), (cy, theirs), (dan, own), (eve, hers_too)]
    {
        ensure_says(&[client.event(&joined)?], &["four"])?;
        ensure!(client.unread().count() == 0, "{:?}", client.unread().collect::<Vec<_>>());
    }
    let history = page(site, "history", &json!({ "room": "snapshot", "since": one }))?;
    let told: Vec<_> = history["messages"]
        .as_array()
        .context("no messages")?
        .iter()
        .map(|message| (&message["data"]["text"], &message["isSnapshot"]))
        .collect();
    let [all, three, four] = [("one two", true), ("three", false), ("four", false)]
        .map(|(text, is_snapshot)| (json!(text), json!(is_snapshot)));
    let expected = [&all, &three, &four].map(|(text, is_snapshot)| (text, is_snapshot));
    ensure!(told == expected, "{history}");
    Ok(())
}

fn messages_that_are_published_while_a_snapshot_is_taken_follow_it(site: &Site) -> Result<()> {
    for text in ["a", "b"] {
        publish(site, "publish", "fold", text)?;
    }
    for (folds, texts) in [("a b", ["c", "d", "e"]), ("a b c d e", ["f", "g", "h"])] {
        ensure!(page(site, "fold", &json!({ "room": "fold", "texts": texts }))? == json!(true));
        let (mut ada, hers) = member(site, "ada-fold", &room("fold").last(1))?;
        ensure!(text(&ada.snapshot(&hers)?) == folds);
        let events = ada.events(&hers, 3)?;
        let mut said: Vec<&str> = events.iter().map(text).collect();
        // They were published at the same time.
        said.sort_unstable();
        ensure!(said == texts, "{said:?}");
        ada.close()?;
    }
    Ok(())
}

fn a_snapshot_that_comes_too_late_is_ignored(site: &Site) -> Result<()> {
    let one = publish(site, "publish", "too late", "one")?;
    let two = publish(site, "publish", "too late", "two")?;
    ensure!(snapshot(site, "snapshot", "too late", "newer", &two)? == json!(true));
    ensure!(snapshot(site, "snapshot", "too late", "older", &one)? == json!(false));
    let (before, _tag) = two.rsplit_once('.').context("a position without a tag")?;
    for forged in [format!("{before}.000000"), "0therepo.1.abcdef".to_owned()] {
        ensure!(snapshot(site, "snapshot", "too late", "forged", &forged)? == json!(false));
    }
    let (mut ada, hers) = member(site, "ada-late", &room("too late").last(10))?;
    ensure!(text(&ada.snapshot(&hers)?) == "newer");
    // The same messages once more.
    ensure!(snapshot(site, "snapshot", "too late", "again", &two)? == json!(true));
    let (mut bob, his) = member(site, "bob-late", &room("too late").last(10))?;
    ensure!(text(&bob.snapshot(&his)?) == "again");
    Ok(())
}

/// The channel keeps three messages.
fn a_snapshot_outlives_the_messages_after_it(site: &Site) -> Result<()> {
    let short = Join::of("short", "id", "outlived");
    let one = publish(site, "short", "outlived", "one")?;
    ensure!(snapshot(site, "short-snapshot", "outlived", "all", &one)? == json!(true));
    for text in ["two", "three", "four"] {
        publish(site, "short", "outlived", text)?;
    }
    let (mut ada, hers) = member(site, "ada-outlived", &short.clone().last(3))?;
    ensure!(text(&ada.snapshot(&hers)?) == "all");
    ensure_says(&ada.events(&hers, 3)?, &["two", "three", "four"])?;

    let five = publish(site, "short", "outlived", "five")?;
    ensure_says(&[ada.event(&hers)?], &["five"])?;
    // A message after the snapshot is gone.
    let (mut bob, his) = member(site, "bob-outlived", &short.clone().last(3))?;
    ensure!(text(&bob.snapshot(&his)?) == "all");
    ensure!(bob.gap(&his)? == "trimmed");
    ensure!(bob.position(&his)? == five);
    ensure!(snapshot(site, "short-snapshot", "outlived", "all", &one)? == json!(false));
    ensure!(snapshot(site, "short-snapshot", "outlived", "all five", &five)? == json!(true));
    let (mut cy, theirs) = member(site, "cy-outlived", &short.since(&one))?;
    ensure!(text(&cy.snapshot(&theirs)?) == "all five");
    publish(site, "short", "outlived", "six")?;
    for (client, joined) in [(&mut ada, &hers), (&mut bob, &his), (&mut cy, &theirs)] {
        ensure_says(&[client.event(joined)?], &["six"])?;
        ensure!(client.unread().count() == 0, "{:?}", client.unread().collect::<Vec<_>>());
    }
    Ok(())
}

fn a_channel_without_history_takes_no_snapshot(site: &Site) -> Result<()> {
    let position = publish(site, "quiet", "unsnapped", "one")?;
    let details = json!({ "room": "unsnapped", "text": "all", "since": position }).to_string();
    let refused = site.server.fetch(&Request::post("/realtime/quiet-snapshot", &details))?;
    let body = String::from_utf8_lossy(&refused.body);
    // A built Worker names it, and `astro dev` says more.
    ensure!(refused.status == 500 && body.contains("`history`"), "{refused}");
    Ok(())
}

/// Lets a page take a snapshot, and returns what it was told.
fn snapshot(site: &Site, action: &str, room: &str, text: &str, up_to: &str) -> Result<Value> {
    page(site, action, &json!({ "room": room, "text": text, "since": up_to }))
}
