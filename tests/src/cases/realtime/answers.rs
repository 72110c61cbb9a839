//! Promise 4: every message that is no ephemeral one is answered.

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};

use super::{connect, ensure_says, member, page, publish, room, work};
use crate::cases;
use crate::realtime::Client;
use crate::realtime::client::{Join, Joined};
use crate::realtime::protocol::{Data, ServerFrame};
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: acknowledged messages and typed errors" => [
        a_result_reaches_its_sender,
        a_reply_comes_after_what_its_handler_published,
        a_reply_to_a_member_that_catches_up_comes_after_the_past,
        invalid_input_is_told_by_its_fields,
        an_unknown_message_is_refused,
        a_schema_may_be_async_and_a_failing_one_disturbs_nothing_else,
        a_thrown_error_stays_on_the_server,
        a_realtime_error_reaches_the_sender,
        bytes_arrive_as_bytes,
    ],
    "Channels: publishing from pages" => [
        a_publish_resolves_with_the_position_of_its_event,
        an_event_with_an_id_is_published_once,
    ],
};

fn a_result_reaches_its_sender(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-result", &room("result"))?;
    let result = ada.ask(&hers, "say", json!({ "text": "five5" }))?;
    ensure!(*result.json() == json!({ "length": 5 }), "{result:?}");
    let (mut bob, his) = member(site, "bob-result", &work("result"))?;
    // It is too long to be kept for the session, and arrives all the same.
    let long = bob.ask(&his, "long", json!(null))?;
    ensure!(long.json().as_str().is_some_and(|text| text.len() == 10_000), "{long:?}");
    // A message without input, and without a result.
    bob.ask(&his, "repeat", Data::Nothing)?;
    Ok(())
}

fn a_reply_comes_after_what_its_handler_published(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-after", &work("after"))?;
    for _ in 0..10 {
        let asked = ada.send(&hers, "fill", json!({ "count": 3, "size": 10 }))?;
        let mut order = String::new();
        while !order.ends_with("reply") {
            order += ada.take("an event or the reply", |frame| match frame {
                ServerFrame::Event(_) => Some("event "),
                ServerFrame::Reply { id, .. } if *id == asked => Some("reply"),
                _ => None,
            })?;
        }
        ensure!(order == "event event event reply", "{order}");
    }
    Ok(())
}

/// A client that reconnects sends its messages behind its joins, and waits for neither.
fn a_reply_to_a_member_that_catches_up_comes_after_the_past(site: &Site) -> Result<()> {
    const PARTS: u64 = 6;
    const PART: u64 = 50;
    let (mut ada, hers) = member(site, "ada-behind", &work("behind"))?;
    let position = ada.position(&hers)?;
    // More than may be unacknowledged, so that the server has to wait for the client.
    for _ in 0..PARTS {
        ada.ask(&hers, "fill", json!({ "count": PART, "size": 4000 }))?;
    }
    let mut bob = connect(site, "bob-behind")?;
    let reference = bob.ask_to_join(&work("behind").since(&position))?;
    let early = Joined { reference, ..hers };
    let asked = bob.send(&early, "fill", json!({ "count": 1, "size": 10 }))?;
    bob.answer(asked)?.map_err(|error| anyhow!("{error:?}"))?;
    // All of these frames were read before the reply.
    let events = bob.unread().filter(|frame| matches!(frame, ServerFrame::Event(_))).count();
    ensure!(events as u64 == PARTS * PART + 1, "the reply came after {events} events");
    Ok(())
}

fn invalid_input_is_told_by_its_fields(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-input", &room("input"))?;
    for input in [json!({ "text": 1 }), json!({}), json!(null), json!([]), json!("text")] {
        let error = ada.ask_in_vain(&hers, "say", input.clone())?;
        ensure!(error.code == "BAD_REQUEST", "{input}: {error:?}");
        let fields = error.fields.unwrap_or_default();
        let told = fields.get("text").is_some_and(|told| told == &["not a string"]);
        ensure!(told && fields.len() == 1, "{input}: {fields:?}");
    }
    // Unknown fields do not reach the handler's event.
    ada.ask(&hers, "say", json!({ "text": "fine", "by": "eve", "secret": 1 }))?;
    let event = ada.event(&hers)?;
    ensure!(*event.data.json() == json!({ "by": "ada-input", "text": "fine" }), "{event:?}");
    Ok(())
}

