//! Promise 2: no silent gap.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{ensure_says, member, page, publish, room, say, work};
use crate::cases;
use crate::realtime::Client;
use crate::realtime::client::Join;
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: resume without a silent gap" => [
        a_resume_gets_exactly_what_was_missed,
        a_quiet_channel_resumes_without_a_gap,
        a_page_continues_the_history_that_the_server_rendered,
        a_join_begins_with_the_last_messages_it_asks_for,
        a_join_without_a_position_begins_with_the_next_message,
        a_trimmed_past_is_told_as_a_gap,
        a_position_of_another_epoch_is_told_as_restarted,
        a_forged_position_is_told_as_restarted,
        a_channel_without_history_tells_what_it_did_not_keep,
        a_long_past_arrives_whole_and_in_order,
        a_member_without_the_right_to_the_past_gets_none,
    ],
};

fn a_resume_gets_exactly_what_was_missed(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-resume", &room("resume"))?;
    publish(site, "publish", "resume", "one")?;
    ensure_says(&[ada.event(&hers)?], &["one"])?;
    let position = ada.position(&hers)?;
    let session = ada.reset()?;
    for text in ["two", "three", "four"] {
        publish(site, "publish", "resume", text)?;
    }
    let mut ada = Client::resume(&site.server, "ada-resume", &session)?;
    ensure!(ada.welcome.is_resumed, "{:?}", ada.welcome);
    let hers = ada.join(&room("resume").since(&position))?;
    ensure!(hers.details.position == position && hers.details.keeps, "{hers:?}");
    publish(site, "publish", "resume", "five")?;
    ensure_says(&ada.events(&hers, 4)?, &["two", "three", "four", "five"])?;
    ensure!(ada.unread().count() == 0, "{:?}", ada.unread().collect::<Vec<_>>());
    Ok(())
}

fn a_quiet_channel_resumes_without_a_gap(site: &Site) -> Result<()> {
    for (name, first) in [("empty", None), ("silent", Some("one"))] {
        let (mut ada, hers) = member(site, "ada-silent", &room(name))?;
        if let Some(first) = first {
            publish(site, "publish", name, first)?;
            ada.event(&hers)?;
        }
        let position = ada.position(&hers)?;
        ada.close()?;
        let (mut ada, hers) = member(site, "ada-silent", &room(name).since(&position))?;
        ensure!(hers.details.position == position, "{hers:?}");
        publish(site, "publish", name, "next")?;
        ensure_says(&[ada.event(&hers)?], &["next"])?;
        ensure!(ada.unread().count() == 0, "{:?}", ada.unread().collect::<Vec<_>>());
    }
    Ok(())
}

/// What a page reads after a position: the texts, and why some are missing.
fn past(site: &Site, action: &str, room: &str, since: &str) -> Result<(Value, Value)> {
    let mut history = page(site, action, &json!({ "room": room, "since": since }))?;
    let messages = history["messages"].as_array().context("no messages")?;
    let texts = messages.iter().map(|message| message["data"]["text"].clone()).collect();
    Ok((texts, history["gap"].take()))
}

fn a_page_continues_the_history_that_the_server_rendered(site: &Site) -> Result<()> {
    for text in ["one", "two", "three"] {
        publish(site, "publish", "rendered", text)?;
    }
    let history = page(site, "history", &json!({ "room": "rendered", "last": 2 }))?;
    let said: Vec<_> = history["messages"]
        .as_array()
        .context("no messages")?
        .iter()
        .map(|message| (&message["event"], &message["data"]["text"]))
        .collect();
    ensure!(
        said == [(&json!("said"), &json!("two")), (&json!("said"), &json!("three"))],
        "{history}"
    );
    let position = history["position"].as_str().context("no position")?;
    publish(site, "publish", "rendered", "four")?;
    let (mut ada, hers) = member(site, "ada-rendered", &room("rendered").since(position))?;
    publish(site, "publish", "rendered", "five")?;
    ensure_says(&ada.events(&hers, 2)?, &["four", "five"])?;
    let rest = page(site, "history", &json!({ "room": "rendered", "since": position }))?;
    ensure!(rest["messages"].as_array().is_some_and(|messages| messages.len() == 2), "{rest}");
    ensure!(rest["gap"].is_null(), "{rest}");
    let never = page(site, "history", &json!({ "room": "never used", "last": 5 }))?;
    ensure!(never["messages"] == json!([]) && never["position"].is_string(), "{never}");
    Ok(())
}

