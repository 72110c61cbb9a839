//! Limits that protect a server from its clients.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{connect, ensure_says, member, publish, room, say, work};
use crate::cases;
use crate::client::Request;
use crate::realtime::client::Join;
use crate::realtime::protocol::Message;
use crate::site::Site;
use crate::suite::{Case, not_applicable};

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: limits" => [
        joins_are_limited,
        refused_joins_count_more,
        ten_thousand_joins_at_once_disturb_nobody_else,
        messages_are_limited,
        a_large_message_is_refused,
        data_that_is_nested_too_deep_is_refused,
        unusable_presence_and_parameters_end_no_connection,
        a_large_event_is_refused,
        parameters_are_values_and_never_paths,
        parameters_that_are_no_unicode_are_refused,
    ],
};

const ONE_CHANNEL: &str = "each channel has a connection of its own, so joins are handshakes";

/// A client that reconnects joins all of its channels at once, and that must succeed.
fn joins_are_limited(site: &Site) -> Result<()> {
    if site.server.realtime().is_per_channel {
        return not_applicable(ONE_CHANNEL);
    }
    const ROUNDS: usize = 8;
    const ROUND: usize = 50;
    let mut ada = connect(site, "ada-joins")?;
    let mut joined = 0;
    for round in 0..ROUNDS {
        let mut asked = Vec::new();
        for number in 0..ROUND {
            asked.push(ada.ask_to_join(&room(&format!("joins {round} {number}")))?);
        }
        for reference in asked {
            match ada.answer_to_join(reference)? {
                Ok(one) => {
                    joined += 1;
                    ada.leave(&one)?;
                }
                Err(error) => {
                    ensure!(error.code == "TOO_MANY_REQUESTS", "{error:?}");
                    ensure!(error.retry_after.is_some_and(|wait| wait > 0), "{error:?}");
                }
            }
        }
    }
    // 20 a second, beside a burst of 128.
    ensure!((20..300).contains(&joined), "{joined} of {}", ROUNDS * ROUND);
    ada.ping()
}

fn refused_joins_count_more(site: &Site) -> Result<()> {
    if site.server.realtime().is_per_channel {
        return not_applicable(ONE_CHANNEL);
    }
    const GUESSES: u32 = 40;
    let mut eve = connect(site, "eve-guesses")?;
    let mut limited = 0;
    for number in 0..GUESSES {
        let error = eve.join_refused(&Join::of("private", "owner", &format!("guess {number}")))?;
        limited += u32::from(error.code == "TOO_MANY_REQUESTS");
    }
    ensure!(limited >= GUESSES / 2, "only {limited} of {GUESSES} were stopped");
    Ok(())
}

fn ten_thousand_joins_at_once_disturb_nobody_else(site: &Site) -> Result<()> {
    if site.server.realtime().is_per_channel {
        return not_applicable(ONE_CHANNEL);
    }
    let (mut bob, his) = member(site, "bob-crowd", &work("crowd"))?;
    let mut ada = connect(site, "ada-crowd")?;
    for number in 0..10_000 {
        // A site may close connections that send too many messages per second.
        if ada.ask_to_join(&room(&format!("crowd {number}"))).is_err() {
            break;
        }
        if number % 1000 == 500 {
            bob.ask(&his, "count", json!(null))?;
        }
    }
    bob.ask(&his, "count", json!(null))?;
    connect(site, "ada-crowd")?.join(&room("crowd"))?;
    Ok(())
}

fn messages_are_limited(site: &Site) -> Result<()> {
    const COUNT: usize = 300;
    /// A busy server takes longer for the first ones, and the limit recovers meanwhile.
    const MOST: usize = 5 * COUNT;
    let (mut ada, hers) = member(site, "ada-flood", &work("flood"))?;
    // What is left of the burst is in memory. An object sleeps only when it is whole again.
    ada.hibernates = false;
    let (mut all, mut refused) = (0, 0);
    while refused == 0 && all < MOST {
        let mut sent = Vec::new();
        for _ in 0..COUNT {
            sent.push(ada.send(&hers, "count", json!(null))?);
        }
        all += COUNT;
        for id in sent {
            if let Err(error) = ada.answer(id)? {
                ensure!(error.code == "TOO_MANY_REQUESTS", "{error:?}");
                ensure!(error.retry_after.is_some(), "{error:?}");
                refused += 1;
            }
        }
    }
    ensure!(refused > 0, "all {all} were handled");
    let handled = site.journal("work-flood", "counted")?.split(' ').count();
    ensure!(handled == all - refused, "{handled} handled, {refused} refused");
    // Nobody else is concerned.
    let (mut bob, his) = member(site, "bob-flood", &work("flood"))?;
    bob.ask(&his, "count", json!(null))?;
    Ok(())
}

