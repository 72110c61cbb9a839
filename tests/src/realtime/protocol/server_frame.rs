//! The frames of servers.

use std::collections::BTreeMap;

use anyhow::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::message::{Data, Message, items, text, with};
use super::parts::Parts;

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
