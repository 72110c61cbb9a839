//! Load that measures the members of a channel.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};

use crate::dialect::{Dialect, Expected, Ticket};
use crate::latency::Latency;
use crate::measuring::{PATIENCE, Rates, measure};
use crate::member::{Arrived, Member};
use crate::unexpected;

/// Connections that are opened at the same time.
const ARRIVING: usize = 256;

/// The delays between a message to a server and its deliveries.
#[derive(Clone, Copy, Debug)]
pub struct Delays {
    /// The median.
    pub p50: Duration,
    /// The 99th percentile.
    pub p99: Duration,
}

/// All members of a channel.
pub struct Crowd {
    poll: Poll,
    dialect: Dialect,
    members: Vec<Member>,
    buffer: Vec<u8>,
}

/// How members came.
#[derive(Clone, Copy, Debug)]
pub struct Came {
    /// Wall time until all were in.
    pub wall: Duration,
    /// The server's processor time for it.
    pub processor: Duration,
}

impl Crowd {
    /// Opens this number of members.
    pub fn open(address: SocketAddr, dialect: Dialect, count: usize) -> io::Result<Self> {
        let mut crowd =
            Self { poll: Poll::new()?, dialect, members: Vec::new(), buffer: vec![0; 64 * 1024] };
        crowd.add(address, count)?;
        Ok(crowd)
    }

    /// Opens more members.
    pub fn add(&mut self, address: SocketAddr, count: usize) -> io::Result<()> {
        self.arrive(address, vec![None; count], Expected::Joined)
    }

    /// The rates of deliveries. A sender lets the server publish `burst` messages of 64 characters,
    /// each time that all members have got all earlier ones. `clock` returns the server's processor
    /// time.
    pub fn deliveries(
        &mut self,
        address: SocketAddr,
        burst: usize,
        duration: Duration,
        clock: impl Fn() -> io::Result<Duration>,
    ) -> io::Result<Rates> {
        let mut sender = self.sender(address)?;
        let message = self.dialect.published(&"a".repeat(64));
        let messages = vec![message.as_str(); burst];
        for member in &mut self.members {
            member.forget();
        }
        let all = self.members.len() * burst;
        // Uncounted: the first one.
        sender.send(messages.iter().copied())?;
        self.await_deliveries(all)?;
        // Whole bursts only: a large one takes longer than the measurement on a busy machine.
        let (start, spent) = (Instant::now(), clock()?);
        let mut done = 0;
        while start.elapsed() < duration {
            sender.send(messages.iter().copied())?;
            self.await_deliveries(all)?;
            done += all;
        }
        let of = |time: Duration| done as f64 / time.as_secs_f64();
        Ok(Rates { per_second: of(start.elapsed()), per_processor_second: of(clock()? - spent) })
    }

    /// The delays of deliveries. A sender lets the server publish a message of 64 characters, each
    /// time that all members have got the one before.
    pub fn delays(&mut self, address: SocketAddr, duration: Duration) -> io::Result<Delays> {
        let mut sender = self.sender(address)?;
        let message = self.dialect.published(&"a".repeat(64));
        for member in &mut self.members {
            member.forget();
        }
        let all = self.members.len();
        let mut latency = Latency::new();
        // Uncounted: the first third, as in `measure`.
        let start = Instant::now() + duration / 3;
        while start.elapsed() < duration {
            let sent = Instant::now();
            sender.send([message.as_str()])?;
            self.await_each(all, |count| {
                for _ in 0..count {
                    if sent >= start {
                        latency.add(sent.elapsed());
                    }
                }
            })?;
        }
        Ok(Delays { p50: latency.percentile(0.5), p99: latency.percentile(0.99) })
    }

    /// Lets the server publish messages, and waits until all members have them.
    pub fn publish(&mut self, address: SocketAddr, count: usize) -> io::Result<()> {
        let mut sender = self.sender(address)?;
        let message = self.dialect.published(&"a".repeat(64));
        sender.send(vec![message.as_str(); count])?;
        if self.members.is_empty() {
            // The server handles what one connection sends in order, and nobody else can tell.
            std::thread::sleep(Duration::from_millis(500));
        }
        self.await_deliveries(self.members.len() * count)
    }

