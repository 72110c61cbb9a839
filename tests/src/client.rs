//! A client for HTTP/1.1 and WebSocket that sends exactly what it is told, wrong things included.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::net::sockopt::set_socket_linger;
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use tungstenite::protocol::{CloseFrame, Message, Role, WebSocket};

use crate::server::Server;

/// How long one read or write may take before the case fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// The sample key of RFC 6455, section 1.3, and the answer that it must get.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A request to send.
#[derive(Clone, Debug)]
pub struct Request {
    method: String,
    target: String,
    headers: Headers,
    body: Vec<u8>,
}

impl Request {
    /// A request without headers or body, but for `Host`.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Headers::default(),
            body: Vec::new(),
        }
    }

    /// A GET request.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A POST request. Its type is one that no form can send, so that Astro's CSRF check lets it
    /// pass.
    pub fn post(target: &str, body: &str) -> Self {
        let mut request = Self::new("POST", target)
            .header("content-type", "application/json")
            .header("content-length", &body.len().to_string());
        request.body = body.as_bytes().to_vec();
        request
    }

    /// A proper WebSocket handshake.
    pub fn upgrade(target: &str) -> Self {
        Self::get(target)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", KEY)
    }

    /// With this header, in place of one of the same name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.0.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The bytes of this request to that host.
    pub fn to_bytes(&self, host: &str) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if self.headers.get("host").is_none() {
            head.push_str(&format!("Host: {host}\r\n"));
        }
        for (name, value) in &self.headers.0 {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A masked text frame (RFC 6455, section 5.2) to send by hand; the mask is zero, which leaves the
/// text readable.
pub fn text_frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap_or(u8::MAX).min(125);
    let mut frame = vec![0x81, 0x80 | length, 0, 0, 0, 0];
    frame.extend_from_slice(&text.as_bytes()[..usize::from(length)]);
    frame
}

/// Names and values in the order in which they were sent.
#[derive(Clone, Debug, Default)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// The first value of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Every value of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The value of the cookie that a `Set-Cookie` header sets.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.all("set-cookie")
            .find_map(|cookie| cookie.split(';').next()?.strip_prefix(name)?.strip_prefix('='))
    }
}

/// A response, read to its end.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Headers,
    /// The body, without chunked framing. That of a 101 is empty.
    pub body: Vec<u8>,
}

impl Response {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl fmt::Display for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}", self.status)?;
        for (name, value) in &self.headers.0 {
            writeln!(formatter, "{name}: {value}")?;
        }
        let text = self.text();
        write!(formatter, "\n{}", text.get(..2000).unwrap_or(&text))
    }
}

impl Server {
    /// Sends a request on a connection of its own and reads the response to its end.
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

    /// `fetch` of a GET request.
    pub fn get(&self, target: &str) -> Result<Response> {
        self.fetch(&Request::get(target))
    }

    /// Sends a handshake that the server has to accept.
    pub fn open(&self, request: &Request) -> Result<Socket> {
        let mut connection = self.connection()?;
        connection.write(&request.to_bytes(&self.address().to_string()))?;
        connection.accepted()
    }

    /// Sends a handshake that the server has to reject.
    pub fn reject(&self, request: &Request) -> Result<Response> {
        let response = self.fetch(request)?;
        ensure!(response.status != 101, "the handshake was accepted:\n{response}");
        Ok(response)
    }

    /// A connection on which nothing has been sent yet.
    pub fn connection(&self) -> Result<Connection> {
        let tcp = TcpStream::connect_timeout(&self.address(), PATIENCE)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        tcp.set_write_timeout(Some(PATIENCE))?;
        tcp.set_nodelay(true)?;
        let stream = match self.tls() {
            None => Stream::Plain(tcp),
            Some(config) => {
                let name = ServerName::from(self.address().ip());
                Stream::Tls(Box::new(StreamOwned::new(ClientConnection::new(config, name)?, tcp)))
            }
        };
        Ok(Connection { stream, unread: Vec::new() })
    }
}

impl Request {
    fn header_unless(self, name: &str, value: &str) -> Self {
        if self.headers.get(name).is_some() { self } else { self.header(name, value) }
    }
}

