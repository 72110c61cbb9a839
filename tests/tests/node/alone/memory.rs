//! A closed connection leaves no memory behind.

use std::ops::Range;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tests::client::{Frame, Request};
use tests::patience::within;
use tests::realtime::Client;
use tests::realtime::client::Join;
use tests::server::Server;

use super::{Case, cases};
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] =
    cases![keeps_nothing_of_5000_connections, keeps_nothing_of_5000_made_up_rooms];

/// Without the limits that a single client would exceed.
const UNLIMITED: Settings =
    Settings { name: "memory", options: r#"{ "rateLimitMaxConnections": 0 }"# };

const CONNECTIONS: usize = 5000;

/// The allowed growth, for compiled code and caches. A socket with its handlers takes more than 2
/// KB, so this is a tenth of the size of 5,000 sockets.
const GROWTH: i64 = 1024 * 1024;

#[derive(Debug, Deserialize)]
struct Memory {
    /// The number of sockets that were not collected.
    held: usize,
    /// Memory on and off V8's heap.
    bytes: i64,
    /// Open TCP connections, including that of this request.
    connections: usize,
}

fn keeps_nothing_of_5000_connections(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&UNLIMITED)?;
    connect(&site.server, 1000)?;
    let before = settled(&site.server)?;
    connect(&site.server, CONNECTIONS)?;
    let after = settled(&site.server)?;
    site.server.check_alive()?;
    // The conservative stack scan may keep one or two alive.
    ensure!(after.held <= 5, "{after:?}");
    ensure!(after.connections <= 2, "{after:?}");
    ensure!(after.bytes - before.bytes < GROWTH, "{before:?}, then {after:?}");
    Ok(())
}

/// The memory after all connections are gone. The server notices that slightly later than the
/// client.
fn settled(server: &Server) -> Result<Memory> {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let memory: Memory = serde_json::from_str(&server.get("/memory")?.text())?;
        if (memory.held <= 5 && memory.connections <= 2) || Instant::now() > deadline {
            return Ok(memory);
        }
    }
}

/// Opens connections, checks the echo of each, and ends each in one of the possible ways.
fn connect(server: &Server, count: usize) -> Result<()> {
    const CLIENTS: usize = 4;
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(|| (0..count / CLIENTS).try_for_each(|turn| visit(server, turn))))
            .collect();
        clients.into_iter().try_for_each(|client| {
            client.join().map_err(|_| anyhow!("a client panicked")).flatten()
        })
    })
}

fn visit(server: &Server, turn: usize) -> Result<()> {
    const WAYS: usize = 8;
    let way = turn % WAYS;
    if way > 4 {
        let mut connection = server.connection()?;
        let bytes = Request::upgrade("/memory").to_bytes(&server.address().to_string());
        connection.write(&bytes)?;
        return match way {
            // Gone before the answer, by reset and by FIN.
            5 => connection.reset(),
            6 => connection.finish(),
            // With an invalid frame in the middle of a message.
            _ => {
                connection.write(&Frame::text("begun").unfinished().to_bytes())?;
                connection.write(&[0xff; 64])?;
                connection.ended()
            }
        };
    }
    let mut socket = server.open(&Request::upgrade("/memory"))?;
    socket.send("hello")?;
    ensure!(socket.text()? == "hello");
    match way {
        0 | 1 => socket.close(1000, "").map(drop),
        2 => socket.reset(),
        // With a rejected handshake.
        3 => server.reject(&Request::upgrade("/nowhere")).map(drop),
        // Without a close frame.
        _ => Ok(()),
    }
}

/// Visitors make up rooms: in joins, of plain clients, and in pages that render a history.
fn keeps_nothing_of_5000_made_up_rooms(sites: &Sites) -> Result<()> {
    const ROOMS: usize = 5000;
    let site = sites.start_alone(&Settings { name: "realtime-memory", ..UNLIMITED })?;
    let server = &site.server;
    make_up(server, 0..1000)?;
    let before = emptied(server)?;
    make_up(server, 1000..1000 + ROOMS)?;
    let after = emptied(server)?;
    server.check_alive()?;
    ensure!(after.bytes - before.bytes < GROWTH, "{before:?}, then {after:?}");
    Ok(())
}

/// Joins per connection: more are refused in the same second.
const JOINS: usize = 10;

fn make_up(server: &Server, rooms: Range<usize>) -> Result<()> {
    let rooms: Vec<usize> = rooms.collect();
    for rooms in rooms.chunks(JOINS) {
        // The sessions of a user are limited.
        let mut ada = Client::connect(server, "ada-made-up")?;
        for number in rooms {
            let name = format!("made up {number}");
            ada.join(&Join::of("people", "id", &name).presence(json!({ "mood": "glad" })))?;
        }
        ada.join_refused(&Join::of("private", "owner", &format!("made up {}", rooms[0])))?;
        ada.close()?;
        for number in rooms {
            let body = json!({ "room": format!("page {number}"), "last": 50 }).to_string();
            let history = server.fetch(&Request::post("/realtime/history", &body))?;
            ensure!(history.status == 200, "{history}");
            let plain = Request::upgrade(&format!("/_realtime/nothing/plain-{number}"));
            let refused = server.fetch(&plain)?;
            ensure!(refused.status == 404, "{refused}");
        }
    }
    Ok(())
}

/// The memory once the last channel has closed.
fn emptied(server: &Server) -> Result<Memory> {
    within(Duration::from_secs(40), || {
        let stats: Value = serde_json::from_str(&server.get("/manager/stats")?.text())?;
        let realtime = &stats["realtime"];
        ensure!(realtime["channels"] == 0 && realtime["connections"] == 0, "{realtime}");
        Ok(())
    })?;
    settled(server)
}
