//! An open WebSocket.

use std::io::ErrorKind;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_linger;
use tungstenite::protocol::{CloseFrame, Message, WebSocket};

use super::response::Headers;
use super::stream::Stream;
use crate::patience::PATIENCE;

/// The shortest timeout: zero would disable it.
const MIN_TIMEOUT: Duration = Duration::from_millis(1);

/// What a server sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Received {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
    /// The close frame, with 1005 if it had no code.
    Closed(u16, String),
}

/// An open WebSocket.
pub struct Socket {
    /// The headers of the 101.
    pub headers: Headers,
    frames: WebSocket<Stream>,
}

impl Socket {
    pub(super) fn new(headers: Headers, frames: WebSocket<Stream>) -> Self {
        Self { headers, frames }
    }

    /// Sends a text message.
    pub fn send(&mut self, text: &str) -> Result<()> {
        Ok(self.frames.send(Message::text(text))?)
    }

    /// Sends a binary message.
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.frames.send(Message::binary(bytes.to_vec()))?)
    }

    /// Waits for the next message, which must be text.
    pub fn text(&mut self) -> Result<String> {
        match self.message()? {
            Message::Text(text) => Ok(text.to_string()),
            other => bail!("expected a text message: {other:?}"),
        }
    }

    /// Waits for the next message, which must be text. Returns `None` if none arrives within
    /// `limit`.
    pub fn text_within(&mut self, limit: Duration) -> Result<Option<String>> {
        match self.receive(limit)? {
            None => Ok(None),
            Some(Received::Text(text)) => Ok(Some(text)),
            Some(other) => bail!("expected a text message: {other:?}"),
        }
    }

    /// Waits for the next message or close frame. Returns `None` if none arrives within `limit`.
    pub fn receive(&mut self, limit: Duration) -> Result<Option<Received>> {
        let deadline = Instant::now() + limit;
        let message = loop {
            // A timeout of zero would disable it.
            let left = deadline.saturating_duration_since(Instant::now()).max(MIN_TIMEOUT);
            self.frames.get_ref().tcp().set_read_timeout(Some(left))?;
            match self.frames.read() {
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
                message => break message,
            }
        };
        self.frames.get_ref().tcp().set_read_timeout(Some(PATIENCE))?;
        match message {
            Ok(Message::Text(text)) => Ok(Some(Received::Text(text.to_string()))),
            Ok(Message::Binary(bytes)) => Ok(Some(Received::Binary(bytes.to_vec()))),
            Ok(Message::Close(close)) => {
                let (code, reason) = close.map_or((1005, String::new()), |close| {
                    (close.code.into(), close.reason.to_string())
                });
                // Finishes the closing handshake.
                let _ = self.closed();
                Ok(Some(Received::Closed(code, reason)))
            }
            Ok(other) => bail!("expected a message: {other:?}"),
            Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for the next message, which must be text. Returns `None` if the server closes instead.
    pub fn text_or_close(&mut self) -> Result<Option<String>> {
        match self.message()? {
            Message::Text(text) => Ok(Some(text.to_string())),
            Message::Close(_) => self.closed().map(|_| None),
            other => bail!("expected a text message: {other:?}"),
        }
    }

    /// Waits for the next message, which must be binary.
    pub fn binary(&mut self) -> Result<Vec<u8>> {
        match self.message()? {
            Message::Binary(bytes) => Ok(bytes.to_vec()),
            other => bail!("expected a binary message: {other:?}"),
        }
    }

    /// Returns when the server has read all earlier bytes: it has answered a ping.
    pub fn synchronise(&mut self) -> Result<()> {
        self.frames.send(Message::Ping("synchronise".into()))?;
        match self.frames.read().context("no pong came")? {
            Message::Pong(_) => Ok(()),
            other => bail!("expected a pong: {other:?}"),
        }
    }

    /// Closes the connection and returns the code and reason of the server's answer.
    pub fn close(&mut self, code: u16, reason: &str) -> Result<(u16, String)> {
        self.frames.close(Some(CloseFrame { code: code.into(), reason: reason.into() }))?;
        self.closed()
    }

    /// Closes the connection without a code, like `close()` in browsers, and returns the answer.
    pub fn close_without_code(&mut self) -> Result<(u16, String)> {
        self.frames.close(None)?;
        self.closed()
    }

    /// Waits until the server closes the connection, and returns its code and reason. Skips earlier
    /// messages.
    pub fn closed(&mut self) -> Result<(u16, String)> {
        let mut frame = None;
        loop {
            match self.frames.read() {
                Ok(Message::Close(close)) => frame = Some(close),
                Ok(_) => {}
                Err(tungstenite::Error::ConnectionClosed) => break,
                Err(tungstenite::Error::Io(error))
                    if frame.is_some() && error.kind() != ErrorKind::WouldBlock =>
                {
                    break;
                }
                Err(error) => {
                    return Err(anyhow!(error).context("the connection was not closed properly"));
                }
            }
        }
        // The server closes its half of the connection first, then waits for ours (RFC 6455,
        // section 7.1.1).
        let _ = self.frames.get_ref().tcp().shutdown(Shutdown::Both);
        match frame.flatten() {
            Some(close) => Ok((close.code.into(), close.reason.to_string())),
            // The browser API reports this code for a close frame without one.
            None => Ok((1005, String::new())),
        }
    }

    /// Like [`closed`](Self::closed), but returns `None` if the server does not close within
    /// `limit`.
    pub fn closed_within(&mut self, limit: Duration) -> Result<Option<(u16, String)>> {
        self.frames.get_ref().tcp().set_read_timeout(Some(limit))?;
        let closed = self.closed();
        self.frames.get_ref().tcp().set_read_timeout(Some(PATIENCE))?;
        match closed {
            Err(error) if is_silence(&error) => Ok(None),
            closed => closed.map(Some),
        }
    }

    /// Resets the connection (TCP RST).
    pub fn reset(self) -> Result<()> {
        set_socket_linger(self.frames.get_ref().tcp(), Some(Duration::ZERO))?;
        Ok(())
    }

    fn message(&mut self) -> Result<Message> {
        loop {
            match self.frames.read().context("no message came")? {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return Ok(message),
            }
        }
    }
}

/// Waits until one of the sockets has something to read. What they have read already must be taken.
pub fn wait_for_any<'s>(sockets: impl Iterator<Item = &'s Socket>, limit: Duration) -> Result<()> {
    let mut polled: Vec<PollFd<'_>> =
        sockets.map(|it| PollFd::new(it.frames.get_ref().tcp(), PollFlags::IN)).collect();
    poll(&mut polled, Some(&Timespec::try_from(limit)?))?;
    Ok(())
}

fn is_silence(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref::<tungstenite::Error>(),
        Some(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock
    )
}
