//! The load of the benchmarks: one thread for many connections, so that it needs at most one core,
//! and less of it than any server.
//!
//! It is a separate crate because every profile compiles it with optimisation.

mod crowd;
mod dialect;
mod echo;
mod fan_out;
mod frames;
mod latency;
mod measuring;
mod member;
mod requests;

pub use crowd::{Came, Crowd, Delays};
pub use dialect::{Dialect, Expected};
pub use echo::{Echo, Measured};
pub use fan_out::FanOut;
pub use measuring::Rates;
pub use requests::{Requests, open};

use std::io;

/// The sample key of RFC 6455, section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The bytes of a handshake.
pub fn handshake(host: &str, target: &str) -> Vec<u8> {
    handshake_with(host, target, None)
}

/// The bytes of a handshake that offers a subprotocol.
fn handshake_with(host: &str, target: &str, subprotocol: Option<&str>) -> Vec<u8> {
    let offer = subprotocol.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
    let offer = offer.unwrap_or_default();
    format!(
        "GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{offer}\r\n"
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
