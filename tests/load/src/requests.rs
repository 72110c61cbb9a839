//! Sequential requests and handshakes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{self, SocketAddr};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Poll, Registry, Token};
use rustix::net::sockopt::set_socket_linger;

use crate::measuring::{Rates, measure};
use crate::{handshake, unexpected};

/// Opens WebSockets one after the other.
pub fn open(address: SocketAddr, target: &str, count: usize) -> io::Result<Vec<net::TcpStream>> {
    let request = handshake(&address.to_string(), target);
    (0..count)
        .map(|_| {
            let mut stream = net::TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(Duration::from_secs(10)))?;
            stream.write_all(&request)?;
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") {
                stream.read_exact(&mut byte)?;
                head.extend(byte);
            }
            if !head.starts_with(b"HTTP/1.1 101 ") {
                return Err(unexpected(String::from_utf8_lossy(&head)));
            }
            Ok(stream)
        })
        .collect()
}

/// Clients that repeatedly send a request and wait for its answer.
#[derive(Clone, Debug)]
pub struct Requests {
    /// The address of the server.
    pub address: SocketAddr,
    /// The bytes of a request.
    pub request: Vec<u8>,
    /// The number of clients.
    pub clients: usize,
    /// Whether a client keeps its connection, or opens a new one for each request.
    pub keep_alive: bool,
    /// The expected start of each answer, for example `HTTP/1.1 101 `.
    pub expected: &'static str,
}

impl Requests {
    /// The rates of answers, after an uncounted third of the time. `clock` returns the server's
    /// processor time.
    pub fn run(
        &self,
        duration: Duration,
        clock: impl Fn() -> io::Result<Duration>,
    ) -> io::Result<Rates> {
        let mut poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let mut clients = Vec::new();
        for index in 0..self.clients {
            clients.push(self.connect(&registry, index)?);
        }
        let mut buffer = vec![0; 64 * 1024];
        measure(&mut poll, duration, clock, |event, _, _| {
            let client = &mut clients[event.token().0];
            if event.is_writable() && !client.is_sent {
                client.stream.set_nodelay(true)?;
                client.stream.write_all(&self.request)?;
                client.is_sent = true;
            }
            if !client.is_answered(&mut buffer)? {
                return Ok(0);
            }
            if !client.answer.starts_with(self.expected.as_bytes()) {
                return Err(unexpected(String::from_utf8_lossy(&client.answer)));
            }
            if self.keep_alive {
                client.answer.clear();
                client.stream.write_all(&self.request)?;
            } else {
                // Resets the connection: a minute of connections in TIME_WAIT would use up all
                // ports.
                set_socket_linger(&client.stream, Some(Duration::ZERO))?;
                registry.deregister(&mut client.stream)?;
                *client = self.connect(&registry, event.token().0)?;
            }
            Ok(1)
        })
    }

    fn connect(&self, registry: &Registry, index: usize) -> io::Result<Client> {
        let mut stream = TcpStream::connect(self.address)?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut stream, Token(index), interest)?;
        Ok(Client { stream, is_sent: false, answer: Vec::new() })
    }
}

struct Client {
    stream: TcpStream,
    is_sent: bool,
    answer: Vec<u8>,
}

impl Client {
    /// Reads the available bytes. Returns whether the answer is complete.
    fn is_answered(&mut self, buffer: &mut [u8]) -> io::Result<bool> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(unexpected("the server has closed the connection")),
                Ok(read) => self.answer.extend_from_slice(&buffer[..read]),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) =>
                {
                    return Ok(is_complete(&self.answer));
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_complete(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let body = &answer[end + 4..];
    match head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok()) {
        Some(length) => body.len() >= length,
        None => !head.contains("transfer-encoding: chunked") || body.ends_with(b"0\r\n\r\n"),
    }
}