/// A connection to a server, byte by byte.
pub struct Connection {
    stream: Stream,
    unread: Vec<u8>,
}

impl Connection {
    /// Sends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes)?;
        Ok(self.stream.flush()?)
    }

    /// Reads one response to its end; for one to `HEAD`, and for a 101, that is the end of its
    /// headers.
    pub fn response(&mut self, method: &str) -> Result<Response> {
        let (status, headers) = loop {
            let (status, headers) = self.head()?;
            // Informational responses come before the one that is meant.
            if status == 101 || status >= 200 {
                break (status, headers);
            }
        };
        let length = headers.get("content-length").map(str::parse).transpose()?;
        let body = if method == "HEAD" || matches!(status, 101 | 204 | 304) {
            Vec::new()
        } else if headers
            .get("transfer-encoding")
            .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"))
        {
            self.chunks()?
        } else if let Some(length) = length {
            self.take(length)?
        } else {
            while self.fill()? {}
            std::mem::take(&mut self.unread)
        };
        Ok(Response { status, headers, body })
    }

    /// Reads the answer to a handshake, which has to be an acceptance, and goes on in frames.
    pub fn accepted(mut self) -> Result<Socket> {
        let response = self.response("GET")?;
        ensure!(response.status == 101, "the handshake was rejected:\n{response}");
        let accept = response.headers.get("sec-websocket-accept");
        ensure!(accept == Some(ACCEPT), "Sec-WebSocket-Accept is wrong: {accept:?}");
        let frames = WebSocket::from_partially_read(self.stream, self.unread, Role::Client, None);
        Ok(Socket { headers: response.headers, frames })
    }

    /// Waits until the server has closed the connection.
    pub fn ended(&mut self) -> Result<()> {
        while self.fill()? {}
        Ok(())
    }

    /// Resets the connection (TCP RST), as a client that crashes does.
    pub fn reset(self) -> Result<()> {
        set_socket_linger(self.stream.tcp(), Some(Duration::ZERO))?;
        Ok(())
    }

    fn head(&mut self) -> Result<(u16, Headers)> {
        let end = loop {
            if let Some(end) = find(&self.unread, b"\r\n\r\n") {
                break end;
            }
            if !self.fill()? {
                bail!(
                    "the connection ended inside of the headers: {:?}",
                    String::from_utf8_lossy(&self.unread)
                );
            }
        };
        let head: Vec<u8> = self.unread.drain(..end + 4).collect();
        let head = String::from_utf8_lossy(&head);
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .and_then(|line| line.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok())
            .ok_or_else(|| anyhow!("not a response: {head:?}"))?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        Ok((status, Headers(headers)))
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                if let Some(end) = find(&self.unread, b"\r\n") {
                    break end;
                }
                ensure!(
                    self.fill()?,
                    "the connection ended inside of a chunked body, after {} bytes",
                    body.len()
                );
            };
            let line: Vec<u8> = self.unread.drain(..end + 2).collect();
            let size = usize::from_str_radix(String::from_utf8_lossy(&line[..end]).trim(), 16)
                .context("not the size of a chunk")?;
            body.extend(self.take(size)?);
            self.take(2)?;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    fn take(&mut self, length: usize) -> Result<Vec<u8>> {
        while self.unread.len() < length {
            ensure!(
                self.fill()?,
                "the connection ended after {} of {length} bytes",
                self.unread.len()
            );
        }
        Ok(self.unread.drain(..length).collect())
    }

    /// Reads what has come; `false` at the end of the connection.
    fn fill(&mut self) -> Result<bool> {
        let mut buffer = [0; 16 * 1024];
        match self.stream.read(&mut buffer) {
            Ok(0) => Ok(false),
            Ok(read) => {
                self.unread.extend_from_slice(&buffer[..read]);
                Ok(true)
            }
            Err(error) => match error.kind() {
                ErrorKind::Interrupted => Ok(true),
                ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof => Ok(false),
                ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                    bail!("nothing came for {PATIENCE:?}")
                }
                _ => Err(error.into()),
            },
        }
    }
}

/// An open WebSocket.
pub struct Socket {
    /// The headers of the 101.
    pub headers: Headers,
    frames: WebSocket<Stream>,
}

