//! Limits on an open connection, and on its idle time.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tests::client::Request;
use tests::server::Server;

use super::{Case, cases};
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] = cases![
    closes_with_1008_above_the_message_rate,
    closes_slow_readers_with_1008,
    terminates_slow_readers_that_ignore_the_close,
    drops_what_a_connection_does_not_read,
    terminates_clients_without_an_answer_to_pings,
    closes_idle_connections_with_1001,
];

fn closes_with_1008_above_the_message_rate(sites: &Sites) -> Result<()> {
    let site = sites
        .start_alone(&Settings { name: "rate", options: r#"{ "maxMessagesPerSecond": 20 }"# })?;
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    for _ in 0..20 {
        socket.send("as many as one may at once")?;
    }
    for _ in 0..20 {
        socket.text()?;
    }
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    // The server has closed, so sending may fail.
    let _ = (0..100).try_for_each(|_| socket.send("more than that"));
    let (code, _) = socket.closed()?;
    ensure!(code == 1008, "{code}");
    site.server.check_alive()
}

const BUFFER: u64 = 64 * 1024;

const CLOSING: Settings =
    Settings { name: "overflow-close", options: r#"{ "maxBufferedAmount": 65536 }"# };

fn closes_slow_readers_with_1008(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&CLOSING)?;
    let mut socket = site.server.open(&Request::upgrade("/flood?journal=late"))?;
    socket.send("begin")?;
    ensure!(buffered_at_most(&site.server, "late")? <= BUFFER);
    // Neither the earlier messages nor the reason is lost.
    let (code, reason) = socket.closed()?;
    ensure!((code, reason.as_str()) == (1008, "Too slow to receive messages"), "{code} {reason}");
    let code = journal(&site.server, "late-closed")?;
    ensure!(code == "1008", "{code}");
    site.server.check_alive()
}

fn terminates_slow_readers_that_ignore_the_close(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&CLOSING)?;
    let mut socket = site.server.open(&Request::upgrade("/flood?journal=unread"))?;
    socket.send("begin")?;
    ensure!(buffered_at_most(&site.server, "unread")? <= BUFFER);
    // The close frame waits behind the unread messages.
    let code = journal(&site.server, "unread-closed")?;
    ensure!(code == "1006", "{code}");
    site.server.check_alive()
}

fn drops_what_a_connection_does_not_read(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&Settings {
        name: "overflow-drop",
        options: r#"{ "maxBufferedAmount": 65536, "overflow": "drop" }"#,
    })?;
    let mut socket = site.server.open(&Request::upgrade("/flood?journal=dropped"))?;
    socket.send("begin")?;
    ensure!(buffered_at_most(&site.server, "dropped")? <= BUFFER);
    let mut received = 0;
    // Messages within the buffer arrive, and the connection continues. Reading them all frees the
    // buffer.
    let mut asked = false;
    loop {
        if !asked && received * 16 * 1024 > BUFFER {
            asked = true;
        }
        match socket.text_within(Duration::from_millis(500))? {
            Some(text) if text == "end" => break,
            Some(_) => received += 1,
            None => socket.send("end")?,
        }
    }
    ensure!(asked && received < 2048, "{received} of 2048 messages came");
    site.server.check_alive()
}

fn buffered_at_most(server: &Server, name: &str) -> Result<u64> {
    let text = journal(server, &format!("{name}-flooded"))?;
    text.parse().with_context(|| format!("not a number: {text}"))
}

/// A journal request waits only five seconds, so it is repeated.
fn journal(server: &Server, name: &str) -> Result<String> {
    let mut text = String::new();
    for _ in 0..4 {
        text = server.get(&format!("/journal/{name}"))?.text();
        if text != "(nothing)" {
            break;
        }
    }
    Ok(text)
}

fn terminates_clients_without_an_answer_to_pings(sites: &Sites) -> Result<()> {
    let settings = Settings { name: "heartbeat", options: r#"{ "heartbeatInterval": 300 }"# };
    let site = sites.start_alone(&settings)?;
    let mut silent = site.server.connection()?;
    let target = "/closing?journal=silent";
    silent.write(&Request::upgrade(target).to_bytes(&site.server.address().to_string()))?;
    ensure!(silent.response("GET")?.status == 101);
    // This client answers pings while it waits.
    let mut living = site.server.open(&Request::upgrade("/quiet?after=1500"))?;
    ensure!(living.text()? == "still here");
    silent.ended()?;
    let heard = journal(&site.server, "silent")?;
    ensure!(heard == "1006//false", "{heard}");
    site.server.check_alive()
}

fn closes_idle_connections_with_1001(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&Settings {
        name: "idle",
        options: r#"{ "heartbeatInterval": 0, "idleTimeout": 1000 }"#,
    })?;
    let mut busy = site.server.open(&Request::upgrade("/echo"))?;
    let mut idle = site.server.open(&Request::upgrade("/echo"))?;
    for _ in 0..8 {
        thread::sleep(Duration::from_millis(250));
        busy.send("not idle")?;
        ensure!(busy.text()? == "not idle");
    }
    let (code, _) = idle.closed()?;
    ensure!(code == 1001, "{code}");
    let (code, _) = busy.closed()?;
    ensure!(code == 1001, "{code}");
    site.server.check_alive()
}
