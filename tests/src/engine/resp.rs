//! Commands of Redis, in version 2 of its protocol. The suites send few of them, and need none of
//! what a client library adds.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// The time limit for a reply.
const PATIENCE: Duration = Duration::from_secs(5);

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A missing value.
    Nothing,
    /// An integer.
    Number(i64),
    /// A text.
    Text(String),
    /// Several replies.
    List(Vec<Reply>),
}

impl Reply {
    /// The text.
    pub fn text(&self) -> Result<&str> {
        match self {
            Self::Text(text) => Ok(text),
            other => bail!("not a text: {other:?}"),
        }
    }

    /// The number.
    pub fn number(&self) -> Result<i64> {
        match self {
            Self::Number(number) => Ok(*number),
            other => bail!("not a number: {other:?}"),
        }
    }

    /// The list.
    pub fn list(&self) -> Result<&[Reply]> {
        match self {
            Self::List(list) => Ok(list),
            other => bail!("not a list: {other:?}"),
        }
    }

    /// The value of a key in a list of keys and values.
    pub fn value(&self, key: &str) -> Result<&str> {
        let pairs = self.list()?.chunks_exact(2);
        let mut found = pairs.filter(|pair| pair[0].text().is_ok_and(|name| name == key));
        found.next().with_context(|| format!("no {key} in {self:?}"))?[1].text()
    }
}

/// A connection for commands.
pub struct Commands {
    stream: BufReader<TcpStream>,
}

impl Commands {
    /// Connects to a server.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    /// Runs a command. A reply that is an error fails.
    pub fn ask(&mut self, command: &[&str]) -> Result<Reply> {
        let mut bytes = format!("*{}\r\n", command.len());
        for word in command {
            bytes += &format!("${}\r\n{word}\r\n", word.len());
        }
        self.stream.get_mut().write_all(bytes.as_bytes())?;
        self.next_reply().with_context(|| command.join(" "))
    }

    /// The next reply, also of a command that goes on to send more.
    pub fn next_reply(&mut self) -> Result<Reply> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let line = line.strip_suffix("\r\n").context("the connection has ended")?;
        let (kind, rest) = line.split_at_checked(1).context("an empty line")?;
        Ok(match kind {
            "+" => Reply::Text(rest.to_owned()),
            "-" => bail!("{rest}"),
            ":" => Reply::Number(rest.parse()?),
            "$" => match usize::try_from(rest.parse::<i64>()?) {
                Err(_) => Reply::Nothing,
                Ok(length) => {
                    let mut bytes = vec![0; length + 2];
                    self.stream.read_exact(&mut bytes)?;
                    ensure!(bytes.ends_with(b"\r\n"), "a text without an end");
                    bytes.truncate(length);
                    Reply::Text(String::from_utf8_lossy(&bytes).into_owned())
                }
            },
            "*" => match usize::try_from(rest.parse::<i64>()?) {
                Err(_) => Reply::Nothing,
                Ok(length) => {
                    Reply::List((0..length).map(|_| self.next_reply()).collect::<Result<_>>()?)
                }
            },
            _ => bail!("not a reply: {line}"),
        })
    }
}
