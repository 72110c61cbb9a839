//! A member of a channel: one connection.

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;
use rustix::net::sockopt::set_socket_linger;

use crate::dialect::{Dialect, Expected, Heard, Ticket};
use crate::frames::{CLOSE, Frames, PING, PONG, TEXT, write_masked};
use crate::{handshake_with, unexpected};

/// How far a member has come.
enum State {
    Connecting,
    /// The bytes of the answer to the handshake so far.
    Upgrading(Vec<u8>),
    /// The rooms that were joined, the missed messages that came, and whether a gap was told.
    Joining {
        rooms: usize,
        messages: usize,
        gap: bool,
    },
    Joined,
}

/// What arrived.
#[derive(Clone, Copy, Debug, Default)]
pub struct Arrived {
    pub deliveries: usize,
    pub replies: usize,
}

pub struct Member {
    pub stream: TcpStream,
    dialect: Dialect,
    target: String,
    /// Its number among the members.
    number: usize,
    host: SocketAddr,
    expected: Expected,
    /// What an earlier connection kept.
    earlier: Option<Ticket>,
    /// What this connection keeps. Undefined where that would only cost time.
    ticket: Option<Ticket>,
    state: State,
    frames: Frames,
    unsent: Vec<u8>,
}

impl Member {
    /// Begins to connect.
    pub fn connect(
        host: SocketAddr,
        dialect: Dialect,
        (target, number): (String, usize),
        expected: Expected,
        earlier: Option<Ticket>,
    ) -> io::Result<Self> {
        Ok(Self {
            stream: TcpStream::connect(host)?,
            dialect,
            target,
            number,
            host,
            expected,
            ticket: Some(earlier.clone().unwrap_or_default()),
            earlier,
            state: State::Connecting,
            frames: Frames::default(),
            unsent: Vec::new(),
        })
    }

    pub fn has_joined(&self) -> bool {
        matches!(self.state, State::Joined)
    }

    /// What a later connection resumes with, if it was kept.
    pub fn ticket(&self) -> Option<Ticket> {
        self.ticket.clone()
    }

    /// Keeps nothing from now on, which costs less.
    pub fn forget(&mut self) {
        self.ticket = None;
    }

    /// The connection is open.
    pub fn writable(&mut self) -> io::Result<()> {
        if matches!(self.state, State::Connecting) {
            if let Some(error) = self.stream.take_error()? {
                return Err(error);
            }
            self.stream.set_nodelay(true)?;
            // Resets the connection at the end: thousands of connections in TIME_WAIT would use up
            // all ports.
            set_socket_linger(&self.stream, Some(Duration::ZERO))?;
            let host = self.host.to_string();
            self.unsent = handshake_with(&host, &self.target, self.dialect.subprotocol());
            self.state = State::Upgrading(Vec::new());
        }
        self.flush()
    }

    /// Sends text messages in one write, like a client that has them ready.
    pub fn send<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) -> io::Result<()> {
        for text in texts {
            write_masked(&mut self.unsent, TEXT, text.as_bytes());
        }
        self.flush()
    }

    /// Reads the available bytes.
    pub fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Arrived> {
        let mut arrived = Arrived::default();
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(unexpected("the server has closed the connection")),
                Ok(read) => self.take(&buffer[..read], &mut arrived)?,
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) =>
                {
                    self.flush()?;
                    return Ok(arrived);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn take(&mut self, bytes: &[u8], arrived: &mut Arrived) -> io::Result<()> {
        let State::Upgrading(head) = &mut self.state else {
            return self.take_frames(bytes, arrived);
        };
        head.extend_from_slice(bytes);
        let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Ok(());
        };
        if !head.starts_with(b"HTTP/1.1 101 ") {
            return Err(unexpected(String::from_utf8_lossy(head)));
        }
        let rest = head.split_off(end + 4);
        self.state = match self.dialect {
            Dialect::Plain { .. } => State::Joined,
            _ => State::Joining { rooms: 0, messages: 0, gap: false },
        };
        for text in self.dialect.opening(self.number, self.earlier.as_ref()) {
            write_masked(&mut self.unsent, TEXT, text.as_bytes());
        }
        self.take_frames(&rest, arrived)
    }

    fn take_frames(&mut self, bytes: &[u8], arrived: &mut Arrived) -> io::Result<()> {
        let Self { dialect, expected, earlier, ticket, state, frames, unsent, .. } = self;
        frames.take(bytes, |first, payload| {
            match first {
                TEXT => {}
                PING => {
                    write_masked(unsent, PONG, payload);
                    return Ok(());
                }
                CLOSE => {
                    let text = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
                    return Err(unexpected(format!("the server closes: {text}")));
                }
                _ => return Err(unexpected(format!("a frame that begins with {first:#x}"))),
            }
            // A message of a channel may hold several frames.
            payload.split(|byte| *byte == b'\n').try_for_each(|payload| {
                if let Some(ticket) = ticket {
                    dialect.keep(payload, ticket);
                }
                let heard = dialect.hear(payload);
                match heard {
                    Heard::Delivery => arrived.deliveries += 1,
                    Heard::Reply => arrived.replies += 1,
                    Heard::Credit => write_masked(unsent, TEXT, payload),
                    Heard::Ping => write_masked(unsent, TEXT, b"3"),
                    Heard::Greeting => {
                        let text = dialect.after_greeting(earlier.as_ref());
                        write_masked(unsent, TEXT, text.as_bytes());
                    }
                    Heard::Joined | Heard::Gap => {}
                    Heard::Other if payload.starts_with(b"[\"welcome\"") => {}
                    Heard::Other => return Err(unexpected(String::from_utf8_lossy(payload))),
                }
                if let State::Joining { rooms, messages, gap } = state {
                    match heard {
                        Heard::Joined => *rooms += 1,
                        Heard::Delivery => *messages += 1,
                        Heard::Gap => *gap = true,
                        _ => {}
                    }
                    let is_complete = match expected {
                        Expected::Joined => true,
                        Expected::Messages(count) => messages == count,
                        Expected::Gap => *gap,
                    };
                    if *rooms == dialect.rooms() && is_complete {
                        *state = State::Joined;
                    }
                }
                Ok(())
            })
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(written) => drop(self.unsent.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