fn a_join_begins_with_the_last_messages_it_asks_for(site: &Site) -> Result<()> {
    for text in ["one", "two", "three"] {
        publish(site, "publish", "last", text)?;
    }
    let (mut ada, hers) = member(site, "ada-last", &room("last").last(2))?;
    ensure_says(&ada.events(&hers, 2)?, &["two", "three"])?;
    let (mut bob, his) = member(site, "bob-last", &room("last").last(50))?;
    publish(site, "publish", "last", "four")?;
    ensure_says(&bob.events(&his, 4)?, &["one", "two", "three", "four"])?;
    ensure_says(&[ada.event(&hers)?], &["four"])
}

fn a_join_without_a_position_begins_with_the_next_message(site: &Site) -> Result<()> {
    publish(site, "publish", "next", "old")?;
    let (mut ada, hers) = member(site, "ada-next", &room("next"))?;
    let (mut bob, his) = member(site, "bob-next", &room("next").last(0))?;
    publish(site, "publish", "next", "new")?;
    ensure_says(&[ada.event(&hers)?], &["new"])?;
    ensure_says(&[bob.event(&his)?], &["new"])
}

fn a_trimmed_past_is_told_as_a_gap(site: &Site) -> Result<()> {
    let short = Join::of("short", "id", "trimmed");
    let (ada, hers) = member(site, "ada-trimmed", &short)?;
    let position = ada.position(&hers)?;
    ada.close()?;
    for text in ["one", "two", "three", "four"] {
        publish(site, "short", "trimmed", text)?;
    }
    let (mut ada, hers) = member(site, "ada-trimmed", &short.clone().since(&position))?;
    ensure!(ada.gap(&hers)? == "trimmed");
    let history = past(site, "short-history", "trimmed", &position)?;
    ensure!(history == (json!(["two", "three", "four"]), json!("trimmed")), "{history:?}");
    publish(site, "short", "trimmed", "five")?;
    ensure_says(&[ada.event(&hers)?], &["five"])?;
    // Three messages are kept, so three may be missed.
    let position = ada.position(&hers)?;
    ada.close()?;
    for text in ["six", "seven", "eight"] {
        publish(site, "short", "trimmed", text)?;
    }
    let (mut ada, hers) = member(site, "ada-trimmed", &short.since(&position))?;
    ensure_says(&ada.events(&hers, 3)?, &["six", "seven", "eight"])?;
    let history = past(site, "short-history", "trimmed", &position)?;
    ensure!(history == (json!(["six", "seven", "eight"]), Value::Null), "{history:?}");
    Ok(())
}

fn a_position_of_another_epoch_is_told_as_restarted(site: &Site) -> Result<()> {
    for (name, first) in [("epoch", Some("one")), ("epoch of nothing", None)] {
        if let Some(first) = first {
            publish(site, "publish", name, first)?;
        }
        let join = room(name).since("0therepo.1.abcdef");
        let (mut ada, hers) = member(site, "ada-epoch", &join)?;
        ensure!(ada.gap(&hers)? == "restarted");
        let history = past(site, "history", name, "0therepo.1.abcdef")?;
        ensure!(history == (json!([]), json!("restarted")), "{history:?}");
        publish(site, "publish", name, "two")?;
        ensure_says(&[ada.event(&hers)?], &["two"])?;
    }
    Ok(())
}

