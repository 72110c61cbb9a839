//! One connection of a line: two sockets, and the bytes between them.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use rustix::net::sockopt::set_socket_linger;

use super::End;

/// Bytes that may wait in each direction. Further ones wait in the socket of their sender.
const MOST: usize = 1024 * 1024;

/// A client, and the server that it is connected to.
pub struct Connection {
    client: TcpStream,
    server: TcpStream,
    up: Direction,
    down: Direction,
    /// Bytes were lost, so that later ones make no sense any more.
    is_lost: bool,
}

/// The bytes of one direction.
#[derive(Default)]
struct Direction {
    /// The oldest first, with the time at which they may arrive.
    waiting: VecDeque<(Instant, Vec<u8>)>,
    /// The number of waiting bytes.
    size: usize,
    /// The receiver takes no more for now.
    is_blocked: bool,
    /// The sender has closed its half.
    has_ended: bool,
    /// That was passed on.
    is_finished: bool,
}

impl Connection {
    pub fn new(client: TcpStream, server: TcpStream) -> Self {
        let (up, down) = (Direction::default(), Direction::default());
        Self { client, server, up, down, is_lost: false }
    }

    /// Forwards what has arrived. Returns false when the connection has ended.
    pub fn forward(&mut self, delay: Duration) -> bool {
        if self.is_lost {
            return self.lose();
        }
        let Self { client, server, up, down, .. } = self;
        let passed = up.pass(client, server, delay).and_then(|()| down.pass(server, client, delay));
        match passed {
            Ok(()) => !(up.is_finished && down.is_finished),
            Err(_) => {
                // The other end is told as well.
                let _ = set_socket_linger(&*client, Some(Duration::ZERO));
                let _ = set_socket_linger(&*server, Some(Duration::ZERO));
                false
            }
        }
    }

    /// Reads and forgets what has arrived. The ends learn nothing of each other, not even of a
    /// close.
    pub fn lose(&mut self) -> bool {
        self.up.waiting.clear();
        self.down.waiting.clear();
        let mut buffer = [0; 16 * 1024];
        for socket in [&mut self.client, &mut self.server] {
            while matches!(socket.read(&mut buffer), Ok(1..)) {
                self.is_lost = true;
            }
        }
        true
    }

    /// The time of the next bytes that wait for one, and not for their receiver.
    pub fn due(&self) -> Option<Instant> {
        let unblocked = [&self.up, &self.down].into_iter().filter(|one| !one.is_blocked);
        unblocked.filter_map(|one| one.waiting.front()).map(|(due, _)| *due).min()
    }

    pub fn end(self, end: End) {
        for socket in [self.client, self.server] {
            match end {
                End::Reset => reset(socket),
                End::Finish => {
                    let _ = socket.shutdown(Shutdown::Both);
                }
            }
        }
    }
}

impl Direction {
    fn pass(
        &mut self,
        from: &mut TcpStream,
        to: &mut TcpStream,
        delay: Duration,
    ) -> io::Result<()> {
        let mut buffer = [0; 16 * 1024];
        self.is_blocked = false;
        loop {
            let mut has_changed = false;
            if !self.has_ended && self.size < MOST {
                match from.read(&mut buffer) {
                    Ok(0) => {
                        self.has_ended = true;
                        has_changed = true;
                    }
                    Ok(length) => {
                        let due = Instant::now() + delay;
                        self.waiting.push_back((due, buffer[..length].to_vec()));
                        self.size += length;
                        has_changed = true;
                    }
                    Err(error) if is_unready(&error) => {}
                    Err(error) => return Err(error),
                }
            }
            let now = Instant::now();
            while let Some((_, bytes)) = self.waiting.front_mut().filter(|(due, _)| *due <= now) {
                match to.write(bytes) {
                    Ok(written) => {
                        bytes.drain(..written);
                        self.size -= written;
                        has_changed = true;
                        if bytes.is_empty() {
                            self.waiting.pop_front();
                        }
                    }
                    Err(error) if is_unready(&error) => {
                        self.is_blocked = true;
                        break;
                    }
                    Err(error) => return Err(error),
                }
            }
            if self.has_ended && !self.is_finished && self.waiting.is_empty() {
                let _ = to.shutdown(Shutdown::Write);
                self.is_finished = true;
            }
            if !has_changed {
                return Ok(());
            }
        }
    }
}

/// Ends a connection by TCP RST.
pub fn reset(socket: TcpStream) {
    let _ = set_socket_linger(&socket, Some(Duration::ZERO));
}

fn is_unready(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
