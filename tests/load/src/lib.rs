//! The load of the benchmarks: one thread for many connections, so that it needs at most one core,
//! and less of it than any server.
//!
//! It is a separate crate because every profile compiles it with optimisation.

mod echo;
mod fan_out;
mod latency;
mod measuring;
mod requests;

pub use echo::{Echo, Measured};
pub use fan_out::FanOut;
pub use measuring::Rates;
pub use requests::{Requests, open};

use std::io;

/// The sample key of RFC 6455, section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The bytes of a handshake.
pub fn handshake(host: &str, target: &str) -> Vec<u8> {
    format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
    )
    .into_bytes()
}

/// The bytes of a GET request.
pub fn get(host: &str, target: &str) -> Vec<u8> {
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes()
}

fn unexpected(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}