fn a_forged_position_is_told_as_restarted(site: &Site) -> Result<()> {
    publish(site, "publish", "forged", "one")?;
    let position = publish(site, "publish", "forged", "two")?;
    publish(site, "publish", "forged", "three")?;
    let (before, _tag) = position.rsplit_once('.').context("a position without a tag")?;
    let (epoch, _number) = before.rsplit_once('.').context("a position without a number")?;
    let long = "x".repeat(64);
    let forged = [
        // Another message of the same number, as after a failover that lost the first one.
        &format!("{before}.000000"),
        // The future.
        &format!("{epoch}.zzz.abcdef"),
        &format!("{epoch}.{}.abcdef", "z".repeat(40)),
        &format!("{epoch}.-1.abcdef"),
        &format!("{epoch}.."),
        "x",
        "..",
        "__proto__",
        &long,
        // What is no position at all.
        "",
        "a b",
        "\u{0}",
        "🐎",
        &"x".repeat(10_000),
    ];
    for (number, position) in forged.into_iter().enumerate() {
        let (mut ada, hers) =
            member(site, &format!("ada-forged-{number}"), &room("forged").since(position))?;
        let reason = ada.gap(&hers).with_context(|| position.to_owned())?;
        ensure!(reason == "restarted", "{position}: {reason}");
        ada.close()?;
        if !position.is_empty() {
            let (_, gap) = past(site, "history", "forged", position)?;
            ensure!(gap == json!("restarted"), "{position}: {gap}");
        }
    }
    Ok(())
}

fn a_channel_without_history_tells_what_it_did_not_keep(site: &Site) -> Result<()> {
    let quiet = Join::of("quiet", "id", "unkept");
    let (mut ada, hers) = member(site, "ada-quiet", &quiet)?;
    ensure!(!hers.details.keeps, "{hers:?}");
    publish(site, "quiet", "unkept", "one")?;
    ensure_says(&[ada.event(&hers)?], &["one"])?;
    let position = ada.position(&hers)?;
    ada.close()?;

    // Nothing was missed.
    let (mut ada, hers) = member(site, "ada-quiet", &quiet.clone().since(&position))?;
    publish(site, "quiet", "unkept", "two")?;
    ensure_says(&[ada.event(&hers)?], &["two"])?;
    ensure!(ada.unread().count() == 0, "{:?}", ada.unread().collect::<Vec<_>>());
    ada.close()?;

    publish(site, "quiet", "unkept", "three")?;
    let (mut ada, hers) = member(site, "ada-quiet", &quiet.since(&position))?;
    ensure!(ada.gap(&hers)? == "not kept");
    let history = past(site, "quiet-history", "unkept", &position)?;
    ensure!(history == (json!([]), json!("not kept")), "{history:?}");
    publish(site, "quiet", "unkept", "four")?;
    ensure_says(&[ada.event(&hers)?], &["four"])
}

/// It is longer than a page of the log, and than the bytes that may be unacknowledged.
fn a_long_past_arrives_whole_and_in_order(site: &Site) -> Result<()> {
    const PARTS: usize = 5;
    const PART: usize = 50;
    let (mut ada, hers) = member(site, "ada-long", &work("long"))?;
    let position = ada.position(&hers)?;
    for _ in 0..PARTS {
        ada.ask(&hers, "fill", json!({ "count": PART, "size": 6000 }))?;
    }
    let (mut bob, his) = member(site, "bob-long", &work("long").since(&position))?;
    // Messages go on while he reads.
    ada.ask(&hers, "fill", json!({ "count": PART, "size": 10 }))?;
    for number in 0..(PARTS + 1) * PART {
        let expected = number % PART + 1;
        for (client, joined) in [(&mut ada, &hers), (&mut bob, &his)] {
            let event = client.event(joined)?;
            ensure!(event.data.json()["number"] == expected, "{expected}: {}", event.position);
        }
    }
    ensure!(bob.position(&his)? == ada.position(&hers)?);
    Ok(())
}

fn a_member_without_the_right_to_the_past_gets_none(site: &Site) -> Result<()> {
    let newcomers = Join::of("newcomers", "id", "new");
    let (mut ada, hers) = member(site, "ada-new", &newcomers)?;
    let position = ada.position(&hers)?;
    say(&mut ada, &hers, "before")?;
    let (mut bob, his) = member(site, "bob-new", &newcomers.clone().last(10))?;
    let (mut cy, theirs) = member(site, "cy-new", &newcomers.since(&position))?;
    ensure!(cy.gap(&theirs)? == "not kept");
    say(&mut ada, &hers, "after")?;
    ensure_says(&[bob.event(&his)?], &["after"])?;
    ensure_says(&[cy.event(&theirs)?], &["after"])
}
