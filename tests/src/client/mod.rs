//! A client for HTTP/1.1 and WebSocket that sends exactly the given bytes, invalid ones included.

mod certificate;
mod connection;
mod frame;
mod request;
mod response;
mod socket;
mod stream;

use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use anyhow::{Result, ensure};
use rustix::net::{self, AddressFamily, SocketType};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};

use crate::patience::PATIENCE;
use crate::server::{Peer, Server};
use stream::Stream;

pub use certificate::Certificate;
pub use connection::Connection;
pub use frame::{Frame, text_frame};
pub use request::Request;
pub use response::{Headers, Response};
pub use socket::{Received, Socket, wait_for_any};

/// An unused connection to a server that the tests did not start.
pub fn connection_to(address: SocketAddr) -> Result<Connection> {
    Ok(Connection::new(Stream::Plain(connect(address, None)?)))
}

fn connect(address: SocketAddr, from: Option<Ipv4Addr>) -> Result<TcpStream> {
    let tcp = match from {
        None => TcpStream::connect_timeout(&address, PATIENCE)?,
        Some(from) => connect_from(from, address)?,
    };
    tcp.set_read_timeout(Some(PATIENCE))?;
    tcp.set_write_timeout(Some(PATIENCE))?;
    tcp.set_nodelay(true)?;
    Ok(tcp)
}

/// The standard library cannot bind the local address of a connection.
fn connect_from(from: Ipv4Addr, address: SocketAddr) -> Result<TcpStream> {
    let socket = net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
    net::bind(&socket, &SocketAddr::from((from, 0)))?;
    net::connect(&socket, &address)?;
    Ok(TcpStream::from(socket))
}

impl Server {
    /// Sends a request on a new connection and reads the response to its end.
    pub fn fetch(&self, request: &Request) -> Result<Response> {
        self.peer().fetch(request)
    }

    /// Sends a GET request with [`fetch`](Self::fetch).
    pub fn get(&self, target: &str) -> Result<Response> {
        self.fetch(&Request::get(target))
    }

    /// Sends a handshake that the server must accept.
    pub fn open(&self, request: &Request) -> Result<Socket> {
        self.peer().open(request)
    }

    /// Sends a handshake that the server must reject.
    pub fn reject(&self, request: &Request) -> Result<Response> {
        let response = self.fetch(request)?;
        ensure!(response.status != 101, "the handshake was accepted:\n{response}");
        Ok(response)
    }

    /// Opens a connection and sends nothing yet.
    pub fn connection(&self) -> Result<Connection> {
        self.peer().connection()
    }
}

impl Peer {
    /// Sends a request on a new connection and reads the response to its end.
    pub fn fetch(&self, request: &Request) -> Result<Response> {
        let mut connection = self.connection()?;
        connection.write(
            &request
                .clone()
                .header_unless("Connection", "close")
                .to_bytes(&self.address().to_string()),
        )?;
        connection.response(&request.method)
    }

    /// Sends a handshake that the server must accept.
    pub fn open(&self, request: &Request) -> Result<Socket> {
        let mut connection = self.connection()?;
        connection.write(&request.to_bytes(&self.address().to_string()))?;
        connection.accepted()
    }

    /// Opens a connection and sends nothing yet.
    pub fn connection(&self) -> Result<Connection> {
        let tcp = connect(self.address(), self.client())?;
        let stream = match self.tls() {
            None => Stream::Plain(tcp),
            Some(config) => {
                let name = ServerName::from(self.address().ip());
                Stream::Tls(Box::new(StreamOwned::new(ClientConnection::new(config, name)?, tcp)))
            }
        };
        Ok(Connection::new(stream))
    }
}
