//! The API of JetStream, over the protocol of NATS. The suites ask it little, and need none of what
//! a client library adds.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

/// The time limit for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The subject of all answers.
const INBOX: &str = "_INBOX.suite";

/// A connection for requests.
pub struct JetStream {
    stream: BufReader<TcpStream>,
}

impl JetStream {
    /// Connects to a server.
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut connection = Self { stream: BufReader::new(stream) };
        connection.write(&format!("CONNECT {{\"verbose\":false}}\r\nSUB {INBOX} 1\r\n"))?;
        Ok(connection)
    }

    /// Asks for something, as `STREAM.INFO.<name>`. An answer that is an error fails.
    pub fn ask(&mut self, name: &str, request: &Value) -> Result<Value> {
        let payload = if request.is_null() { String::new() } else { request.to_string() };
        let length = payload.len();
        self.write(&format!("PUB $JS.API.{name} {INBOX} {length}\r\n{payload}\r\n"))?;
        let answer = self.next_message().with_context(|| name.to_owned())?;
        ensure!(answer["error"].is_null(), "{name}: {}", answer["error"]);
        Ok(answer)
    }

    /// The names of all streams.
    pub fn streams(&mut self) -> Result<Vec<String>> {
        let mut answer = self.ask("STREAM.NAMES", &Value::Null)?;
        // Without a stream it is `null`.
        Ok(serde_json::from_value::<Option<_>>(answer["streams"].take())?.unwrap_or_default())
    }

    /// Deletes all streams, with their messages.
    pub fn delete_streams(&mut self) -> Result<()> {
        for stream in self.streams()? {
            self.ask(&format!("STREAM.DELETE.{stream}"), &Value::Null)?;
        }
        Ok(())
    }

    /// Changes the metadata of the stream whose name ends like this.
    pub fn mark(&mut self, end: &str, metadata: &Value) -> Result<()> {
        let streams = self.streams()?;
        let name = streams.iter().find(|name| name.ends_with(end));
        let name = name.with_context(|| format!("no *{end} in {streams:?}"))?;
        let mut config = self.ask(&format!("STREAM.INFO.{name}"), &Value::Null)?["config"].take();
        for (key, value) in metadata.as_object().context("not an object")? {
            config["metadata"][key] = value.clone();
        }
        self.ask(&format!("STREAM.UPDATE.{name}"), &config).map(drop)
    }

    /// Creates a stream with as many copies, and deletes it: a cluster that has just started may
    /// lack the servers for them.
    pub fn probe_copies(&mut self, copies: usize) -> Result<()> {
        let config = json!({ "name": "probe", "subjects": ["probe"], "num_replicas": copies });
        self.ask("STREAM.CREATE.probe", &config)?;
        self.ask("STREAM.DELETE.probe", &Value::Null).map(drop)
    }

    fn write(&mut self, text: &str) -> Result<()> {
        Ok(self.stream.get_mut().write_all(text.as_bytes())?)
    }

    fn next_message(&mut self) -> Result<Value> {
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let line = line.trim_end();
            match line.split(' ').next().unwrap_or_default() {
                "INFO" | "PONG" => {}
                "PING" => self.write("PONG\r\n")?,
                // MSG <subject> <subscription> <length>
                "MSG" => {
                    let length: usize = line.rsplit(' ').next().unwrap_or_default().parse()?;
                    let mut payload = vec![0; length + 2];
                    self.stream.read_exact(&mut payload)?;
                    return Ok(serde_json::from_slice(&payload[..length])?);
                }
                _ => bail!("the server says {line:?}"),
            }
        }
    }
}