impl Socket {
    /// Sends a text message.
    pub fn send(&mut self, text: &str) -> Result<()> {
        Ok(self.frames.send(Message::text(text))?)
    }

    /// Sends a binary message.
    pub fn send_binary(&mut self, bytes: &[u8]) -> Result<()> {
        Ok(self.frames.send(Message::binary(bytes.to_vec()))?)
    }

    /// Waits for the next message, which has to be text.
    pub fn text(&mut self) -> Result<String> {
        match self.message()? {
            Message::Text(text) => Ok(text.to_string()),
            other => bail!("expected a text message: {other:?}"),
        }
    }

    /// The next message, which has to be text, or nothing if none comes for so long.
    pub fn text_within(&mut self, limit: Duration) -> Result<Option<String>> {
        self.frames.get_ref().tcp().set_read_timeout(Some(limit))?;
        let message = self.frames.read();
        self.frames.get_ref().tcp().set_read_timeout(Some(PATIENCE))?;
        match message {
            Ok(Message::Text(text)) => Ok(Some(text.to_string())),
            Ok(other) => bail!("expected a text message: {other:?}"),
            Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits for the next message, which has to be binary.
    pub fn binary(&mut self) -> Result<Vec<u8>> {
        match self.message()? {
            Message::Binary(bytes) => Ok(bytes.to_vec()),
            other => bail!("expected a binary message: {other:?}"),
        }
    }

    /// Returns when the server has read everything that was sent before: its answer to a ping says
    /// so.
    pub fn synchronise(&mut self) -> Result<()> {
        self.frames.send(Message::Ping("synchronise".into()))?;
        match self.frames.read().context("no pong came")? {
            Message::Pong(_) => Ok(()),
            other => bail!("expected a pong: {other:?}"),
        }
    }

    /// Closes the connection and returns the code and reason with which the server answered.
    pub fn close(&mut self, code: u16, reason: &str) -> Result<(u16, String)> {
        self.frames.close(Some(CloseFrame { code: code.into(), reason: reason.into() }))?;
        self.closed()
    }

    /// Waits until the server closes the connection, with the code and reason that it gives.
    /// Messages before that are skipped.
    pub fn closed(&mut self) -> Result<(u16, String)> {
        let mut frame = None;
        loop {
            match self.frames.read() {
                Ok(Message::Close(close)) => frame = Some(close),
                Ok(_) => {}
                Err(tungstenite::Error::ConnectionClosed) => break,
                Err(tungstenite::Error::Io(error))
                    if frame.is_some() && error.kind() != ErrorKind::WouldBlock =>
                {
                    break;
                }
                Err(error) => {
                    return Err(anyhow!(error).context("the connection was not closed properly"));
                }
            }
        }
        // The server closes its half of the connection first, then it waits for ours (RFC 6455,
        // section 7.1.1).
        let _ = self.frames.get_ref().tcp().shutdown(Shutdown::Both);
        match frame.flatten() {
            Some(close) => Ok((close.code.into(), close.reason.to_string())),
            // What the browser's API reports for a close frame without a code.
            None => Ok((1005, String::new())),
        }
    }

    /// Resets the connection (TCP RST).
    pub fn reset(self) -> Result<()> {
        set_socket_linger(self.frames.get_ref().tcp(), Some(Duration::ZERO))?;
        Ok(())
    }

    fn message(&mut self) -> Result<Message> {
        loop {
            match self.frames.read().context("no message came")? {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return Ok(message),
            }
        }
    }
}

enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref(),
        }
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// A certificate for 127.0.0.1 that only this client trusts.
pub struct Certificate {
    /// The certificate, as PEM.
    pub certificate: String,
    /// Its private key, as PEM.
    pub key: String,
    /// Trusts it.
    pub client: Arc<rustls::ClientConfig>,
}

impl Certificate {
    /// Makes one.
    pub fn generate() -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        let mut trusted = rustls::RootCertStore::empty();
        trusted.add(made.cert.der().clone())?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        Ok(Self {
            certificate: made.cert.pem(),
            key: made.signing_key.serialize_pem(),
            client: Arc::new(client),
        })
    }
}
