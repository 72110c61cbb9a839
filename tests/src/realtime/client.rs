//! A client of the realtime protocol, which checks the order of every channel.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value;

use super::connection::{Connection, Reading};
use super::identity::{ENDPOINT, Identity, open};
use super::objects::{encode, hibernate, of_channel, of_user};
use super::protocol::{
    Changes, ClientFrame, Data, Details, ErrorData, Event, Message, PresentMember, ServerFrame,
    Welcome,
};
use crate::client::{Headers, Socket, wait_for_any};
use crate::patience::PATIENCE;
use crate::server::{Peer, Server};

/// Without it, a receiver that is read in small pieces would spin.
const STEP: Duration = Duration::from_millis(250);

/// The server has broken a promise. Other errors can be those of the connection.
#[derive(Debug)]
pub struct Violation(pub String);

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Violation {}

/// More than a connection has channels.
const CHANNELS: u64 = 1 << 32;

/// A page, or another client. It has one connection for all channels or one for each, as the server
/// wants it.
pub struct Client {
    opener: Opener,
    /// The first one is there from the beginning: that of the user, or of a visitor.
    connections: Vec<Connection>,
    /// The connection of the last frame to the server.
    current: usize,
    /// The connection of each channel, where each has one, by the target of its handshake.
    by_target: HashMap<String, usize>,
    /// The connection of each join, by its reference.
    by_reference: HashMap<u64, usize>,
    /// The answer to `hello`. Its session stands for those of all connections.
    pub welcome: Welcome,
    sessions: Sessions,
    /// Frames that no test has taken yet.
    unread: VecDeque<ServerFrame>,
    /// Whether it answers `credit` by itself.
    pub acknowledges: bool,
    /// Whether the objects that it speaks to may be evicted between its steps.
    pub hibernates: bool,
    references: u64,
    ids: u64,
}

/// Durable Objects that are evicted between the steps of a test.
struct Objects {
    peer: Peer,
    names: Vec<String>,
}

impl Objects {
    fn sleep(&self) -> Result<()> {
        self.names.iter().try_for_each(|name| hibernate(&self.peer, name))
    }
}

/// What further connections are opened with.
struct Opener {
    peer: Peer,
    identity: Identity,
    version: Option<String>,
}

/// The secrets of the sessions of a client's connections.
#[derive(Clone, Debug, Default)]
struct Sessions {
    first: Option<String>,
    by_target: BTreeMap<String, String>,
}

impl Sessions {
    /// Reads what [`text`](Self::text) has written.
    fn read(text: &str) -> Self {
        let mut parts = text.split(' ');
        let first = parts.next().map(str::to_owned);
        let by_target = parts.filter_map(|part| part.split_once('='));
        let by_target = by_target.map(|(secret, target)| (target.to_owned(), secret.to_owned()));
        Self { first, by_target: by_target.collect() }
    }

    /// All secrets as one text. It is the secret itself, where a client has one connection.
    fn text(&self) -> String {
        let mut text = self.first.clone().unwrap_or_default();
        for (target, secret) in &self.by_target {
            text.push_str(&format!(" {secret}={target}"));
        }
        text
    }
}

/// A channel that a client has joined.
#[derive(Clone, Debug)]
pub struct Joined {
    /// The reference of the join.
    pub reference: u64,
    /// The number of the channel.
    pub channel: u64,
    /// What the server told of the channel.
    pub details: Details,
}

/// A channel to join.
#[derive(Clone, Debug, Default)]
pub struct Join {
    name: String,
    params: BTreeMap<String, String>,
    since: Option<String>,
    last: Option<u64>,
    presence: Option<Value>,
}

impl Join {
    /// Joins a channel without parameters.
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Joins a channel with one parameter.
    pub fn of(name: &str, param: &str, value: &str) -> Self {
        Self::new(name).param(param, value)
    }

