//! A client of the realtime protocol, which checks the order of every channel.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::Value;

use super::protocol::{
    Changes, ClientFrame, Data, Details, ErrorData, Event, Message, PROTOCOL, PresentMember,
    ServerFrame, Welcome,
};
use crate::client::{Received, Request, Socket};
use crate::server::Server;

/// The endpoint.
pub const ENDPOINT: &str = "/_realtime";

/// The time limit for an expected frame.
const PATIENCE: Duration = Duration::from_secs(10);

/// Without it, a receiver that is read in small pieces would spin.
const STEP: Duration = Duration::from_millis(250);

/// A connection that speaks the protocol.
pub struct Client {
    socket: Socket,
    /// The answer to `hello`.
    pub welcome: Welcome,
    /// Frames that no test has taken yet.
    unread: VecDeque<ServerFrame>,
    /// The position in each channel, by the channel's number.
    positions: HashMap<u64, String>,
    /// Whether it answers `credit` by itself.
    pub acknowledges: bool,
    references: u64,
    ids: u64,
    pongs: u64,
    close: Option<(u16, String)>,
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
}

/// The handshake of a user, or of an anonymous visitor if `user` is empty.
pub fn handshake(target: &str, user: &str) -> Request {
    let request = Request::upgrade(target);
    if user.is_empty() { request } else { request.header("X-User", user) }
}

/// Opens a socket that has sent nothing yet.
pub fn open(server: &Server, user: &str) -> Result<Socket> {
    let request = handshake(ENDPOINT, user).header("Sec-WebSocket-Protocol", PROTOCOL);
    let socket = server.open(&request)?;
    let protocol = socket.headers.get("sec-websocket-protocol");
    ensure!(protocol == Some(PROTOCOL), "the protocol is {protocol:?}");
    Ok(socket)
}

impl Client {
    /// Opens a new session.
    pub fn connect(server: &Server, user: &str) -> Result<Self> {
        Self::begin(open(server, user)?, None, None)
    }

    /// Opens a new session as the page of a build with other channel files does.
    pub fn connect_as(server: &Server, user: &str, version: &str) -> Result<Self> {
        Self::begin(open(server, user)?, None, Some(version.to_owned()))
    }

    /// Continues a session.
    pub fn resume(server: &Server, user: &str, session: &str) -> Result<Self> {
        Self::begin(open(server, user)?, Some(session.to_owned()), None)
    }

    /// Opens a new session on an open socket.
    pub fn over(socket: Socket) -> Result<Self> {
        Self::begin(socket, None, None)
    }

    fn begin(socket: Socket, session: Option<String>, version: Option<String>) -> Result<Self> {
        let mut client = Self {
            socket,
            welcome: Welcome { session: String::new(), is_resumed: false, version: String::new() },
            unread: VecDeque::new(),
            positions: HashMap::new(),
            acknowledges: true,
            references: 0,
            ids: 0,
            pongs: 0,
            close: None,
        };
        client.write(&ClientFrame::Hello { session, version })?;
        client.welcome = client.take("a welcome", |frame| match frame {
            ServerFrame::Welcome(welcome) => Some(welcome.clone()),
            _ => None,
        })?;
        Ok(client)
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

    /// Asks to join a channel, and returns the reference of the join.
    pub fn ask_to_join(&mut self, join: &Join) -> Result<u64> {
        self.references += 1;
        let reference = self.references;
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
        self.positions.get(&joined.channel).cloned().context("the channel is not joined")
    }

    /// Sends a ping and waits for its pong. All earlier frames are read by then.
    pub fn ping(&mut self) -> Result<()> {
        let before = self.pongs;
        self.socket.send("ping")?;
        let deadline = Instant::now() + PATIENCE;
        while self.pongs == before {
            ensure!(Instant::now() < deadline, "no pong came");
            self.read(STEP)?;
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
            if let Some((code, reason)) = &self.close {
                bail!("the server has closed the connection: {code} {reason}");
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.read(left)?;
        }
    }

    /// The frames that no test has taken yet.
    pub fn unread(&self) -> impl Iterator<Item = &ServerFrame> {
        self.unread.iter()
    }

    /// Waits until the server closes the connection. Its frames stay unread.
    pub fn closed(&mut self) -> Result<(u16, String)> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(close) = &self.close {
                return Ok(close.clone());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            ensure!(!left.is_zero(), "the server does not close the connection");
            self.read(left)?;
        }
    }

    /// Closes the connection as a page does that navigates.
    pub fn close(mut self) -> Result<()> {
        self.socket.close(1000, "")?;
        Ok(())
    }

    /// Resets the connection, and returns the secret of its session.
    pub fn reset(self) -> Result<String> {
        self.socket.reset()?;
        Ok(self.welcome.session)
    }

    /// Reads one message.
    fn read(&mut self, limit: Duration) -> Result<()> {
        let message = match self.socket.receive(limit)? {
            None => return Ok(()),
            Some(Received::Closed(code, reason)) => {
                self.close = Some((code, reason));
                return Ok(());
            }
            Some(Received::Text(text)) if text == "pong" => {
                self.pongs += 1;
                return Ok(());
            }
            Some(Received::Text(text)) => Message::Text(text),
            Some(Received::Binary(bytes)) => Message::Binary(bytes),
        };
        let frame = ServerFrame::read(&message)?
            .with_context(|| format!("this frame is not in the protocol: {message:?}"))?;
        match &frame {
            ServerFrame::Joined { channel, details, .. } => {
                self.positions.insert(*channel, details.position.clone());
            }
            ServerFrame::Event(event) => {
                let known = self.positions.get(&event.channel);
                ensure!(known.is_some(), "the channel is not joined: {event:?}");
                let follows = known == event.previous.as_ref();
                ensure!(follows, "it does not follow {known:?}: {event:?}");
                self.positions.insert(event.channel, event.position.clone());
            }
            ServerFrame::Gap { channel, position, .. } => {
                self.positions.insert(*channel, position.clone());
            }
            ServerFrame::Snapshot(event) => {
                self.positions.insert(event.channel, event.position.clone());
            }
            ServerFrame::Credit { count } if self.acknowledges => {
                self.write(&ClientFrame::Credit { count: *count })?;
            }
            _ => {}
        }
        self.unread.push_back(frame);
        Ok(())
    }
}