fn a_large_message_is_refused(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-large", &room("large"))?;
    let error = ada.ask_in_vain(&hers, "say", json!({ "text": "x".repeat(70_000) }))?;
    ensure!(error.code == "CONTENT_TOO_LARGE", "{error:?}");
    let result = ada.ask(&hers, "say", json!({ "text": "x".repeat(60_000) }))?;
    ensure!(result.json()["length"] == 60_000, "{result:?}");
    Ok(())
}

fn data_that_is_nested_too_deep_is_refused(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-nested", &room("nested"))?;
    let error = ada.ask_in_vain(&hers, "say", nested(40))?;
    ensure!(error.code == "BAD_REQUEST", "{error:?}");
    let (opened, closed) = ("[".repeat(10_000), "]".repeat(10_000));
    let deepest = format!(r#"["send",{},99,"say",{opened}{closed}]"#, hers.reference);
    ada.write_message(&Message::Text(deepest))?;
    let error = ada.answer(99)?.err().context("it was handled")?;
    ensure!(error.code == "BAD_REQUEST", "{error:?}");
    ada.ask(&hers, "say", json!({ "text": "flat" }))?;
    Ok(())
}

fn unusable_presence_and_parameters_end_no_connection(site: &Site) -> Result<()> {
    let people = || Join::of("people", "id", "unusable");
    // On a runtime with a connection for each channel, a refused join is the end of its connection.
    for (data, code) in [
        (json!({ "mood": nested(40) }), "BAD_REQUEST"),
        (json!({ "mood": "x".repeat(70_000) }), "CONTENT_TOO_LARGE"),
    ] {
        let error = connect(site, "ada-unusable")?.join_refused(&people().presence(data))?;
        ensure!(error.code == code, "{error:?}");
    }
    let mut ada = connect(site, "ada-unusable")?;
    let hers = ada.join(&people().presence(json!({ "mood": "glad" })))?;
    ada.present(&hers, json!({ "mood": nested(40) }))?;
    ada.present(&hers, json!({ "mood": "x".repeat(70_000) }))?;
    ada.ping()?;
    let (mut bob, his) = member(site, "bob-unusable", &room("unusable"))?;
    if !site.server.realtime().is_per_channel {
        let error = bob.join_refused(&room(&"x".repeat(70_000)))?;
        ensure!(error.code == "CONTENT_TOO_LARGE", "{error:?}");
    }
    say(&mut bob, &his, "here")
}

/// Arrays in arrays.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

fn a_large_event_is_refused(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-event", &room("large event"))?;
    let large = json!({ "room": "large event", "text": "x".repeat(260 * 1024) });
    let response = site.server.fetch(&Request::post("/realtime/publish", &large.to_string()))?;
    ensure!(response.status == 500, "{}", response.status);
    publish(site, "publish", "large event", &"x".repeat(250 * 1024))?;
    ensure!(super::text(&ada.event(&hers)?).len() == 250 * 1024);
    Ok(())
}

fn parameters_are_values_and_never_paths(site: &Site) -> Result<()> {
    let values = [
        ".",
        "..",
        "../rooms",
        "a/b",
        "a%2Fb",
        "%2e%2e",
        "__proto__",
        "constructor",
        " ",
        "žluťoučký kůň 🐎",
        "\u{0}",
        "?#&=",
        "*",
        ">",
        "rooms.lobby",
    ];
    let mut members = Vec::new();
    for (number, value) in values.iter().enumerate() {
        members.push(member(site, &format!("ada-value-{number}"), &room(value))?);
    }
    for (number, value) in values.iter().enumerate() {
        publish(site, "publish", value, &number.to_string())?;
    }
    for (number, (client, joined)) in members.iter_mut().enumerate() {
        say(client, joined, "end")?;
        ensure_says(&client.events(joined, 2)?, &[&number.to_string(), "end"])?;
    }
    Ok(())
}

/// JSON can name half of a character, which no other encoding can.
fn parameters_that_are_no_unicode_are_refused(site: &Site) -> Result<()> {
    let mut ada = connect(site, "ada-surrogate")?;
    let half = r#"["join",99,"rooms",{"room":"\ud83d"},{}]"#;
    ada.write_message(&Message::Text(half.to_owned()))?;
    let error = ada.answer_to_join(99)?.err().context("it was joined")?;
    ensure!(error.code != "INTERNAL_SERVER_ERROR", "{error:?}");
    let hers = ada.join(&room("surrogate"))?;
    let half = format!(r#"["send",{},9,"say",{{"text":"half of \ud83d"}}]"#, hers.reference);
    ada.write_message(&Message::Text(half))?;
    ensure!(ada.answer(9)?.is_ok_and(|data| data.json()["length"] == 9));
    Ok(())
}