    /// Adds a parameter.
    #[must_use]
    pub fn param(mut self, name: &str, value: &str) -> Self {
        self.params.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Resumes from a position.
    #[must_use]
    pub fn since(mut self, position: &str) -> Self {
        self.since = Some(position.to_owned());
        self
    }

    /// Begins with the newest messages.
    #[must_use]
    pub fn last(mut self, count: u64) -> Self {
        self.last = Some(count);
        self
    }

    /// Gives presence data.
    #[must_use]
    pub fn presence(mut self, data: Value) -> Self {
        self.presence = Some(data);
        self
    }

    /// The target of the handshake, where each channel has a connection of its own.
    fn target(&self) -> String {
        let mut target = format!("{ENDPOINT}?channel={}", encode(&self.name));
        for (name, value) in &self.params {
            target.push_str(&format!("&param.{}={}", encode(name), encode(value)));
        }
        target
    }
}

impl Client {
    /// Opens a new session.
    pub fn connect(server: &Server, user: &str) -> Result<Self> {
        Self::connect_with(server, Identity::of(user))
    }

    /// Opens a new session of a visitor, who will join this channel.
    pub fn visit(server: &Server, join: &Join) -> Result<Self> {
        Self::connect_with(server, Identity::visitor(&join.target()))
    }

    /// Opens a new session of a user who is told in another way.
    pub fn connect_with(server: &Server, identity: Identity) -> Result<Self> {
        Self::begin(server, identity, None, Sessions::default())
    }

    /// Opens a new session as the page of a build with other channel files does.
    pub fn connect_as(server: &Server, user: &str, version: &str) -> Result<Self> {
        Self::begin(server, Identity::of(user), Some(version.to_owned()), Sessions::default())
    }

    /// Continues a session.
    pub fn resume(server: &Server, user: &str, session: &str) -> Result<Self> {
        Self::begin(server, Identity::of(user), None, Sessions::read(session))
    }

    fn begin(
        server: &Server,
        identity: Identity,
        version: Option<String>,
        sessions: Sessions,
    ) -> Result<Self> {
        let socket = open(server, &identity)?;
        let object = identity.id.as_deref().map(of_user);
        let session = sessions.first.clone();
        let opener = Opener { peer: server.peer().clone(), identity, version };
        let mut client = Self::new(opener, sessions);
        client.greet(socket, object, session)?;
        Ok(client)
    }

    fn new(opener: Opener, sessions: Sessions) -> Self {
        let hibernates = opener.peer.realtime().hibernates;
        Self {
            opener,
            connections: Vec::new(),
            current: 0,
            by_target: HashMap::new(),
            by_reference: HashMap::new(),
            welcome: Welcome { session: String::new(), is_resumed: true, version: String::new() },
            sessions,
            unread: VecDeque::new(),
            acknowledges: true,
            hibernates,
            references: 0,
            ids: 0,
        }
    }

    /// Begins a session on a socket, or continues one. Returns its secret.
    fn greet(
        &mut self,
        socket: Socket,
        object: Option<String>,
        session: Option<String>,
    ) -> Result<String> {
        let number = self.connections.len();
        self.connections.push(Connection::new(socket, object, number as u64 * CHANNELS));
        self.current = number;
        let version = self.opener.version.clone();
        let expects_more = number == 0 || session.is_some();
        self.write(&ClientFrame::Hello { session, version, lines: true })?;
        let welcome = self.take("a welcome", |frame| match frame {
            ServerFrame::Welcome(welcome) => Some(welcome.clone()),
            _ => None,
        })?;
        let secret = welcome.session.clone();
        // A further connection without a session of before says nothing of the client's.
        let is_resumed = self.welcome.is_resumed && (!expects_more || welcome.is_resumed);
        if number == 0 {
            self.sessions.first = Some(secret.clone());
        }
        let session = self.sessions.text();
        self.welcome = Welcome { session, is_resumed, ..welcome };
        Ok(secret)
    }

    /// The connection of a channel, which is opened if the channel needs one of its own.
    fn connection_of(&mut self, join: &Join) -> Result<usize> {
        let Opener { peer, identity, .. } = &self.opener;
        if !peer.realtime().is_per_channel {
            return Ok(0);
        }
        let target = join.target();
        if let Some(known) = self.by_target.get(&target)
            && self.connections[*known].is_open()
        {
            return Ok(*known);
        }
        let socket = peer.open(&identity.handshake(&target))?;
        let session = self.sessions.by_target.get(&target).cloned();
        let object = Some(of_channel(&join.name, &join.params));
        let secret = self.greet(socket, object, session)?;
        self.sessions.by_target.insert(target.clone(), secret);
        self.welcome.session = self.sessions.text();
        self.by_target.insert(target, self.current);
        Ok(self.current)
    }

