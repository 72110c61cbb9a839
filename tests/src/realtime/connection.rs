//! A socket that speaks the protocol and checks the order of its channels.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::client::Violation;
use super::protocol::{ClientFrame, Message, ServerFrame};
use crate::client::{Received, Socket};

/// A connection of a client.
pub struct Connection {
    /// The socket.
    pub socket: Socket,
    /// The Durable Object that it ends in, where there are any and it is known.
    pub object: Option<String>,
    /// The code and reason with which the server has closed it.
    pub close: Option<(u16, String)>,
    /// The number of pongs so far.
    pub pongs: u64,
    /// Frames of the newest message that were not read yet.
    lines: VecDeque<String>,
    /// Added to the numbers of its channels, so that those of a client's connections differ.
    offset: u64,
    /// The position in each channel, by the channel's number.
    positions: HashMap<u64, String>,
}

impl Connection {
    /// A connection over an open socket. Its channels are numbered from `offset` on.
    pub fn new(socket: Socket, object: Option<String>, offset: u64) -> Self {
        Self {
            socket,
            object,
            close: None,
            pongs: 0,
            lines: VecDeque::new(),
            offset,
            positions: HashMap::new(),
        }
    }

    /// Sends a frame.
    pub fn write(&mut self, frame: &ClientFrame) -> Result<()> {
        self.write_message(&frame.write())
    }

    /// Sends a message, which may be no frame.
    pub fn write_message(&mut self, message: &Message) -> Result<()> {
        match message {
            Message::Text(text) => self.socket.send(text),
            Message::Binary(bytes) => self.socket.send_binary(bytes),
        }
    }

    /// The position in a channel.
    pub fn position(&self, channel: u64) -> Option<&String> {
        self.positions.get(&channel)
    }

    /// Whether the server has not closed it.
    pub fn is_open(&self) -> bool {
        self.close.is_none()
    }

    /// The next frame, if one comes in this time. A pong and a close are none.
    pub fn read(&mut self, limit: Duration) -> Result<Reading> {
        if let Some(line) = self.lines.pop_front() {
            return self.frame(&Message::Text(line));
        }
        let message = match self.socket.receive(limit)? {
            None => return Ok(Reading::Nothing),
            Some(Received::Closed(code, reason)) => {
                self.close = Some((code, reason));
                return Ok(Reading::Other);
            }
            Some(Received::Text(text)) if text == "pong" => {
                self.pongs += 1;
                return Ok(Reading::Other);
            }
            Some(Received::Text(text)) => {
                self.lines.extend(text.split('\n').map(str::to_owned));
                return self.read(limit);
            }
            Some(Received::Binary(bytes)) => Message::Binary(bytes),
        };
        self.frame(&message)
    }

    fn frame(&mut self, message: &Message) -> Result<Reading> {
        let mut frame = ServerFrame::read(message)?
            .with_context(|| format!("this frame is not in the protocol: {message:?}"))?;
        if let Some(channel) = frame.channel_mut() {
            *channel += self.offset;
        }
        self.follow(&frame)?;
        Ok(Reading::Frame(Box::new(frame)))
    }

    /// Checks that each kept message names the one before it.
    fn follow(&mut self, frame: &ServerFrame) -> Result<()> {
        let (channel, position) = match frame {
            ServerFrame::Joined { channel, details, .. } => (channel, &details.position),
            ServerFrame::Event(event) => {
                let known = self.positions.get(&event.channel);
                ensure!(
                    known.is_some(),
                    Violation(format!("the channel is not joined: {event:?}"))
                );
                let follows = known == event.previous.as_ref();
                ensure!(follows, Violation(format!("it does not follow {known:?}: {event:?}")));
                (&event.channel, &event.position)
            }
            ServerFrame::Gap { channel, position, .. } => (channel, position),
            ServerFrame::Snapshot(event) => (&event.channel, &event.position),
            _ => return Ok(()),
        };
        self.positions.insert(*channel, position.clone());
        Ok(())
    }
}

/// What a connection got.
pub enum Reading {
    /// Nothing in the given time.
    Nothing,
    /// A pong, or the end of the connection.
    Other,
    /// A frame.
    Frame(Box<ServerFrame>),
}
