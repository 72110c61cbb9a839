//! Reads and writes the frames of `zastro-realtime.v1`, as `templates/realtime/protocol.md`
//! specifies them.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde::de::DeserializeOwned;
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value, json};

/// The subprotocol.
pub const PROTOCOL: &str = "zastro-realtime.v1";

/// The end of a `hello` whose client takes several frames in one message.
const LINES: u64 = 1;

/// The maximum length of a position.
const MAX_POSITION: usize = 64;

/// The maximum length of the version of a site's channel files.
const MAX_VERSION: usize = 64;

/// The length of a session's secret: 128 bits as base64url.
const SESSION: usize = 22;

/// The largest integer that JavaScript represents exactly.
const MAX_INTEGER: f64 = 9_007_199_254_740_991.0;

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

/// A frame from a client.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ClientFrame {
    /// The first frame.
    Hello {
        /// The session to continue.
        #[serde(skip_serializing_if = "Option::is_none")]
        session: Option<String>,
        /// The version of the site's channel files.
        #[serde(skip_serializing_if = "Option::is_none")]
        version: Option<String>,
        /// Whether messages may hold several frames.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        lines: bool,
    },
    /// Joins a channel.
    Join {
        /// New for each join of a connection.
        #[serde(rename = "ref")]
        reference: u64,
        /// The names of the folders and of the file.
        name: String,
        /// The parameters of the path.
        params: BTreeMap<String, String>,
        /// A position to resume from.
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<String>,
        /// A number of messages to begin with.
        #[serde(skip_serializing_if = "Option::is_none")]
        last: Option<u64>,
        /// Presence data.
        #[serde(skip_serializing_if = "Option::is_none")]
        presence: Option<Value>,
    },
    /// Leaves a channel.
    Leave {
        /// The reference of the join.
        #[serde(rename = "ref")]
        reference: u64,
    },
    /// Sends a message.
    Send {
        /// The reference of the join.
        #[serde(rename = "ref")]
        reference: u64,
        /// New for each message of a session.
        id: u64,
        /// The name of the message.
        name: String,
        /// Its data.
        #[serde(flatten)]
        data: Data,
    },
    /// Sends an ephemeral message.
    Cast {
        /// The reference of the join.
        #[serde(rename = "ref")]
        reference: u64,
        /// The name of the message.
        name: String,
        /// Its data.
        #[serde(flatten)]
        data: Data,
    },
    /// Replaces the presence data.
    Presence {
        /// The reference of the join.
        #[serde(rename = "ref")]
        reference: u64,
        /// The presence data.
        data: Value,
    },
    /// Repeats the count of the server's `credit`.
    Credit {
        /// The count.
        count: u64,
    },
}

/// The answer to `hello`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    /// The secret of the session.
    pub session: String,
    /// Whether the session of the `hello` continues.
    pub is_resumed: bool,
    /// The version of the site's channel files.
    pub version: String,
}

/// The details of a join.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Details {
    /// The position before the first kept message that follows.
    pub position: String,
    /// Whether the channel keeps history.
    pub keeps: bool,
    /// The names of ephemeral messages.
    pub ephemeral: Vec<String>,
    /// The names of messages that may be handled twice.
    pub idempotent: Vec<String>,
}

/// An error.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorData {
    /// The code.
    pub code: String,
    /// A sentence.
    pub message: String,
    /// Milliseconds after which a retry can succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// Messages by the name of the invalid field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<BTreeMap<String, Vec<String>>>,
}

/// A kept message.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// The number of the channel.
    pub channel: u64,
    /// Its position.
    pub position: String,
    /// The position of the message before it. A snapshot has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Milliseconds since 1970.
    pub at: u64,
    /// The sender's connection.
    pub from: Option<String>,
    /// The publisher's id.
    pub id: Option<String>,
    /// The name of the event.
    pub name: String,
    /// Its data.
    #[serde(flatten)]
    pub data: Data,
}

/// A member of a channel's presence.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct PresentMember {
    /// The id of the member.
    pub id: String,
    /// The user, absent for visitors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Value>,
    /// The presence data.
    pub data: Value,
    /// Milliseconds since 1970.
    pub since: u64,
}

/// A difference between two lists of members.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Changes {
    /// New members.
    pub joined: Vec<PresentMember>,
    /// Members with new data.
    pub changed: Vec<PresentMember>,
    /// The ids of members that left.
    pub left: Vec<String>,
}