    /// Sends a frame.
    pub fn write(&mut self, frame: &ClientFrame) -> Result<()> {
        if let Some(connection) = frame.reference().and_then(|it| self.by_reference.get(&it)) {
            self.current = *connection;
        }
        self.write_message(&frame.write())
    }

    /// Sends a message, which may be no frame, on the connection of the last frame.
    pub fn write_message(&mut self, message: &Message) -> Result<()> {
        self.hibernate()?;
        self.connections[self.current].write_message(message)
    }

    /// A step of a test: where objects are evicted between two steps, that of this connection is.
    fn hibernate(&self) -> Result<()> {
        self.objects(&self.connections[self.current..=self.current]).sleep()
    }

    /// The objects at the other end of connections, as far as they are evicted between steps.
    fn objects(&self, connections: &[Connection]) -> Objects {
        let names = connections.iter().filter_map(|it| it.object.clone());
        let names = names.filter(|_| self.hibernates).collect();
        Objects { peer: self.opener.peer.clone(), names }
    }

    /// Asks to join a channel, and returns the reference of the join.
    pub fn ask_to_join(&mut self, join: &Join) -> Result<u64> {
        let connection = self.connection_of(join)?;
        self.references += 1;
        let reference = self.references;
        self.by_reference.insert(reference, connection);
        let Join { name, params, since, last, presence } = join.clone();
        self.write(&ClientFrame::Join { reference, name, params, since, last, presence })?;
        Ok(reference)
    }

    /// The answer to a join.
    pub fn answer_to_join(&mut self, asked: u64) -> Result<Result<Joined, ErrorData>> {
        self.take(&format!("an answer to join {asked}"), |frame| match frame {
            ServerFrame::Joined { reference, channel, details } if *reference == asked => {
                let (channel, details) = (*channel, details.clone());
                Some(Ok(Joined { reference: asked, channel, details }))
            }
            ServerFrame::Refused { reference, error } if *reference == asked => {
                Some(Err(error.clone()))
            }
            _ => None,
        })
    }

    /// Joins a channel.
    pub fn join(&mut self, join: &Join) -> Result<Joined> {
        let reference = self.ask_to_join(join)?;
        self.answer_to_join(reference)?.map_err(|error| anyhow!("{join:?} is refused: {error:?}"))
    }

    /// Joins a channel that must refuse, and returns its error.
    pub fn join_refused(&mut self, join: &Join) -> Result<ErrorData> {
        let reference = self.ask_to_join(join)?;
        match self.answer_to_join(reference)? {
            Ok(_) => bail!("{join:?} is not refused"),
            Err(error) => Ok(error),
        }
    }

    /// Replaces the presence data.
    pub fn present(&mut self, joined: &Joined, data: Value) -> Result<()> {
        self.write(&ClientFrame::Presence { reference: joined.reference, data })
    }

    /// Leaves a channel.
    pub fn leave(&mut self, joined: &Joined) -> Result<()> {
        self.write(&ClientFrame::Leave { reference: joined.reference })?;
        let error = self.left(joined)?;
        ensure!(error.is_none(), "the leave failed: {error:?}");
        Ok(())
    }

    /// Waits for the end of a join.
    pub fn left(&mut self, joined: &Joined) -> Result<Option<ErrorData>> {
        self.take("a `left`", |frame| match frame {
            ServerFrame::Left { reference, error } if *reference == joined.reference => {
                Some(error.clone())
            }
            _ => None,
        })
    }

    /// Sends a message, and returns its id.
    pub fn send(&mut self, joined: &Joined, name: &str, data: impl Into<Data>) -> Result<u64> {
        self.ids += 1;
        self.send_as(joined, self.ids, name, data)?;
        Ok(self.ids)
    }

    /// Sends a message with an id.
    pub fn send_as(
        &mut self,
        joined: &Joined,
        id: u64,
        name: &str,
        data: impl Into<Data>,
    ) -> Result<()> {
        let (reference, name, data) = (joined.reference, name.to_owned(), data.into());
        self.write(&ClientFrame::Send { reference, id, name, data })
    }

    /// The answer to a message.
    pub fn answer(&mut self, asked: u64) -> Result<Result<Data, ErrorData>> {
        self.take(&format!("an answer to message {asked}"), |frame| match frame {
            ServerFrame::Reply { id, data, .. } if *id == asked => Some(Ok(data.clone())),
            ServerFrame::Error { id, error, .. } if *id == asked => Some(Err(error.clone())),
            _ => None,
        })
    }

