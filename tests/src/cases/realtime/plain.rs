//! Clients that speak no protocol of ours.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::{member, publish, room};
use crate::cases;
use crate::client::{Request, Socket};
use crate::pins::major;
use crate::realtime::identity::ENDPOINT;
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: plain WebSocket clients" => [
        the_short_form_takes_and_sends_json,
        the_short_form_takes_and_sends_text,
        the_short_form_takes_and_sends_bytes,
        a_declared_channel_takes_and_sends_objects,
        a_plain_client_with_an_invalid_message_is_told,
        a_plain_client_names_its_channel_by_the_path,
        a_path_with_dots_is_refused,
        middleware_sets_headers_of_the_answer,
    ],
};

fn handshake(target: &str, user: &str) -> Request {
    let request = Request::upgrade(target);
    if user.is_empty() { request } else { request.header("X-User", user) }
}

fn open(site: &Site, path: &str, user: &str) -> Result<Socket> {
    site.server.open(&handshake(&format!("{ENDPOINT}/{path}"), user))
}

fn object(socket: &mut Socket) -> Result<Value> {
    let text = socket.text()?;
    serde_json::from_str(&text).with_context(|| format!("not JSON: {text}"))
}

fn the_short_form_takes_and_sends_json(site: &Site) -> Result<()> {
    let mut socket = open(site, "forms/json", "ada-json")?;
    socket.send(r#"{"a":[1,"ž"]}"#)?;
    let answer = object(&mut socket)?;
    ensure!(answer == json!({ "answer": { "a": [1, "ž"] }, "user": "ada-json" }), "{answer}");
    // The hook of the folder is told of each message.
    let told = site.journal("received-ada-json", "forms/json")?;
    ensure!(told == "forms/json", "{told}");
    socket.send(r#""fail""#)?;
    let failure = object(&mut socket)?;
    ensure!(failure["error"].is_string(), "{failure}");
    socket.send("not JSON")?;
    let failure = object(&mut socket)?;
    ensure!(failure["error"].is_string(), "{failure}");
    socket.send("1")?;
    ensure!(object(&mut socket)?["answer"] == 1, "the connection goes on");
    // Without a user the connection at hand is answered.
    let mut visitor = open(site, "forms/json", "")?;
    visitor.send("true")?;
    let answer = object(&mut visitor)?;
    ensure!(answer == json!({ "answer": true, "user": "a visitor" }), "{answer}");
    Ok(())
}

fn the_short_form_takes_and_sends_text(site: &Site) -> Result<()> {
    let mut socket = open(site, "forms/text", "ada-text")?;
    socket.send("{hello")?;
    ensure!(socket.text()? == "string {hello");
    socket.send("never")?;
    let failure = object(&mut socket)?;
    ensure!(failure["error"].is_string(), "a handler without an end: {failure}");
    socket.send("again")?;
    ensure!(socket.text()? == "string again");
    Ok(())
}

fn the_short_form_takes_and_sends_bytes(site: &Site) -> Result<()> {
    let mut socket = open(site, "forms/bytes", "ada-binary")?;
    socket.send_binary(&[1, 2, 0xff])?;
    ensure!(socket.binary()? == [0xff, 2, 1]);
    Ok(())
}

fn a_declared_channel_takes_and_sends_objects(site: &Site) -> Result<()> {
    let mut plain = open(site, "rooms/plain", "ada-plain")?;
    plain.send(r#"{"type":"say","data":{"text":"hi"},"id":7}"#)?;
    let event = object(&mut plain)?;
    let said = json!({ "type": "said", "data": { "by": "ada-plain", "text": "hi" } });
    ensure!(event == said, "{event}");
    let reply = object(&mut plain)?;
    ensure!(reply == json!({ "reply": 7, "data": { "length": 2 } }), "{reply}");
    // Without an id nothing is answered.
    plain.send(r#"{"type":"say","data":{"text":"two"}}"#)?;
    ensure!(object(&mut plain)?["data"]["text"] == "two");
    publish(site, "publish", "plain", "from a page")?;
    ensure!(object(&mut plain)?["data"]["text"] == "from a page");
    // Both kinds of clients share the channel.
    let (mut bob, his) = member(site, "bob-plain", &room("plain"))?;
    bob.ask(&his, "say", json!({ "text": "from bob" }))?;
    ensure!(object(&mut plain)?["data"]["by"] == "bob-plain");
    plain.send(r#"{"type":"whisper","data":{"text":"psst"}}"#)?;
    ensure!(bob.casting(&his)?.1.json()["text"] == "psst");
    Ok(())
}

fn a_plain_client_with_an_invalid_message_is_told(site: &Site) -> Result<()> {
    let mut plain = open(site, "rooms/invalid", "ada-wrong")?;
    let invalid = [
        (r#"{"type":"say","data":{"text":1},"id":1}"#, json!(1)),
        (r#"{"type":"shout","data":{},"id":"two"}"#, json!("two")),
        (r#"{"type":"__proto__","id":3}"#, json!(3)),
        (r#"{"type":"say","data":{"text":1}}"#, Value::Null),
        ("{}", Value::Null),
        ("[]", Value::Null),
        ("null", Value::Null),
        ("not JSON", Value::Null),
    ];
    for (message, id) in invalid {
        plain.send(message)?;
        let failure = object(&mut plain).with_context(|| message.to_owned())?;
        ensure!(
            failure["error"].is_string() && failure["code"].is_string(),
            "{message}: {failure}"
        );
        ensure!(failure["id"] == id, "{message}: {failure}");
        // It gets no `fields`.
        let is_named = failure["error"].to_string().contains("text: not a string");
        ensure!(is_named == message.contains(r#""text":1"#), "{message}: {failure}");
    }
    plain.send(r#"{"type":"say","data":{"text":"fine"},"id":9}"#)?;
    ensure!(object(&mut plain)?["type"] == "said");
    Ok(())
}

fn a_plain_client_names_its_channel_by_the_path(site: &Site) -> Result<()> {
    let mut named = vec![("a bž", "rooms/a%20b%C5%BE")];
    if site.host.keeps_encoded_paths()? {
        named.push(("5%zz", "rooms/5%25zz"));
    }
    // Astro 5 itself refuses a path that is still encoded after one decoding.
    if major()? != 5 {
        named.push(("5%41", "rooms/5%2541"));
    }
    for (value, path) in named {
        let (mut ada, hers) = member(site, "ada-path", &room(value))?;
        let mut plain = open(site, path, "bob-path").with_context(|| path.to_owned())?;
        plain.send(r#"{"type":"say","data":{"text":"here"},"id":1}"#)?;
        ensure!(ada.event(&hers)?.data.json()["by"] == "bob-path", "{path}");
    }
    let mut nested = open(site, "teams/red/rooms/plain", "ada-path")?;
    nested.send(r#"{"type":"say","data":{"text":"here"}}"#)?;
    ensure!(object(&mut nested)?["data"]["by"] == "red plain");
    let refused = site.server.reject(&handshake(&format!("{ENDPOINT}/private/bob"), "ada-path"))?;
    for nothing in ["nowhere", "rooms", "rooms/a/b", "__proto__", "private"] {
        let target = format!("{ENDPOINT}/{nothing}");
        let response = site.server.reject(&handshake(&target, "ada-path"))?;
        let alike = (response.status, &response.body) == (refused.status, &refused.body);
        ensure!(alike && refused.status >= 400, "{nothing}: {response}\nnot {refused}");
    }
    let response = site.server.get(&format!("{ENDPOINT}/rooms/plain"))?;
    ensure!(response.status == 426, "{response}");
    Ok(())
}

fn a_path_with_dots_is_refused(site: &Site) -> Result<()> {
    for path in ["rooms/.", "rooms/..", "rooms/%2e%2E", "rooms/%2e", "rooms/"] {
        let target = format!("{ENDPOINT}/{path}");
        let response = site.server.reject(&handshake(&target, "ada-dots"))?;
        ensure!(response.status == 400, "{path}: {response}");
    }
    Ok(())
}

fn middleware_sets_headers_of_the_answer(site: &Site) -> Result<()> {
    for path in ["rooms/headers", "forms/json"] {
        let request = handshake(&format!("{ENDPOINT}/{path}"), "ada-headers");
        let socket = site.server.open(&request.header("X-Set-Header", "yes"))?;
        let headers = &socket.headers;
        ensure!(headers.get("x-middleware") == Some("set"), "{path}: {headers:?}");
    }
    Ok(())
}