/// A frame from a server.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum ServerFrame {
    /// Answers `hello`.
    Welcome(Welcome),
    /// The join succeeded.
    Joined {
        /// The reference of the join.
        #[serde(rename = "ref")]
        reference: u64,
        /// The number of the channel.
        channel: u64,
        /// The details.
        #[serde(flatten)]
        details: Details,
    },
    /// The join failed.
    Refused {
        /// The reference of the join.
        #[serde(rename = "ref")]
        reference: u64,
        /// The reason.
        error: ErrorData,
    },
    /// A kept message.
    Event(Event),
    /// An ephemeral message.
    Cast {
        /// The number of the channel.
        channel: u64,
        /// The sender's connection.
        from: Option<String>,
        /// The name of the event.
        name: String,
        /// Its data.
        #[serde(flatten)]
        data: Data,
    },
    /// A kept message in place of all before it.
    Snapshot(Event),
    /// Messages are missing.
    Gap {
        /// The number of the channel.
        channel: u64,
        /// `trimmed`, `restarted` or `not kept`.
        reason: String,
        /// The position after which the channel goes on.
        position: String,
    },
    /// Everyone present.
    Members {
        /// The number of the channel.
        channel: u64,
        /// `None` if only the count is told.
        members: Option<Vec<PresentMember>>,
        /// The number of members.
        count: u64,
    },
    /// What changed since.
    Changes {
        /// The number of the channel.
        channel: u64,
        /// The changes.
        #[serde(flatten)]
        changes: Changes,
        /// The number of members.
        count: u64,
    },
    /// The result of a message.
    Reply {
        /// The reference of the join.
        #[serde(rename = "ref")]
        reference: u64,
        /// The id of the message.
        id: u64,
        /// The result.
        #[serde(flatten)]
        data: Data,
    },
    /// The failure of a message.
    Error {
        /// The reference of the join.
        #[serde(rename = "ref")]
        reference: u64,
        /// The id of the message.
        id: u64,
        /// The failure.
        error: ErrorData,
    },
    /// The join ended.
    Left {
        /// The reference of the join.
        #[serde(rename = "ref")]
        reference: u64,
        /// `None` if the client left.
        error: Option<ErrorData>,
    },
    /// A message to the user.
    Inbox {
        /// The message.
        #[serde(flatten)]
        data: Data,
    },
    /// Asks for an acknowledgement.
    Credit {
        /// The count to repeat.
        count: u64,
    },
    /// The server is about to close the connection.
    Drain {
        /// The client reconnects after a random part of this time.
        milliseconds: u64,
    },
}

impl ClientFrame {
    /// The reference of the join that it is about.
    pub fn reference(&self) -> Option<u64> {
        match self {
            Self::Join { reference, .. }
            | Self::Leave { reference }
            | Self::Send { reference, .. }
            | Self::Cast { reference, .. }
            | Self::Presence { reference, .. } => Some(*reference),
            _ => None,
        }
    }

    /// Reads a frame. Fails if the server must close the connection with 4500.
    pub fn read(message: &Message) -> Result<Self> {
        let parts = Parts::read(message)?;
        let is_data = ["send", "cast"].contains(&parts.kind());
        ensure!(parts.bytes.is_none() || is_data, "this frame carries no bytes");
        Ok(match parts.kind() {
            "hello" => {
                let details = parts.details(1)?;
                let session = text_in(&details, "session")?;
                ensure!(session.as_deref().is_none_or(is_session), "no session: {session:?}");
                let version = text_in(&details, "version")?;
                let is_short = version.as_ref().is_none_or(|text| text.len() <= MAX_VERSION);
                ensure!(is_short, "a long version: {version:?}");
                let lines = parts.items.get(2) == Some(&json!(LINES));
                Self::Hello { session, version, lines }
            }
            "join" => Self::join(&parts)?,
            "leave" => Self::Leave { reference: parts.positive(1)? },
            "send" => Self::Send {
                reference: parts.positive(1)?,
                id: parts.positive(2)?,
                name: parts.text(3)?,
                data: parts.data(4)?,
            },
            "cast" => Self::Cast {
                reference: parts.positive(1)?,
                name: parts.text(2)?,
                data: parts.data(3)?,
            },
            "presence" => Self::Presence {
                reference: parts.positive(1)?,
                data: parts.items.get(2).context("no data")?.clone(),
            },
            "credit" => Self::Credit { count: parts.positive(1)? },
            other => bail!("an unknown type: {other}"),
        })
    }

    fn join(parts: &Parts) -> Result<Self> {
        let mut params = BTreeMap::new();
        for (name, value) in parts.details(3)? {
            let value = value.as_str().with_context(|| format!("not a text: {name}"))?;
            params.insert(name, value.to_owned());
        }
        let mut options = parts.details(4)?;
        let since = text_in(&options, "since")?;
        let last = options.get("last").map(|last| integer(last).context("not a count"));
        Ok(Self::Join {
            reference: parts.positive(1)?,
            name: parts.text(2)?,
            params,
            since,
            last: last.transpose()?,
            presence: options.remove("presence"),
        })
    }