    /// Sends a message and returns its result.
    pub fn ask(&mut self, joined: &Joined, name: &str, data: impl Into<Data>) -> Result<Data> {
        let id = self.send(joined, name, data)?;
        self.answer(id)?.map_err(|error| anyhow!("`{name}` failed: {error:?}"))
    }

    /// Sends a message that must fail, and returns its error.
    pub fn ask_in_vain(
        &mut self,
        joined: &Joined,
        name: &str,
        data: impl Into<Data>,
    ) -> Result<ErrorData> {
        let id = self.send(joined, name, data)?;
        match self.answer(id)? {
            Ok(data) => bail!("`{name}` did not fail: {data:?}"),
            Err(error) => Ok(error),
        }
    }

    /// Sends an ephemeral message.
    pub fn cast(&mut self, joined: &Joined, name: &str, data: impl Into<Data>) -> Result<()> {
        let (reference, name, data) = (joined.reference, name.to_owned(), data.into());
        self.write(&ClientFrame::Cast { reference, name, data })
    }

    /// The next kept message of a channel.
    pub fn event(&mut self, joined: &Joined) -> Result<Event> {
        self.take("an event", |frame| match frame {
            ServerFrame::Event(event) if event.channel == joined.channel => Some(event.clone()),
            _ => None,
        })
    }

    /// The next kept messages of a channel.
    pub fn events(&mut self, joined: &Joined, count: usize) -> Result<Vec<Event>> {
        (0..count).map(|_| self.event(joined)).collect()
    }

    /// The next snapshot of a channel.
    pub fn snapshot(&mut self, joined: &Joined) -> Result<Event> {
        self.take("a snapshot", |frame| match frame {
            ServerFrame::Snapshot(event) if event.channel == joined.channel => Some(event.clone()),
            _ => None,
        })
    }

    /// The name and the data of the next ephemeral message of a channel.
    pub fn casting(&mut self, joined: &Joined) -> Result<(String, Data)> {
        self.take("a cast", |frame| match frame {
            ServerFrame::Cast { channel, name, data, .. } if *channel == joined.channel => {
                Some((name.clone(), data.clone()))
            }
            _ => None,
        })
    }

    /// The reason of the next gap of a channel.
    pub fn gap(&mut self, joined: &Joined) -> Result<String> {
        self.take("a gap", |frame| match frame {
            ServerFrame::Gap { channel, reason, .. } if *channel == joined.channel => {
                Some(reason.clone())
            }
            _ => None,
        })
    }

    /// The first list of members of a channel.
    pub fn members(&mut self, joined: &Joined) -> Result<Vec<PresentMember>> {
        let members = self.take("a list of members", |frame| match frame {
            ServerFrame::Members { channel, members, .. } if *channel == joined.channel => {
                Some(members.clone())
            }
            _ => None,
        })?;
        members.context("only the count is told")
    }

    /// The next changes of presence in a channel.
    pub fn changes(&mut self, joined: &Joined) -> Result<Changes> {
        self.take("changes", |frame| match frame {
            ServerFrame::Changes { channel, changes, .. } if *channel == joined.channel => {
                Some(changes.clone())
            }
            _ => None,
        })
    }

    /// The next message to the user.
    pub fn inbox(&mut self) -> Result<Data> {
        self.take("a message to the user", |frame| match frame {
            ServerFrame::Inbox { data } => Some(data.clone()),
            _ => None,
        })
    }

    /// The position in a channel.
    pub fn position(&self, joined: &Joined) -> Result<String> {
        let mut known = self.connections.iter().filter_map(|it| it.position(joined.channel));
        known.next().cloned().context("the channel is not joined")
    }

    /// Sends a ping on each connection and waits for the pongs. All earlier frames are read by then.
    pub fn ping(&mut self) -> Result<()> {
        self.ensure_open()?;
        let mut expected = Vec::new();
        for (number, connection) in self.connections.iter_mut().enumerate() {
            if connection.is_open() {
                connection.socket.send("ping")?;
                expected.push((number, connection.pongs + 1));
            }
        }
        let deadline = Instant::now() + PATIENCE;
        while expected.iter().any(|(number, pongs)| self.connections[*number].pongs < *pongs) {
            ensure!(Instant::now() < deadline, "no pong came");
            self.read(STEP)?;
            self.ensure_open()?;
        }
        Ok(())
    }

