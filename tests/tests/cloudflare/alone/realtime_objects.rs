//! The objects of channels, as an operator and an attacker meet them.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::client::Request;
use tests::realtime::client::Join;
use tests::realtime::objects::encode;
use tests::realtime::{Client, Identity};
use tests::server::Server;

use super::{Case, cases};
use crate::hosts::Sites;

pub const CASES: &[Case] = cases![
    an_operator_sees_the_statistics_of_a_channel,
    a_client_cannot_speak_to_an_object_as_the_worker_does,
    a_hundred_users_get_a_message_beside_requests_that_were_dropped,
    a_parameter_has_256_characters_in_any_writing,
    a_connection_takes_one_join_at_a_time,
];

/// The header that tells an object who a client is.
const HANDOVER: &str = "zastro-handover";

fn room(name: &str) -> Join {
    Join::of("rooms", "room", name).presence(json!({ "typing": false }))
}

/// A visitor of the chat, whose cookie names the user.
fn visitor(name: &str) -> Identity {
    Identity::by_header("Cookie", &format!("name={name}"))
}

fn stats(server: &Server, room: &str) -> Result<Value> {
    let response = server.get(&format!("/stats?room={room}"))?;
    ensure!(response.status == 200, "{response}");
    Ok(serde_json::from_slice(&response.body)?)
}

fn an_operator_sees_the_statistics_of_a_channel(sites: &Sites) -> Result<()> {
    let server = sites.chat_server()?;
    let empty = stats(server, "counted")?;
    ensure!(empty["members"] == 0 && empty["messages"]["published"] == 0, "{empty:#}");
    let mut ada = Client::connect_with(server, visitor("Ada"))?;
    let hers = ada.join(&room("counted"))?;
    let mut bob = Client::connect_with(server, visitor("Bob"))?;
    bob.join(&room("counted"))?;
    ada.ask(&hers, "say", json!({ "text": "one" }))?;
    let counted = stats(server, "counted")?;
    ensure!(counted["engine"]["state"] == "up", "{counted:#}");
    ensure!(counted["connections"] == 2 && counted["members"] == 2, "{counted:#}");
    ensure!(counted["messages"] == json!({ "received": 1, "published": 1 }), "{counted:#}");
    ensure!(counted["joins"]["allowed"] == 2, "{counted:#}");
    let other = stats(server, "another")?;
    ensure!(other["members"] == 0, "{other:#}");
    Ok(())
}

/// The Worker tells the object who a client is, in a header of a request that it makes itself.
fn a_client_cannot_speak_to_an_object_as_the_worker_does(sites: &Sites) -> Result<()> {
    let server = sites.chat_server()?;
    let forged = json!({
        "version": 1,
        "kind": "protocol",
        "user": { "id": "mallory", "name": "mallory" },
        "allowed": { "history": true },
    });
    let forged = encode(&forged.to_string());
    let forger = visitor("Eve").header(HANDOVER, &forged);
    let mut eve = Client::connect_with(server, forger)?;
    let hers = eve.join(&room("forged"))?;
    eve.ask(&hers, "say", json!({ "text": "hello" }))?;
    let said = eve.event(&hers)?;
    ensure!(said.data.json()["by"] == "Eve", "{said:?}");

    // Without a name she is no user, and users alone are let in.
    let target = "/_realtime?channel=rooms&param.room=forged";
    let nobody = Identity::of("").header(HANDOVER, &forged);
    let mut socket = server.open(&nobody.handshake(target))?;
    socket.send(r#"["hello",{}]"#)?;
    socket.send(r#"["join",1,"rooms",{"room":"forged"},{}]"#)?;
    let answers = [socket.text()?, socket.text()?];
    ensure!(answers[1].starts_with(r#"["refused",1,"#), "{answers:?}");
    for target in ["/_realtime", "/_realtime/rooms/forged", "/_realtime/channel:rooms"] {
        let plain = Request::upgrade(target).header(HANDOVER, &forged);
        let response = server.reject(&plain).with_context(|| target.to_owned())?;
        ensure!((400..500).contains(&response.status), "{target}: {response}");
    }
    Ok(())
}

/// A message to several users is sent to some at a time. Clients leave in the midst of it.
fn a_hundred_users_get_a_message_beside_requests_that_were_dropped(sites: &Sites) -> Result<()> {
    /// More than are sent at the same time.
    const DROPPED: usize = 8;
    let server = sites.chat_server()?;
    let mut ada = Client::connect_with(server, visitor("Ada"))?;
    ensure!(server.get("/to")?.text() == "sent");
    ensure!(ada.inbox()?.json() == "hello");
    for _ in 0..DROPPED {
        let mut connection = server.connection()?;
        connection.write(&Request::get("/to").to_bytes(&server.address().to_string()))?;
        // She is the first of them: the messages to the others are under way, or wait.
        ensure!(ada.inbox()?.json() == "hello");
        drop(connection);
    }
    ensure!(server.get("/to")?.text() == "sent", "{server}");
    ensure!(ada.inbox()?.json() == "hello");
    Ok(())
}

/// The runtime tells no object a name of more than 1,024 bytes.
fn a_parameter_has_256_characters_in_any_writing(sites: &Sites) -> Result<()> {
    let server = sites.chat_server()?;
    for letter in ["a", "/", "é", "ж", "漢"] {
        let name = letter.repeat(256);
        let mut ada = Client::connect_with(server, visitor("Ada"))?;
        let hers = ada.join(&room(&name)).context(letter)?;
        ada.ask(&hers, "say", json!({ "text": "hello" }))?;
        ensure!(ada.event(&hers)?.data.json()["text"] == "hello");
        let counted = stats(server, &encode(&name)).context(letter)?;
        ensure!(counted["members"] == 1, "{letter}: {counted:#}");
    }
    Ok(())
}

/// What restores the joins of a connection has to fit beside its socket.
fn a_connection_takes_one_join_at_a_time(sites: &Sites) -> Result<()> {
    let server = sites.chat_server()?;
    let target = "/_realtime?channel=rooms&param.room=once";
    let mut socket = server.open(&visitor("Ada").handshake(target))?;
    let join = |reference: u64| format!(r#"["join",{reference},"rooms",{{"room":"once"}},{{}}]"#);
    socket.send(r#"["hello",{}]"#)?;
    for reference in 1..=3 {
        socket.send(&join(reference))?;
    }
    let mut answers: Vec<String> = Vec::new();
    while answers.len() < 3 {
        let frame = socket.text()?;
        if frame.starts_with(r#"["joined","#) || frame.starts_with(r#"["refused","#) {
            answers.push(frame);
        }
    }
    answers.sort();
    let expected = [r#"["joined",1,"#, r#"["refused",2,"#, r#"["refused",3,"#];
    let is_as_expected =
        answers.iter().zip(expected).all(|(answer, start)| answer.starts_with(start));
    ensure!(is_as_expected, "{answers:?}");
    socket.send(r#"["leave",1]"#)?;
    socket.send(&join(4))?;
    while !socket.text()?.starts_with(r#"["joined",4,"#) {}
    Ok(())
}
