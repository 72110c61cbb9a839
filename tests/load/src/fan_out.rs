//! Load that measures messages to many listeners.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rustix::net::sockopt::set_socket_linger;

use crate::echo::{Client, masked};
use crate::measuring::{PATIENCE, Rates, measure};
use crate::{open, unexpected};

/// The opcode byte of an unfragmented text message (RFC 6455, section 5.2).
const TEXT: u8 = 0x81;

/// The listeners of a server that sends a sender's messages to all of them.
pub struct FanOut {
    poll: Poll,
    listeners: Vec<Client>,
    address: SocketAddr,
    /// The size of a message in bytes.
    size: usize,
}

impl FanOut {
    /// Opens the listeners for messages of `size` bytes, less than 126.
    pub fn open(
        address: SocketAddr,
        target: &str,
        listeners: usize,
        size: usize,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        let listeners = open(address, target, listeners)?
            .into_iter()
            .enumerate()
            .map(|(index, stream)| {
                stream.set_nonblocking(true)?;
                // Resets the connection at the end: thousands of connections in TIME_WAIT would use
                // up all ports.
                set_socket_linger(&stream, Some(Duration::ZERO))?;
                let mut stream = TcpStream::from_std(stream);
                poll.registry().register(&mut stream, Token(index), Interest::READABLE)?;
                Ok(Client::new(stream, TEXT, 2 + size))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self { poll, listeners, address, size })
    }

    /// The rates of deliveries. A sender at `target` sends `burst` messages in one write, each time
    /// that all listeners have got all earlier ones. `clock` returns the server's processor time.
    pub fn run(
        &mut self,
        target: &str,
        burst: usize,
        duration: Duration,
        clock: impl Fn() -> io::Result<Duration>,
    ) -> io::Result<Rates> {
        let Self { poll, listeners, address, size } = self;
        let stream = open(*address, target, 1)?.remove(0);
        stream.set_nonblocking(true)?;
        set_socket_linger(&stream, Some(Duration::ZERO))?;
        let mut sender = Client::new(TcpStream::from_std(stream), TEXT, 2 + *size);
        let message = masked(TEXT, *size);
        let all = listeners.len() * burst;
        let mut buffer = vec![0; 64 * 1024];
        sender.send(&message, burst)?;
        let mut missing = all;
        let rates = measure(poll, duration, clock, |event, _, _| {
            let delivered = listeners[event.token().0].receive(&mut buffer)?;
            missing -= delivered;
            if missing == 0 {
                missing = all;
                sender.send(&message, burst)?;
            }
            Ok(delivered as u64)
        })?;
        // The last events of the measurement were not handled.
        for listener in &mut *listeners {
            missing -= listener.receive(&mut buffer)?;
        }
        let mut answered = Instant::now();
        let mut events = Events::with_capacity(1024);
        while missing > 0 {
            if answered.elapsed() > PATIENCE {
                return Err(unexpected(format!("{missing} messages are missing")));
            }
            poll.poll(&mut events, Some(Duration::from_millis(100)))?;
            for event in &events {
                missing -= listeners[event.token().0].receive(&mut buffer)?;
                answered = Instant::now();
            }
        }
        Ok(rates)
    }
}