    /// Takes the first frame for which `pick` has a result, and leaves the other frames unread.
    pub fn take<T>(
        &mut self,
        what: &str,
        pick: impl FnMut(&ServerFrame) -> Option<T>,
    ) -> Result<T> {
        let unread = |client: &Self| format!("{what} did not come, but {:?}", client.unread);
        match self.take_within(PATIENCE, pick) {
            Ok(Some(taken)) => Ok(taken),
            Ok(None) => bail!(unread(self)),
            Err(error) => Err(error.context(unread(self))),
        }
    }

    /// The same. Returns `None` if no such frame arrives within `limit`.
    pub fn take_within<T>(
        &mut self,
        limit: Duration,
        mut pick: impl FnMut(&ServerFrame) -> Option<T>,
    ) -> Result<Option<T>> {
        let deadline = Instant::now() + limit;
        let mut seen = 0;
        loop {
            while let Some(frame) = self.unread.get(seen) {
                if let Some(taken) = pick(frame) {
                    self.unread.remove(seen);
                    return Ok(Some(taken));
                }
                seen += 1;
            }
            self.ensure_open()?;
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.read(left)?;
        }
    }

    /// The next frame. Returns `None` if none arrives within `limit`.
    pub fn next_frame(&mut self, limit: Duration) -> Result<Option<ServerFrame>> {
        self.take_within(limit, |frame| Some(frame.clone()))
    }

    /// The frames that no test has taken yet.
    pub fn unread(&self) -> impl Iterator<Item = &ServerFrame> {
        self.unread.iter()
    }

    /// Waits until the server closes the connection of the last frame. Its frames stay unread.
    pub fn closed(&mut self) -> Result<(u16, String)> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(close) = &self.connections[self.current].close {
                return Ok(close.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            ensure!(!left.is_zero(), "the server does not close the connection");
            self.read(left)?;
        }
    }

    /// The headers of the first handshake's response.
    pub fn headers(&self) -> &Headers {
        &self.connections[0].socket.headers
    }

    /// Closes the connections as a page does that navigates.
    pub fn close(mut self) -> Result<()> {
        for connection in self.connections.iter_mut().filter(|it| it.is_open()) {
            connection.socket.close(1000, "")?;
        }
        self.objects(&self.connections).sleep()
    }

    /// Resets the connections, and returns the secret of the session.
    pub fn reset(self) -> Result<String> {
        let objects = self.objects(&self.connections);
        for connection in self.connections {
            connection.socket.reset()?;
        }
        objects.sleep()?;
        Ok(self.welcome.session)
    }

    fn ensure_open(&self) -> Result<()> {
        match &self.connections[self.current].close {
            Some((code, reason)) => {
                bail!("the server has closed the connection: {code} {reason}")
            }
            None => Ok(()),
        }
    }

    /// Reads what has come, or waits for the next message.
    fn read(&mut self, limit: Duration) -> Result<()> {
        let open = self.connections.iter().filter(|it| it.is_open()).count();
        // A single connection waits by itself.
        let of_each = if open > 1 { Duration::ZERO } else { limit };
        let mut has_read = false;
        for number in 0..self.connections.len() {
            if !self.connections[number].is_open() {
                continue;
            }
            match self.connections[number].read(of_each)? {
                Reading::Nothing => continue,
                Reading::Other => {}
                Reading::Frame(frame) => self.got(number, *frame)?,
            }
            has_read = true;
        }
        if !has_read && open > 1 {
            let open = self.connections.iter().filter(|it| it.is_open());
            wait_for_any(open.map(|it| &it.socket), limit.min(STEP))?;
        }
        Ok(())
    }

    fn got(&mut self, number: usize, frame: ServerFrame) -> Result<()> {
        match &frame {
            // An object asks at any time whether its clients are still there. No test waits for that.
            ServerFrame::Credit { count } if self.acknowledges => {
                return self.connections[number].write(&ClientFrame::Credit { count: *count });
            }
            // Nothing more comes from where a join is refused.
            ServerFrame::Refused { .. } => self.current = 0,
            _ => {}
        }
        self.unread.push_back(frame);
        Ok(())
    }
}
