//! Who opens a connection.

use anyhow::{Result, ensure};

use super::protocol::PROTOCOL;
use crate::client::{Request, Socket};
use crate::server::Server;

/// The endpoint.
pub const ENDPOINT: &str = "/_realtime";

/// The query of the connection to a user, where each channel has a connection of its own.
const INBOX: &str = "inbox";

/// The channel that a visitor of the tests' own site may join. Where each channel has a connection
/// of its own, a visitor without channels has none.
const OF_VISITORS: &str = "channel=open";

/// The user of a connection, and the header that tells it.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The user's id, if it is known.
    pub id: Option<String>,
    /// Whether `authenticate` gives a user.
    is_user: bool,
    /// The target of a visitor's first handshake, where each channel has a connection of its own.
    first: String,
    headers: Vec<(String, String)>,
}

impl Identity {
    /// A user, or an anonymous visitor if `user` is empty.
    pub fn of(user: &str) -> Self {
        let visitor = Self {
            id: None,
            is_user: false,
            first: format!("{ENDPOINT}?{OF_VISITORS}"),
            headers: vec![("Sec-WebSocket-Protocol".to_owned(), PROTOCOL.to_owned())],
        };
        if user.is_empty() {
            return visitor;
        }
        let user_of_id = Self { id: Some(user.to_owned()), is_user: true, ..visitor };
        user_of_id.header("X-User", user)
    }

    /// A user whom the header tells.
    pub fn by_header(name: &str, value: &str) -> Self {
        Self { is_user: true, ..Self::of("") }.header(name, value)
    }

    /// A visitor of a channel that the tests' own site does not have.
    pub(super) fn visitor(target: &str) -> Self {
        Self { first: target.to_owned(), ..Self::of("") }
    }

    /// Sets a header of the handshake.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The handshake to a target.
    pub fn handshake(&self, target: &str) -> Request {
        let request = Request::upgrade(target);
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }

    /// The handshake of a client that has joined nothing yet.
    pub fn first_handshake(&self, server: &Server) -> Request {
        self.handshake(&self.first_target(server.realtime().is_per_channel))
    }

    /// Its target.
    pub(super) fn first_target(&self, is_per_channel: bool) -> String {
        match (is_per_channel, self.is_user) {
            (false, _) => ENDPOINT.to_owned(),
            (true, true) => format!("{ENDPOINT}?{INBOX}"),
            (true, false) => self.first.clone(),
        }
    }
}

/// Opens a socket that has sent nothing yet.
pub fn open(server: &Server, identity: &Identity) -> Result<Socket> {
    let socket = server.open(&identity.first_handshake(server))?;
    let protocol = socket.headers.get("sec-websocket-protocol");
    ensure!(protocol == Some(PROTOCOL), "the protocol is {protocol:?}");
    Ok(socket)
}
