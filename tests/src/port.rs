//! Ports for servers that must keep theirs.

use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::process;
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result};

/// Below the ports that a system gives to connections and to whoever asks for any port: one of those
/// would be taken by somebody else between the choice and the start, or while a server starts again.
///
/// The servers of a Cluster of Redis listen 10,000 ports above their own as well. Those must be none
/// of these, and below those of the system, too.
const PORTS: Range<u16> = 11_000..21_000;

/// A free port of 127.0.0.1, which no other caller in this process gets.
pub fn free_port() -> Result<u16> {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Two processes rarely begin at the same one.
    let count = PORTS.len() as u16;
    let first = (process::id() * 97 % u32::from(count)) as u16;
    (0..count)
        .map(|_| PORTS.start + (first + TAKEN.fetch_add(1, Ordering::Relaxed) % count) % count)
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .context("no port is free")
}
