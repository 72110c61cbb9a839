//! What members of a channel say to a server, and what it says to them.

/// The protocol of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Raw text messages.
    Plain {
        /// The path of the listeners.
        listener: &'static str,
        /// The path of the connection whose messages go to all listeners.
        sender: &'static str,
    },
    /// Ours: `templates/realtime/protocol.md`. The members join the first rooms of a channel file.
    Realtime {
        /// The name of the channel, which has the parameter `room`.
        channel: &'static str,
        /// The number of rooms of each member.
        rooms: usize,
        /// The path of a raw connection whose messages the server publishes in the first room.
        sender: &'static str,
    },
    /// The same, where each room is a Durable Object. A member joins one of the first rooms, in turn,
    /// and its handshake names the room.
    Objects {
        /// As above.
        channel: &'static str,
        /// The number of rooms.
        rooms: usize,
        /// As above.
        sender: &'static str,
    },
    /// Version 5 of Socket.IO's protocol over version 4 of Engine.IO's.
    SocketIo,
}

/// What a member waits for when it joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Being in the channel.
    Joined,
    /// Being in the channel, and this number of messages that were missed.
    Messages(usize),
    /// Being in the channel, and being told that messages are missing.
    Gap,
}

/// What a client keeps in order to resume.
#[derive(Clone, Debug, Default)]
pub struct Ticket {
    /// The secret of the session.
    session: String,
    /// The position of the newest message.
    position: String,
}

/// A message of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The client answers with its next opening messages.
    Greeting,
    /// The client is in a room.
    Joined,
    Delivery,
    Gap,
    /// The answer to a message.
    Reply,
    /// The client answers with the same text.
    Credit,
    /// Engine.IO's ping.
    Ping,
    Other,
}

impl Dialect {
    /// The path of a member. The members are numbered from 0.
    pub fn target(&self, member: usize) -> String {
        match self {
            Self::Plain { listener, .. } => (*listener).to_owned(),
            Self::Realtime { .. } => "/_realtime".to_owned(),
            Self::Objects { channel, rooms, .. } => {
                format!("/_realtime?channel={channel}&param.room={}", member % rooms)
            }
            Self::SocketIo => "/socket.io/?EIO=4&transport=websocket".to_owned(),
        }
    }

