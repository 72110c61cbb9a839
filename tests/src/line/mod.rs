//! A network between clients and servers, with faults that a test controls.
//!
//! One thread forwards all connections of a line. It owns their sockets, so that a fault is complete
//! when the call returns.

mod connection;

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};

use connection::Connection;

/// What a line does with connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Bytes arrive.
    Open,
    /// Bytes arrive this much later.
    Slow(Duration),
    /// Bytes are lost, and nobody is told. New connections hang.
    Dead,
    /// New connections are reset.
    Refusing,
}

/// How the connections of a line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By TCP RST, as after the crash of a machine that is up again.
    Reset,
    /// By TCP FIN, as when a process ends.
    Finish,
}

/// A change of the line's thread.
type Change = Box<dyn FnOnce(&mut Exchange) + Send>;

/// Forwards connections until it is dropped.
pub struct Line {
    address: SocketAddr,
    changes: Sender<Change>,
    waker: Waker,
}

impl Line {
    /// Starts it in front of a server.
    pub fn to(server: SocketAddr) -> Result<Self> {
        Self::to_each(&[server])
    }

    /// Starts it in front of several servers. Each connection goes to the next one in turn.
    pub fn to_each(servers: &[SocketAddr]) -> Result<Self> {
        ensure!(!servers.is_empty(), "a line needs a server");
        let mut listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let address = listener.local_addr()?;
        let poll = Poll::new()?;
        let waker = Waker::new(poll.registry(), WAKE)?;
        poll.registry().register(&mut listener, ARRIVAL, Interest::READABLE)?;
        let (changes, waiting) = channel();
        let exchange = Exchange {
            poll,
            listener,
            servers: servers.to_vec(),
            state: State::Open,
            connections: HashMap::new(),
            hanging: Vec::new(),
            accepted: 0,
            connected: 0,
        };
        thread::Builder::new().name("line".to_owned()).spawn(move || exchange.run(&waiting))?;
        Ok(Self { address, changes, waker })
    }

    /// The address that clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes no longer arrive, and nobody is told. New connections hang.
    pub fn die(&self) -> Result<()> {
        self.become_state(State::Dead)
    }

    /// Bytes arrive this much later.
    pub fn slow_down(&self, delay: Duration) -> Result<()> {
        self.become_state(State::Slow(delay))
    }

    /// All connections end, and new ones are reset.
    pub fn cut(&self, end: End) -> Result<()> {
        self.become_state(State::Refusing)?;
        self.drop_connections(end)
    }

    /// All connections end. New ones work.
    pub fn drop_connections(&self, end: End) -> Result<()> {
        self.change(move |exchange| exchange.end_all(end))
    }

    /// New connections work, at full speed. Bytes that were lost stay lost, and their connections
    /// stay dead.
    pub fn revive(&self) -> Result<()> {
        self.become_state(State::Open)
    }

    /// New connections go to other servers.
    pub fn aim_at(&self, servers: &[SocketAddr]) -> Result<()> {
        ensure!(!servers.is_empty(), "a line needs a server");
        let servers = servers.to_vec();
        self.change(move |exchange| exchange.servers = servers)
    }

    /// The number of open connections.
    pub fn open(&self) -> Result<usize> {
        self.change(|exchange| exchange.connections.len())
    }

    /// The number of connections that were ever accepted.
    pub fn accepted(&self) -> Result<usize> {
        self.change(|exchange| exchange.accepted)
    }

    fn become_state(&self, state: State) -> Result<()> {
        self.change(move |exchange| exchange.become_state(state))
    }

    /// Lets the thread do something, and waits for the result.
    fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Exchange) -> T + Send + 'static,
    ) -> Result<T> {
        let (sender, result) = channel();
        let change: Change = Box::new(move |exchange| {
            // The caller waits below.
            let _ = sender.send(change(exchange));
        });
        self.changes.send(change).map_err(|_| anyhow::anyhow!("{ENDED}"))?;
        self.waker.wake()?;
        result.recv().context(ENDED)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // The thread ends when it finds that nobody can send changes any more.
        let (unused, _) = channel();
        self.changes = unused;
        let _ = self.waker.wake();
    }
}

