//! Load that measures echoed messages.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Poll, Token};

use crate::latency::Latency;
use crate::measuring::{Rates, measure};
use crate::{open, unexpected};

/// Connections to an echo server, each with a number of messages in flight.
#[derive(Clone, Debug)]
pub struct Echo {
    /// The address of the server.
    pub address: SocketAddr,
    /// The path of its echo route.
    pub target: String,
    /// The number of connections.
    pub connections: usize,
    /// The number of messages in flight per connection.
    pub in_flight: usize,
    /// The size of a message in bytes, below 64 KiB.
    pub size: usize,
    /// Sends binary messages instead of text.
    pub is_binary: bool,
}

/// The measured performance of a server.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The rates of echoed messages.
    pub rates: Rates,
    /// The 99th percentile of the round-trip time.
    pub p99: Duration,
}

impl Echo {
    /// Measures for this long, after an uncounted third of it. `clock` returns the server's
    /// processor time.
    pub fn run(
        &self,
        duration: Duration,
        clock: impl Fn() -> io::Result<Duration>,
    ) -> io::Result<Measured> {
        let mut poll = Poll::new()?;
        let mut clients = Vec::new();
        for (index, stream) in
            open(self.address, &self.target, self.connections)?.into_iter().enumerate()
        {
            stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(stream);
            let interest = Interest::READABLE | Interest::WRITABLE;
            poll.registry().register(&mut stream, Token(index), interest)?;
            clients.push(Client::new(stream, self.opcode(), self.header_length() + self.size));
        }
        let message = masked(self.opcode(), self.size);
        for client in &mut clients {
            client.send(&message, self.in_flight)?;
        }

        let mut latency = Latency::new();
        let mut buffer = vec![0; 256 * 1024];
        let rates = measure(&mut poll, duration, clock, |event, now, is_counted| {
            let client = &mut clients[event.token().0];
            if event.is_writable() {
                client.flush()?;
            }
            let back = client.receive(&mut buffer)?;
            for _ in 0..back {
                if let Some(sent) = client.sent.pop_front().filter(|_| is_counted) {
                    latency.add(now - sent);
                }
            }
            client.send(&message, back)?;
            Ok(back as u64)
        })?;
        Ok(Measured { rates, p99: latency.percentile(0.99) })
    }

    fn opcode(&self) -> u8 {
        if self.is_binary { 0x82 } else { 0x81 }
    }

    /// The header length of a frame from the server, which is unmasked (RFC 6455, section 5.2).
    fn header_length(&self) -> usize {
        if self.size < 126 { 2 } else { 4 }
    }
}

/// A masked frame with a payload of `size` bytes, below 64 KiB. The mask is not zero, or the server
/// could skip the unmasking.
pub fn masked(opcode: u8, size: usize) -> Vec<u8> {
    const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
    let mut frame = vec![opcode];
    if size < 126 {
        frame.push(0x80 | size as u8);
    } else {
        frame.push(0x80 | 126);
        frame.extend((size as u16).to_be_bytes());
    }
    frame.extend(MASK);
    frame.extend((0..size).map(|index| b'a' ^ MASK[index % 4]));
    frame
}

/// The first byte of an unfragmented ping (RFC 6455, sections 5.2 and 5.5.2).
const PING: u8 = 0x89;

/// The position of the input within a ping. Some servers send pings on their own.
enum Ping {
    Nowhere,
    BeforeLength,
    Payload(usize),
}

/// A connection that counts the messages it receives.
pub struct Client {
    stream: TcpStream,
    opcode: u8,
    frame_length: usize,
    /// The received bytes of the current frame.
    received: usize,
    ping: Ping,
    unsent: Vec<u8>,
    sent: VecDeque<Instant>,
}

impl Client {
    pub fn new(stream: TcpStream, opcode: u8, frame_length: usize) -> Self {
        Self {
            stream,
            opcode,
            frame_length,
            received: 0,
            ping: Ping::Nowhere,
            unsent: Vec::new(),
            sent: VecDeque::new(),
        }
    }

    /// Sends `count` messages in one write, like a client that has them ready.
    pub fn send(&mut self, message: &[u8], count: usize) -> io::Result<()> {
        if count == 0 {
            return Ok(());
        }
        let now = Instant::now();
        for _ in 0..count {
            self.unsent.extend_from_slice(message);
            self.sent.push_back(now);
        }
        self.flush()
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

    /// Reads the available bytes and counts the completed messages.
    pub fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut complete = 0;
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(unexpected("the server has closed the connection")),
                Ok(read) => complete += self.count(&buffer[..read])?,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(complete),
                Err(error) => return Err(error),
            }
        }
    }

    /// All frames have the same length, so only their first byte is checked. Pings in between are
    /// skipped.
    fn count(&mut self, mut bytes: &[u8]) -> io::Result<usize> {
        let mut complete = 0;
        while let Some(first) = bytes.first() {
            let passed_over = match self.ping {
                Ping::Nowhere if self.received == 0 && *first == PING => {
                    self.ping = Ping::BeforeLength;
                    1
                }
                Ping::Nowhere => 0,
                Ping::BeforeLength => {
                    self.ping = Ping::Payload(usize::from(first & 0x7f));
                    1
                }
                Ping::Payload(0) => {
                    self.ping = Ping::Nowhere;
                    continue;
                }
                Ping::Payload(left) => {
                    let taken = bytes.len().min(left);
                    self.ping = Ping::Payload(left - taken);
                    taken
                }
            };
            if passed_over > 0 {
                bytes = &bytes[passed_over..];
                continue;
            }
            if self.received == 0 && bytes[0] != self.opcode {
                return Err(unexpected(format!(
                    "not an echo: {:x?}",
                    &bytes[..bytes.len().min(40)]
                )));
            }
            let taken = bytes.len().min(self.frame_length - self.received);
            bytes = &bytes[taken..];
            self.received = (self.received + taken) % self.frame_length;
            complete += usize::from(self.received == 0);
        }
        Ok(complete)
    }
}