    /// Writes the frame.
    pub fn write(&self) -> Message {
        match self {
            Self::Hello { session, version, lines } => {
                let mut details = Map::new();
                insert(&mut details, "session", session.as_ref());
                insert(&mut details, "version", version.as_ref());
                let mut parts = vec![json!("hello"), json!(details)];
                parts.extend(lines.then_some(json!(LINES)));
                text(&Value::Array(parts))
            }
            Self::Join { reference, name, params, since, last, presence } => {
                let mut options = Map::new();
                insert(&mut options, "since", since.as_ref());
                insert(&mut options, "last", last.as_ref());
                insert(&mut options, "presence", presence.as_ref());
                text(&json!(["join", reference, name, params, options]))
            }
            Self::Leave { reference } => text(&json!(["leave", reference])),
            Self::Send { reference, id, name, data } => {
                with(vec![json!("send"), json!(reference), json!(id), json!(name)], data)
            }
            Self::Cast { reference, name, data } => {
                with(vec![json!("cast"), json!(reference), json!(name)], data)
            }
            Self::Presence { reference, data } => text(&json!(["presence", reference, data])),
            Self::Credit { count } => text(&json!(["credit", count])),
        }
    }
}

impl ServerFrame {
    /// The number of the channel that it is about.
    pub fn channel_mut(&mut self) -> Option<&mut u64> {
        match self {
            Self::Joined { channel, .. }
            | Self::Cast { channel, .. }
            | Self::Gap { channel, .. }
            | Self::Members { channel, .. }
            | Self::Changes { channel, .. } => Some(channel),
            Self::Event(event) | Self::Snapshot(event) => Some(&mut event.channel),
            _ => None,
        }
    }

    /// Reads a frame. Returns `None` for one of an unknown type, which a client ignores.
    pub fn read(message: &Message) -> Result<Option<Self>> {
        let parts = Parts::read(message)?;
        let frame = match parts.kind() {
            "welcome" => Self::Welcome(parts.object(1)?),
            "joined" => Self::Joined {
                reference: parts.positive(1)?,
                channel: parts.count(2)?,
                details: parts.object(3)?,
            },
            "refused" => Self::Refused { reference: parts.positive(1)?, error: parts.object(2)? },
            "event" => Self::Event(Event {
                channel: parts.count(1)?,
                position: parts.position(2)?,
                previous: Some(parts.position(3)?),
                at: parts.count(4)?,
                from: parts.text_or_null(5)?,
                id: parts.text_or_null(6)?,
                name: parts.text(7)?,
                data: parts.data(8)?,
            }),
            "cast" => Self::Cast {
                channel: parts.count(1)?,
                from: parts.text_or_null(2)?,
                name: parts.text(3)?,
                data: parts.data(4)?,
            },
            "snapshot" => Self::Snapshot(Event {
                channel: parts.count(1)?,
                position: parts.position(2)?,
                previous: None,
                at: parts.count(3)?,
                from: parts.text_or_null(4)?,
                id: parts.text_or_null(5)?,
                name: parts.text(6)?,
                data: parts.data(7)?,
            }),
            "gap" => Self::Gap {
                channel: parts.count(1)?,
                reason: parts.text(2)?,
                position: parts.position(3)?,
            },
            "members" => Self::Members {
                channel: parts.count(1)?,
                members: parts.object(2)?,
                count: parts.count(3)?,
            },
            "changes" => Self::Changes {
                channel: parts.count(1)?,
                changes: parts.object(2)?,
                count: parts.count(3)?,
            },
            "reply" => Self::Reply {
                reference: parts.positive(1)?,
                id: parts.positive(2)?,
                data: parts.data(3)?,
            },
            "error" => Self::Error {
                reference: parts.positive(1)?,
                id: parts.positive(2)?,
                error: parts.object(3)?,
            },
            "left" => Self::Left { reference: parts.positive(1)?, error: parts.object(2)? },
            "inbox" => Self::Inbox { data: parts.data(1)? },
            "credit" => Self::Credit { count: parts.count(1)? },
            "drain" => Self::Drain { milliseconds: parts.count(1)? },
            _ => return Ok(None),
        };
        Ok(Some(frame))
    }

