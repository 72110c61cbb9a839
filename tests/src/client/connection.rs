//! A connection, byte by byte.

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::net::sockopt::set_socket_linger;
use tungstenite::protocol::{Role, WebSocket};

use super::request::ACCEPT;
use super::response::{Headers, Response};
use super::socket::Socket;
use super::stream::Stream;
use crate::patience::PATIENCE;

/// A connection to a server, byte by byte.
pub struct Connection {
    stream: Stream,
    unread: Vec<u8>,
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, unread: Vec::new() }
    }

    /// Sends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes)?;
        Ok(self.stream.flush()?)
    }

    /// Sends bytes until the server has accepted none for `limit`. Returns the number of accepted
    /// bytes.
    pub fn write_until_stalled(&mut self, bytes: &[u8], limit: Duration) -> Result<usize> {
        self.stream.tcp().set_write_timeout(Some(limit))?;
        let mut taken = 0;
        while taken < bytes.len() {
            match self.stream.write(&bytes[taken..]) {
                Ok(written) => taken += written,
                Err(error) if is_timeout(&error) => break,
                Err(error) => return Err(error.into()),
            }
        }
        self.stream.tcp().set_write_timeout(Some(PATIENCE))?;
        Ok(taken)
    }

    /// The same as [`Self::response`], from a server that may take this long to begin.
    pub fn response_within(&mut self, method: &str, limit: Duration) -> Result<Response> {
        self.stream.tcp().set_read_timeout(Some(limit))?;
        let response = self.response(method);
        self.stream.tcp().set_read_timeout(Some(PATIENCE))?;
        response
    }

    /// Reads one response to its end. A response to `HEAD`, and a 101, ends with its headers.
    pub fn response(&mut self, method: &str) -> Result<Response> {
        let (status, headers) = loop {
            let (status, headers) = self.head()?;
            // Informational responses precede the final one.
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

    /// Reads the answer to a handshake, which must be an acceptance, and switches to frames.
    pub fn accepted(mut self) -> Result<Socket> {
        let response = self.response("GET")?;
        ensure!(response.status == 101, "the handshake was rejected:\n{response}");
        let accept = response.headers.get("sec-websocket-accept");
        ensure!(accept == Some(ACCEPT), "Sec-WebSocket-Accept is wrong: {accept:?}");
        let frames = WebSocket::from_partially_read(self.stream, self.unread, Role::Client, None);
        Ok(Socket::new(response.headers, frames))
    }

    /// Reads until the server closes the connection.
    pub fn rest(&mut self) -> Result<Vec<u8>> {
        self.ended()?;
        Ok(std::mem::take(&mut self.unread))
    }

    /// Waits until the server has closed the connection.
    pub fn ended(&mut self) -> Result<()> {
        while self.fill()? {}
        Ok(())
    }

    /// Closes our half of the connection (TCP FIN), like a client that is closed while it waits.
    pub fn finish(&self) -> Result<()> {
        Ok(self.stream.tcp().shutdown(Shutdown::Write)?)
    }

    /// Resets the connection (TCP RST), like a client that crashes.
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

    /// Reads the available bytes. Returns `false` at the end of the connection.
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
                _ if is_timeout(&error) => bail!("nothing came for {PATIENCE:?}"),
                _ => Err(error.into()),
            },
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