    /// The path of a connection that publishes.
    pub fn sender(&self) -> &'static str {
        match self {
            Self::Plain { sender, .. }
            | Self::Realtime { sender, .. }
            | Self::Objects { sender, .. } => sender,
            Self::SocketIo => "/socket.io/?EIO=4&transport=websocket&publishes=yes",
        }
    }

    /// The protocol of that connection.
    pub fn of_sender(self) -> Self {
        match self {
            Self::Realtime { sender, .. } | Self::Objects { sender, .. } => {
                Self::Plain { listener: sender, sender }
            }
            other => other,
        }
    }

    /// The subprotocol that a member offers.
    pub fn subprotocol(&self) -> Option<&'static str> {
        matches!(self, Self::Realtime { .. } | Self::Objects { .. }).then_some("zastro-realtime.v1")
    }

    /// The number of rooms that a member joins.
    pub fn rooms(&self) -> usize {
        match self {
            Self::Realtime { rooms, .. } => *rooms,
            _ => 1,
        }
    }

    /// What a member sends after the handshake.
    pub fn opening(&self, member: usize, ticket: Option<&Ticket>) -> Vec<String> {
        let (channel, rooms) = match self {
            Self::Realtime { channel, rooms, .. } => (channel, 0..*rooms),
            Self::Objects { channel, rooms, .. } => {
                let room = member % rooms;
                (channel, room..room + 1)
            }
            _ => return Vec::new(),
        };
        let mut hello = "[\"hello\",{},1]".to_owned();
        let mut options = "{}".to_owned();
        if let Some(Ticket { session, position }) = ticket {
            hello = format!("[\"hello\",{{\"session\":\"{session}\"}},1]");
            options = format!("{{\"since\":\"{position}\"}}");
        }
        let mut messages = vec![hello];
        for (index, room) in rooms.enumerate() {
            let join = index + 1;
            messages
                .push(format!("[\"join\",{join},\"{channel}\",{{\"room\":\"{room}\"}},{options}]"));
        }
        messages
    }

    /// What it sends after the server's greeting.
    pub fn after_greeting(&self, ticket: Option<&Ticket>) -> String {
        match ticket {
            Some(Ticket { session, position }) if !session.is_empty() => {
                format!("40{{\"pid\":\"{session}\",\"offset\":\"{position}\"}}")
            }
            _ => "40".to_owned(),
        }
    }

    /// What a server's message is.
    pub fn hear(&self, text: &[u8]) -> Heard {
        match self {
            Self::Plain { .. } => Heard::Delivery,
            Self::Realtime { .. } | Self::Objects { .. } => {
                let starts: [(&[u8], Heard); 5] = [
                    (b"[\"event\"", Heard::Delivery),
                    (b"[\"reply\"", Heard::Reply),
                    (b"[\"joined\"", Heard::Joined),
                    (b"[\"gap\"", Heard::Gap),
                    (b"[\"credit\"", Heard::Credit),
                ];
                let found = starts.iter().find(|(start, _)| text.starts_with(start));
                found.map_or(Heard::Other, |(_, heard)| *heard)
            }
            Self::SocketIo => match text {
                [b'4', b'2', ..] => Heard::Delivery,
                [b'4', b'3', ..] => Heard::Reply,
                [b'4', b'0', ..] => Heard::Joined,
                [b'0', ..] => Heard::Greeting,
                [b'2'] => Heard::Ping,
                _ => Heard::Other,
            },
        }
    }

    /// Keeps what a message says about the session and the position.
    pub fn keep(&self, text: &[u8], ticket: &mut Ticket) {
        let text = String::from_utf8_lossy(text);
        match self {
            Self::Plain { .. } => {}
            Self::Realtime { .. } | Self::Objects { .. } => {
                if let Some(session) = after(&text, "\"session\":\"") {
                    ticket.session = session;
                } else if let Some(position) = after(&text, "\"position\":\"") {
                    ticket.position = position;
                } else if text.starts_with("[\"event\"") {
                    ticket.position = text.split('"').nth(3).unwrap_or_default().to_owned();
                }
            }
            Self::SocketIo => {
                if let Some(session) = after(&text, "\"pid\":\"") {
                    ticket.session = session;
                } else if text.starts_with("42") {
                    ticket.position = text.rsplit('"').nth(1).unwrap_or_default().to_owned();
                }
            }
        }
    }

    /// The message of a sender that the server publishes.
    pub fn published(&self, text: &str) -> String {
        match self {
            Self::SocketIo => format!("42[\"publish\",\"{text}\"]"),
            _ => text.to_owned(),
        }
    }

    /// A message of a member that the server acknowledges. The numbers count from 1. The members
    /// of a channel send to their rooms in turn, because each has a limited rate.
    pub fn acknowledged(&self, number: usize, text: &str) -> String {
        match self {
            Self::Plain { .. } => text.to_owned(),
            Self::Realtime { rooms, .. } => {
                let join = number % rooms + 1;
                format!("[\"send\",{join},{number},\"echo\",{{\"text\":\"{text}\"}}]")
            }
            // The handler publishes it.
            Self::Objects { .. } => {
                format!("[\"send\",1,{number},\"say\",{{\"text\":\"{text}\"}}]")
            }
            Self::SocketIo => format!("42{number}[\"echo\",{{\"text\":\"{text}\"}}]"),
        }
    }
}

/// The text between a start and the next quotation mark.
fn after(text: &str, start: &str) -> Option<String> {
    text.split(start).nth(1)?.split('"').next().map(str::to_owned)
}