    /// The rates of answers to messages. Each member has `in_flight` messages under way.
    pub fn acknowledged(
        &mut self,
        in_flight: usize,
        duration: Duration,
        clock: impl Fn() -> io::Result<Duration>,
    ) -> io::Result<Rates> {
        let text = "a".repeat(64);
        let Self { poll, members, buffer, dialect } = self;
        let mut sent = vec![0; members.len()];
        let mut send = |member: &mut Member, index: usize, count: usize| {
            let first = sent[index] + 1;
            sent[index] += count;
            let texts: Vec<String> =
                (first..first + count).map(|number| dialect.acknowledged(number, &text)).collect();
            member.send(texts.iter().map(String::as_str))
        };
        for (index, member) in members.iter_mut().enumerate() {
            member.forget();
            send(member, index, in_flight)?;
        }
        measure(poll, duration, clock, |event, _, _| {
            let index = event.token().0;
            let Some(member) = members.get_mut(index) else { return Ok(0) };
            let Arrived { replies, .. } = member.receive(buffer)?;
            if replies > 0 {
                send(member, index, replies)?;
            }
            Ok(replies as u64)
        })
    }

    /// Resets all connections. Returns what their clients resume with.
    pub fn lose(&mut self) -> Vec<Option<Ticket>> {
        self.members.drain(..).map(|member| member.ticket()).collect()
    }

    /// Measures the time until clients are back.
    pub fn come_back(
        &mut self,
        address: SocketAddr,
        tickets: Vec<Option<Ticket>>,
        expected: Expected,
        clock: impl Fn() -> io::Result<Duration>,
    ) -> io::Result<Came> {
        let (start, spent) = (Instant::now(), clock()?);
        self.arrive(address, tickets, expected)?;
        Ok(Came { wall: start.elapsed(), processor: clock()? - spent })
    }

    /// Connects one client for each ticket.
    fn arrive(
        &mut self,
        address: SocketAddr,
        tickets: Vec<Option<Ticket>>,
        expected: Expected,
    ) -> io::Result<()> {
        let mut waiting = tickets.into_iter();
        let mut arriving = 0;
        let mut events = Events::with_capacity(1024);
        let mut answered = Instant::now();
        loop {
            while arriving < ARRIVING {
                let Some(ticket) = waiting.next() else { break };
                let number = self.members.len();
                let identity = (self.dialect.target(number), number);
                let mut member =
                    Member::connect(address, self.dialect, identity, expected, ticket)?;
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.poll.registry().register(&mut member.stream, Token(number), interest)?;
                self.members.push(member);
                arriving += 1;
            }
            if arriving == 0 {
                return Ok(());
            }
            if answered.elapsed() > PATIENCE {
                return Err(unexpected(format!("{arriving} members are not in the channel")));
            }
            self.poll.poll(&mut events, Some(Duration::from_millis(100)))?;
            for event in &events {
                answered = Instant::now();
                let member = &mut self.members[event.token().0];
                let was_in = member.has_joined();
                if event.is_writable() {
                    member.writable()?;
                }
                member.receive(&mut self.buffer)?;
                if !was_in && member.has_joined() {
                    arriving -= 1;
                }
            }
        }
    }

    /// A connection of its own whose messages the server publishes.
    fn sender(&mut self, address: SocketAddr) -> io::Result<Member> {
        let dialect = self.dialect.of_sender();
        let identity = (self.dialect.sender().to_owned(), 0);
        let mut sender = Member::connect(address, dialect, identity, Expected::Joined, None)?;
        let mut poll = Poll::new()?;
        let interest = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut sender.stream, Token(0), interest)?;
        let mut events = Events::with_capacity(8);
        let start = Instant::now();
        while !sender.has_joined() {
            if start.elapsed() > PATIENCE {
                return Err(unexpected("the sender cannot connect"));
            }
            poll.poll(&mut events, Some(Duration::from_millis(100)))?;
            for event in &events {
                if event.is_writable() {
                    sender.writable()?;
                }
                sender.receive(&mut self.buffer)?;
            }
        }
        Ok(sender)
    }

    fn await_deliveries(&mut self, missing: usize) -> io::Result<()> {
        self.await_each(missing, |_| {})
    }

    /// Calls back with each number of deliveries that arrive at once.
    fn await_each(&mut self, mut missing: usize, mut arrived: impl FnMut(usize)) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        let mut answered = Instant::now();
        while missing > 0 {
            if answered.elapsed() > PATIENCE {
                return Err(unexpected(format!("{missing} messages are missing")));
            }
            // Without sleep, as in `measure`.
            self.poll.poll(&mut events, Some(Duration::ZERO))?;
            for event in &events {
                let member = &mut self.members[event.token().0];
                let deliveries = member.receive(&mut self.buffer)?.deliveries;
                missing -= deliveries;
                arrived(deliveries);
                answered = Instant::now();
            }
        }
        Ok(())
    }
}
