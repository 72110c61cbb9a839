//! Nothing is kept of a connection that is gone.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};
use serde::Deserialize;
use tests::client::{Frame, Request};
use tests::server::Server;

use super::{Case, cases};
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] = cases![keeps_nothing_of_5000_connections];

/// Without the limits that a single client would run into.
const UNLIMITED: Settings =
    Settings { name: "memory", options: r#"{ "rateLimitMaxConnections": 0 }"# };

const CONNECTIONS: usize = 5000;

/// What may have grown meanwhile: compiled code, caches. A socket with its handlers takes more than
/// 2 KB, so this is a tenth of what 5,000 would take.
const GROWTH: i64 = 1024 * 1024;

#[derive(Debug, Deserialize)]
struct Memory {
    /// Sockets that are not collected.
    held: usize,
    /// On and off V8's heap.
    bytes: i64,
    /// Open TCP connections, that of the question included.
    connections: usize,
}

fn keeps_nothing_of_5000_connections(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&UNLIMITED)?;
    connect(&site.server, 1000)?;
    let before = settled(&site.server)?;
    connect(&site.server, CONNECTIONS)?;
    let after = settled(&site.server)?;
    site.server.check_alive()?;
    // The conservative scan of the stack may find one or two.
    ensure!(after.held <= 5, "{after:?}");
    ensure!(after.connections <= 2, "{after:?}");
    ensure!(after.bytes - before.bytes < GROWTH, "{before:?}, then {after:?}");
    Ok(())
}

/// What is left once every connection is gone, which the server hears of a little later than the
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

/// Opens connections, has each echo, and ends it in one of the ways in which one ends.
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
            // With what is no frame, in the middle of a message.
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
        // A refusal on the way.
        3 => server.reject(&Request::upgrade("/nowhere")).map(drop),
        // Without a close frame.
        _ => Ok(()),
    }
}