    /// Writes the frame.
    pub fn write(&self) -> Message {
        match self {
            Self::Welcome(welcome) => text(&json!(["welcome", welcome])),
            Self::Joined { reference, channel, details } => {
                text(&json!(["joined", reference, channel, details]))
            }
            Self::Refused { reference, error } => text(&json!(["refused", reference, error])),
            Self::Event(event) => {
                let Event { channel, position, previous, at, from, id, name, data } = event;
                let head = json!(["event", channel, position, previous, at, from, id, name]);
                with(items(head), data)
            }
            Self::Cast { channel, from, name, data } => {
                with(items(json!(["cast", channel, from, name])), data)
            }
            Self::Snapshot(event) => {
                let Event { channel, position, previous: _, at, from, id, name, data } = event;
                with(items(json!(["snapshot", channel, position, at, from, id, name])), data)
            }
            Self::Gap { channel, reason, position } => {
                text(&json!(["gap", channel, reason, position]))
            }
            Self::Members { channel, members, count } => {
                text(&json!(["members", channel, members, count]))
            }
            Self::Changes { channel, changes, count } => {
                text(&json!(["changes", channel, changes, count]))
            }
            Self::Reply { reference, id, data } => {
                with(items(json!(["reply", reference, id])), data)
            }
            Self::Error { reference, id, error } => text(&json!(["error", reference, id, error])),
            Self::Left { reference, error } => text(&json!(["left", reference, error])),
            Self::Inbox { data } => with(items(json!(["inbox"])), data),
            Self::Credit { count } => text(&json!(["credit", count])),
            Self::Drain { milliseconds } => text(&json!(["drain", milliseconds])),
        }
    }
}

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
    fn kind(&self) -> &str {
        self.items.first().and_then(Value::as_str).unwrap_or_default()
    }

    fn item(&self, index: usize) -> Result<&Value> {
        self.items.get(index).with_context(|| format!("no element {index}: {:?}", self.items))
    }

    fn count(&self, index: usize) -> Result<u64> {
        integer(self.item(index)?).with_context(|| format!("not a count: {:?}", self.items))
    }

    fn positive(&self, index: usize) -> Result<u64> {
        let count = self.count(index)?;
        ensure!(count > 0, "not positive: {:?}", self.items);
        Ok(count)
    }

    fn text(&self, index: usize) -> Result<String> {
        self.text_or_null(index)?.with_context(|| format!("not a text: {:?}", self.items))
    }

    fn text_or_null(&self, index: usize) -> Result<Option<String>> {
        match self.item(index)? {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            _ => bail!("not a text: {:?}", self.items),
        }
    }

    fn position(&self, index: usize) -> Result<String> {
        let position = self.text(index)?;
        ensure!(is_position(&position), "not a position: {position}");
        Ok(position)
    }

    /// The last element. The header of bytes is exactly the elements before them.
    fn data(&self, index: usize) -> Result<Data> {
        let Some(bytes) = &self.bytes else {
            return Ok(self.items.get(index).cloned().map_or(Data::Nothing, Data::Json));
        };
        ensure!(self.items.len() == index, "bytes in the wrong place: {:?}", self.items);
        Ok(Data::Bytes(bytes.clone()))
    }

    /// An object, empty if it is left out.
    fn details(&self, index: usize) -> Result<Map<String, Value>> {
        match self.items.get(index) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(details)) => Ok(details.clone()),
            Some(other) => bail!("not an object: {other}"),
        }
    }

    fn object<T: DeserializeOwned>(&self, index: usize) -> Result<T> {
        let item = self.item(index)?.clone();
        serde_json::from_value(item).with_context(|| format!("malformed: {:?}", self.items))
    }
}

/// Whether a text has the form of a position.
pub fn is_position(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._-".contains(letter);
    (1..=MAX_POSITION).contains(&text.len()) && text.chars().all(is_plain)
}

fn is_session(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    text.len() == SESSION && text.chars().all(is_plain)
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
fn integer(value: &Value) -> Option<u64> {
    let number = value.as_f64()?;
    let is_count = number.fract() == 0.0 && (0.0..=MAX_INTEGER).contains(&number);
    // Exact, as it was checked just now.
    is_count.then(|| format!("{number:.0}").parse().ok()).flatten()
}

fn text_in(details: &Map<String, Value>, name: &str) -> Result<Option<String>> {
    let text = |value: &Value| value.as_str().map(str::to_owned).context("not a text");
    details.get(name).map(text).transpose()
}

fn insert(details: &mut Map<String, Value>, name: &str, value: Option<&impl Serialize>) {
    if let Some(value) = value {
        details.insert(name.to_owned(), json!(value));
    }
}

fn items(array: Value) -> Vec<Value> {
    match array {
        Value::Array(items) => items,
        other => vec![other],
    }
}

fn text(frame: &Value) -> Message {
    Message::Text(frame.to_string())
}

/// A frame that ends with data.
fn with(mut items: Vec<Value>, data: &Data) -> Message {
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
