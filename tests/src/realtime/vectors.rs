//! The examples of the protocol, which the unit tests of server and client run as well.

use std::fs;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::protocol::Message;
use crate::locations::repository;

/// The file with the examples.
const VECTORS: &str = "templates/realtime/protocol/vectors.json";

/// The examples.
#[derive(Deserialize)]
pub struct Vectors {
    /// Frames of clients.
    pub client: Vec<Vector>,
    /// Frames of servers.
    pub server: Vec<Vector>,
    /// Messages of clients after which a server closes the connection.
    pub malformed: Vec<Vector>,
    /// Messages of servers that a client ignores.
    pub ignored: Vec<Vector>,
}

/// An example.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Vector {
    /// What it shows.
    pub title: String,
    /// A text message.
    text: Option<String>,
    /// A binary message, in hexadecimal.
    hex: Option<String>,
    /// The parts by their names. Absent where Rust has no such string.
    pub frame: Option<Value>,
    /// Whether a writer makes this message from the parts.
    #[serde(default = "yes")]
    pub is_canonical: bool,
    /// The code with which a server closes the connection.
    pub close: Option<u16>,
}

fn yes() -> bool {
    true
}

impl Vectors {
    /// Reads the examples.
    pub fn read() -> Result<Self> {
        let text = fs::read_to_string(repository().join(VECTORS))?;
        serde_json::from_str(&text).with_context(|| format!("not the examples: {VECTORS}"))
    }
}

impl Vector {
    /// The message as it travels.
    pub fn message(&self) -> Result<Message> {
        match (&self.text, &self.hex) {
            (Some(text), None) => Ok(Message::Text(text.clone())),
            (None, Some(hex)) => Ok(Message::Binary(bytes(hex)?)),
            _ => bail!("neither text nor bytes: {}", self.title),
        }
    }
}

fn bytes(hex: &str) -> Result<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2).map(std::str::from_utf8);
    digits.map(|pair| Ok(u8::from_str_radix(pair?, 16)?)).collect()
}