fn a_schema_may_be_async_and_a_failing_one_disturbs_nothing_else(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-schema", &Join::of("schemas", "id", "x"))?;
    let never = ada.send(&hers, "never", json!("text"))?;
    let throws = ada.send(&hers, "throws", json!("text"))?;
    let wrong = ada.send(&hers, "slow", json!(1))?;
    let slow = ada.send(&hers, "slow", json!("  text "))?;
    let code = |client: &mut Client, id: u64| {
        let answer = client.answer(id)?;
        answer.err().map(|error| error.code).with_context(|| format!("message {id} succeeded"))
    };
    ensure!(code(&mut ada, never)? == "TIMEOUT");
    ensure!(code(&mut ada, throws)? == "INTERNAL_SERVER_ERROR");
    ensure!(code(&mut ada, wrong)? == "BAD_REQUEST");
    let result = ada.answer(slow)?;
    ensure!(result.as_ref().is_ok_and(|data| *data.json() == "got text"), "{result:?}");
    Ok(())
}

fn an_unknown_message_is_refused(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-name", &room("name"))?;
    let mut codes = Vec::new();
    for name in ["shout", "", "__proto__", "constructor", "toString", "hasOwnProperty", "said"] {
        codes.push(ada.ask_in_vain(&hers, name, json!({ "text": "hi" }))?.code);
    }
    ensure!(codes.iter().all(|code| *code == codes[0]), "{codes:?}");
    ensure!(["NOT_FOUND", "BAD_REQUEST"].contains(&codes[0].as_str()), "{codes:?}");
    Ok(())
}

fn a_thrown_error_stays_on_the_server(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-thrown", &work("thrown"))?;
    let error = ada.ask_in_vain(&hers, "throw", json!(null))?;
    ensure!(error.code == "INTERNAL_SERVER_ERROR", "{error:?}");
    ensure!(!error.message.contains("password"), "{error:?}");
    let told = site.journal("errors-ada-thrown", "wrong")?;
    ensure!(told == "the password is wrong", "`onError` was told: {told}");
    // The connection and the channel go on.
    ada.ask(&hers, "count", json!(null))?;
    Ok(())
}

fn a_realtime_error_reaches_the_sender(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-refused", &work("refused"))?;
    let error = ada.ask_in_vain(&hers, "refuse", json!(null))?;
    let told = (error.code.as_str(), error.message.as_str());
    ensure!(told == ("CONFLICT", "The seat is taken."), "{error:?}");
    Ok(())
}

fn bytes_arrive_as_bytes(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-bytes", &room("bytes"))?;
    let (mut bob, his) = member(site, "bob-bytes", &room("bytes"))?;
    for bytes in [(0..=u8::MAX).collect::<Vec<u8>>(), Vec::new()] {
        ada.ask(&hers, "draw", Data::Bytes(bytes.clone()))?;
        let event = bob.event(&his)?;
        ensure!(event.name == "drawn" && event.data == Data::Bytes(bytes), "{event:?}");
    }
    let error = ada.ask_in_vain(&hers, "draw", Data::Bytes(vec![0; 1025]))?;
    ensure!(["BAD_REQUEST", "CONTENT_TOO_LARGE"].contains(&error.code.as_str()), "{error:?}");
    let error = ada.ask_in_vain(&hers, "draw", json!("text"))?;
    ensure!(error.code == "BAD_REQUEST", "{error:?}");
    // They are kept like any other event.
    let (mut cy, theirs) = member(site, "cy-bytes", &room("bytes").last(2))?;
    ensure!(matches!(cy.event(&theirs)?.data, Data::Bytes(bytes) if bytes.len() == 256));
    Ok(())
}

fn a_publish_resolves_with_the_position_of_its_event(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-page", &room("page"))?;
    let position = publish(site, "publish", "page", "from a page")?;
    let event = ada.event(&hers)?;
    ensure!(event.position == position, "{event:?}, not {position}");
    ensure!(*event.data.json() == json!({ "by": "a page", "text": "from a page" }), "{event:?}");
    let nothing = page(site, "whisper", &json!({ "room": "page", "text": "psst" }))?;
    ensure!(nothing == Value::Null, "an ephemeral event has no position: {nothing}");
    ensure!(ada.casting(&hers)?.0 == "whispered");
    Ok(())
}

fn an_event_with_an_id_is_published_once(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-ids", &room("ids"))?;
    let with_id = |text: &str| {
        page(site, "publish", &json!({ "room": "ids", "text": text, "id": "order 66" }))
    };
    let (first, second) = (with_id("once")?, with_id("twice")?);
    ensure!(first == second && first.is_string(), "{first} {second}");
    publish(site, "publish", "ids", "next")?;
    let events = ada.events(&hers, 2)?;
    ensure_says(&events, &["once", "next"])?;
    ensure!(events.first().is_some_and(|event| event.id.as_deref() == Some("order 66")));
    Ok(())
}
