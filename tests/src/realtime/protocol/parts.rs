//! The elements of a frame.

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::message::{Data, Message};

/// The maximum length of a position.
const MAX_POSITION: usize = 64;

/// The largest integer that JavaScript represents exactly.
const MAX_INTEGER: f64 = 9_007_199_254_740_991.0;

/// A frame, taken apart.
#[derive(Debug, PartialEq)]
pub struct Parts {
    /// The elements of the JSON array.
    pub items: Vec<Value>,
    /// The bytes of a binary message, the last element of the frame.
    pub bytes: Option<Vec<u8>>,
}

impl Parts {
    /// Takes a message apart.
    pub fn read(message: &Message) -> Result<Self> {
        let (text, bytes) = match message {
            Message::Text(text) => (text.as_str(), None),
            Message::Binary(bytes) => {
                let (length, rest) = bytes.split_first_chunk().context("no length")?;
                let length = usize::from(u16::from_be_bytes(*length));
                let (header, data) = rest.split_at_checked(length).context("a short header")?;
                (std::str::from_utf8(header)?, Some(data.to_vec()))
            }
        };
        let text = with_whole_characters(text);
        Ok(Self { items: serde_json::from_str(&text).context("not a JSON array")?, bytes })
    }

    /// The type of the frame, empty if it is no text.
    pub(super) fn kind(&self) -> &str {
        self.items.first().and_then(Value::as_str).unwrap_or_default()
    }

    fn item(&self, index: usize) -> Result<&Value> {
        self.items.get(index).with_context(|| format!("no element {index}: {:?}", self.items))
    }

    pub(super) fn count(&self, index: usize) -> Result<u64> {
        integer(self.item(index)?).with_context(|| format!("not a count: {:?}", self.items))
    }

    pub(super) fn positive(&self, index: usize) -> Result<u64> {
        let count = self.count(index)?;
        ensure!(count > 0, "not positive: {:?}", self.items);
        Ok(count)
    }

    pub(super) fn text(&self, index: usize) -> Result<String> {
        self.text_or_null(index)?.with_context(|| format!("not a text: {:?}", self.items))
    }

    pub(super) fn text_or_null(&self, index: usize) -> Result<Option<String>> {
        match self.item(index)? {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            _ => bail!("not a text: {:?}", self.items),
        }
    }

    pub(super) fn position(&self, index: usize) -> Result<String> {
        let position = self.text(index)?;
        ensure!(is_position(&position), "not a position: {position}");
        Ok(position)
    }

    /// The last element. The header of bytes is exactly the elements before them.
    pub(super) fn data(&self, index: usize) -> Result<Data> {
        let Some(bytes) = &self.bytes else {
            return Ok(self.items.get(index).cloned().map_or(Data::Nothing, Data::Json));
        };
        ensure!(self.items.len() == index, "bytes in the wrong place: {:?}", self.items);
        Ok(Data::Bytes(bytes.clone()))
    }

    /// An object, empty if it is left out.
    pub(super) fn details(&self, index: usize) -> Result<Map<String, Value>> {
        match self.items.get(index) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(details)) => Ok(details.clone()),
            Some(other) => bail!("not an object: {other}"),
        }
    }

    pub(super) fn object<T: DeserializeOwned>(&self, index: usize) -> Result<T> {
        let item = self.item(index)?.clone();
        serde_json::from_value(item).with_context(|| format!("malformed: {:?}", self.items))
    }
}

/// Whether a text has the form of a position.
pub fn is_position(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    (1..=MAX_POSITION).contains(&text.len()) && text.chars().all(is_plain)
}

/// Replaces escapes of half a character by that of an unknown one. JavaScript's strings hold them,
/// and Rust's cannot.
fn with_whole_characters(text: &str) -> String {
    /// The code unit of an escape at the start of a text.
    fn unit(text: &str) -> Option<u16> {
        u16::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
    }
    const ESCAPE: usize = 6;
    let mut whole = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('\\') {
        let (before, escape) = rest.split_at(start);
        whole.push_str(before);
        let next = || unit(escape.get(ESCAPE..)?);
        let (kept, length) = match unit(escape) {
            Some(0xd800..=0xdbff) if matches!(next(), Some(0xdc00..=0xdfff)) => (true, 2 * ESCAPE),
            Some(0xd800..=0xdfff) => (false, ESCAPE),
            Some(_) => (true, ESCAPE),
            // Another escape is a backslash and a letter.
            None => (true, 1 + escape.chars().nth(1).map_or(0, char::len_utf8)),
        };
        let (escape, after) = escape.split_at(length);
        whole.push_str(if kept { escape } else { "\\ufffd" });
        rest = after;
    }
    whole + rest
}

/// A number without a fraction, as JavaScript counts: `1.0` and `1e0` are 1.
pub(super) fn integer(value: &Value) -> Option<u64> {
    let number = value.as_f64()?;
    let is_count = number.fract() == 0.0 && (0.0..=MAX_INTEGER).contains(&number);
    // Exact, as it was checked just now.
    is_count.then(|| format!("{number:.0}").parse().ok()).flatten()
}
