//! Messages on an open socket.

use crate::client::Request;
use anyhow::{Result, ensure};

use crate::cases;
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Text and binary messages, in order" => [
        echoes_text,
        echoes_text_of_many_bytes_per_letter,
        echoes_binary,
        echoes_many_messages_in_order,
        keeps_concurrent_sockets_apart,
        takes_frames_that_come_with_the_handshake,
        accepts_an_upgrade_header_in_capitals,
    ],
    "`binaryType` and Blobs" => [
        gives_binary_messages_in_the_type_that_is_asked_for,
        sends_a_blob_in_its_turn,
    ],
    "`broadcast()` to many sockets" => [
        broadcasts_in_order_with_other_messages,
    ],
    "Messages buffered until a handler exists" => [
        keeps_early_messages_for_a_late_handler,
        keeps_early_messages_of_a_socket_that_is_printed_first,
    ],
    "Events and states of the WebSockets Standard" => [
        fires_every_event_once_and_in_order,
        gives_the_socket_the_state_of_the_standard,
    ],
    "Web Streams" => [
        pipes_a_socket_into_itself,
    ],
};

pub(super) const VITAL: &[Case<Site>] = cases![echoes_text];

fn echoes_text(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    socket.send("hello")?;
    ensure!(socket.text()? == "hello");
    Ok(())
}

fn echoes_text_of_many_bytes_per_letter(site: &Site) -> Result<()> {
    // Beyond 32 bytes, `ws` uses a different code path for the mask.
    let text = "žluťoučký kůň 🐎 ".repeat(200);
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    socket.send(&text)?;
    ensure!(socket.text()? == text);
    Ok(())
}

fn echoes_binary(site: &Site) -> Result<()> {
    let bytes: Vec<u8> = (0..=u8::MAX).cycle().take(70_000).collect();
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    socket.send_binary(&bytes)?;
    ensure!(socket.binary()? == bytes, "other bytes came back");
    Ok(())
}

fn echoes_many_messages_in_order(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    for number in 0..200 {
        socket.send(&number.to_string())?;
    }
    for number in 0..200 {
        ensure!(socket.text()? == number.to_string());
    }
    Ok(())
}

fn keeps_concurrent_sockets_apart(site: &Site) -> Result<()> {
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(site.server.open(&Request::upgrade("/echo"))?);
    }
    for (number, socket) in sockets.iter_mut().enumerate() {
        socket.send(&number.to_string())?;
    }
    for (number, socket) in sockets.iter_mut().enumerate().rev() {
        ensure!(socket.text()? == number.to_string());
    }
    Ok(())
}

fn takes_frames_that_come_with_the_handshake(site: &Site) -> Result<()> {
    let mut bytes = Request::upgrade("/echo").to_bytes(&site.server.address().to_string());
    bytes.extend(crate::client::text_frame("in the head"));
    let mut connection = site.server.connection()?;
    connection.write(&bytes)?;
    let mut socket = connection.accepted()?;
    ensure!(socket.text()? == "in the head");
    socket.send("after it")?;
    ensure!(socket.text()? == "after it");
    Ok(())
}

/// The value of `Upgrade` is case-insensitive (RFC 6455, section 4.2.1).
fn accepts_an_upgrade_header_in_capitals(site: &Site) -> Result<()> {
    let request = Request::upgrade("/echo").header("Upgrade", "WebSocket");
    let mut socket = site.server.open(&request)?;
    socket.send("HELLO")?;
    ensure!(socket.text()? == "HELLO");
    Ok(())
}

fn gives_binary_messages_in_the_type_that_is_asked_for(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/binary-type"))?;
    socket.send_binary(&[1])?;
    let by_default = socket.text()?;
    ensure!(by_default == "blob [object Blob]", "{by_default}");
    for (asked, expected) in
        [("arraybuffer", "arraybuffer [object ArrayBuffer]"), ("blob", "blob [object Blob]")]
    {
        socket.send(asked)?;
        socket.send_binary(&[1])?;
        let told = socket.text()?;
        ensure!(told == expected, "{told}");
    }
    Ok(())
}

fn sends_a_blob_in_its_turn(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/blob"))?;
    ensure!(socket.text()? == "before");
    ensure!(socket.binary()? == [1, 2, 3]);
    ensure!(socket.text()? == "after");
    Ok(())
}

fn broadcasts_in_order_with_other_messages(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/broadcasting"))?;
    socket.send("go")?;
    for expected in ["first", "twice", "twice"] {
        let text = socket.text()?;
        ensure!(text == expected, "{text}");
    }
    ensure!(socket.binary()? == [1, 2, 3]);
    ensure!(socket.text()? == "between");
    ensure!(socket.binary()? == b"blob");
    for expected in ["behind the blob", "last"] {
        let text = socket.text()?;
        ensure!(text == expected, "{text}");
    }
    ensure!(socket.text_or_close()?.is_none(), "a closing socket got a message");
    Ok(())
}

fn keeps_early_messages_for_a_late_handler(site: &Site) -> Result<()> {
    keeps_early_messages(site, "late", "")
}

/// To print a socket, workerd reads all its members, its streams included.
fn keeps_early_messages_of_a_socket_that_is_printed_first(site: &Site) -> Result<()> {
    keeps_early_messages(site, "printed", "&printed")
}

fn keeps_early_messages(site: &Site, entry: &str, how: &str) -> Result<()> {
    let target = format!("/late?journal={entry}{how}");
    let mut socket = site.server.open(&Request::upgrade(&target))?;
    socket.send("first")?;
    socket.send("second")?;
    socket.synchronise()?;
    site.record(entry)?;
    ensure!(socket.text()? == "first");
    ensure!(socket.text()? == "second");
    Ok(())
}

fn fires_every_event_once_and_in_order(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/lifecycle?journal=lifecycle"))?;
    socket.send("one message")?;
    socket.close(1000, "")?;
    let events = site.journal("lifecycle", "onclose")?;
    ensure!(events == "open onopen message onmessage close onclose", "{events}");
    Ok(())
}

fn gives_the_socket_the_state_of_the_standard(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/state?a=b"))?;
    let state = socket.text()?;
    let scheme = if site.server.peer().tls().is_some() { "wss" } else { "ws" };
    let start =
        r#"{"before":0,"readyState":1,"protocol":"","extensions":"","bufferedAmount":0,"url":""#;
    ensure!(
        state.starts_with(&format!("{start}{scheme}://")) && state.ends_with(r#"/state?a=b"}"#),
        "{state}"
    );
    Ok(())
}

fn pipes_a_socket_into_itself(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/piped"))?;
    for number in 0..100 {
        socket.send(&number.to_string())?;
    }
    socket.send_binary(&[1, 2, 3])?;
    for number in 0..100 {
        ensure!(socket.text()? == number.to_string());
    }
    ensure!(socket.binary()? == [1, 2, 3]);
    let (code, _) = socket.close(1000, "")?;
    ensure!(code == 1000, "{code}");
    Ok(())
}