const ENDED: &str = "the thread of the line has ended";

const WAKE: Token = Token(0);
const ARRIVAL: Token = Token(1);

/// The tokens of connections: each has two sockets.
const FIRST: usize = 2;

/// The state of the thread.
struct Exchange {
    poll: Poll,
    listener: TcpListener,
    servers: Vec<SocketAddr>,
    state: State,
    /// By their number.
    connections: HashMap<usize, Connection>,
    /// Clients that connected while the line was dead.
    hanging: Vec<TcpStream>,
    accepted: usize,
    /// The number of the next connection.
    connected: usize,
}

impl Exchange {
    /// Forwards until the owner of the line is gone. All connections end with the thread.
    fn run(mut self, changes: &Receiver<Change>) {
        let mut events = Events::with_capacity(256);
        loop {
            let due = self.connections.values().filter_map(Connection::due).min();
            let wait = due.map(|due| due.saturating_duration_since(Instant::now()));
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
                _ => {}
            }
            let now = Instant::now();
            let mut ready: Vec<usize> = Vec::new();
            for event in &events {
                match event.token() {
                    WAKE => {}
                    ARRIVAL => self.accept(),
                    Token(token) => ready.push((token - FIRST) / 2),
                }
            }
            let is_due = |connection: &Connection| connection.due().is_some_and(|due| due <= now);
            let due = self.connections.iter().filter(|(_, connection)| is_due(connection));
            ready.extend(due.map(|(number, _)| *number));
            self.forward(&ready);
            loop {
                match changes.try_recv() {
                    Ok(change) => change(&mut self),
                    Err(std::sync::mpsc::TryRecvError::Empty) => break,
                    Err(std::sync::mpsc::TryRecvError::Disconnected) => return,
                }
            }
        }
    }

    fn accept(&mut self) {
        while let Ok((client, _)) = self.listener.accept() {
            self.accepted += 1;
            match self.state {
                State::Dead => self.hanging.push(client),
                State::Refusing => connection::reset(client),
                State::Open | State::Slow(_) => self.connect(client),
            }
        }
    }

    /// Connects a client to the next server. Without a server, its connection is reset.
    fn connect(&mut self, mut client: TcpStream) {
        let number = self.connected;
        self.connected += 1;
        let target = self.servers[number % self.servers.len()];
        let Ok(server) = std::net::TcpStream::connect(target) else {
            return connection::reset(client);
        };
        let register = || -> io::Result<TcpStream> {
            server.set_nonblocking(true)?;
            server.set_nodelay(true)?;
            client.set_nodelay(true)?;
            let mut server = TcpStream::from_std(server);
            let both = Interest::READABLE | Interest::WRITABLE;
            let registry = self.poll.registry();
            registry.register(&mut client, Token(FIRST + 2 * number), both)?;
            registry.register(&mut server, Token(FIRST + 2 * number + 1), both)?;
            Ok(server)
        };
        if let Ok(server) = register() {
            self.connections.insert(number, Connection::new(client, server));
            self.forward(&[number]);
        }
    }

    fn forward(&mut self, numbers: &[usize]) {
        for number in numbers {
            let Some(connection) = self.connections.get_mut(number) else { continue };
            let goes_on = match self.state {
                State::Dead => connection.lose(),
                State::Slow(delay) => connection.forward(delay),
                State::Open | State::Refusing => connection.forward(Duration::ZERO),
            };
            if !goes_on {
                self.connections.remove(number);
            }
        }
    }

    fn become_state(&mut self, state: State) {
        // Bytes that arrived before the change were on their way already.
        let numbers: Vec<usize> = self.connections.keys().copied().collect();
        self.forward(&numbers);
        self.state = state;
        if state != State::Dead {
            for client in std::mem::take(&mut self.hanging) {
                self.connect(client);
            }
        }
    }

    fn end_all(&mut self, end: End) {
        for (_, connection) in self.connections.drain() {
            connection.end(end);
        }
        for client in self.hanging.drain(..) {
            connection::reset(client);
        }
    }
}
