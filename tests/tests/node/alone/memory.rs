//! A closed connection leaves no memory behind.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use serde::Deserialize;
use tests::client::{Frame, Request};
use tests::server::Server;

use super::{Case, cases};
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] = cases![keeps_nothing_of_5000_connections];

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
