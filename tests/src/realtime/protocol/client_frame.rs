//! The frames of clients.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::message::{Data, Message, text, with};
use super::parts::{Parts, integer};

/// The end of a `hello` whose client takes several frames in one message.
const LINES: u64 = 1;

/// The maximum length of the version of a site's channel files.
const MAX_VERSION: usize = 64;

/// The length of a session's secret: 128 bits as base64url.
const SESSION: usize = 22;

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

fn is_session(text: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "_-".contains(letter);
    text.len() == SESSION && text.chars().all(is_plain)
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
