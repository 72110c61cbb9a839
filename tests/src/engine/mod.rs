//! Real servers behind realtime channels: Valkey, Redis and NATS, each on its own port and in its
//! own folder.

pub mod cluster;
pub mod jetstream;
pub mod nats_cluster;
pub mod replicas;
pub mod resp;
pub mod sentinels;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::client::Certificate;
use crate::locations::files_ending_with;
use crate::patience::at_last;
use crate::port::free_port;
use crate::server::Server;
use crate::suite::NotApplicable;
use crate::tools::wheels;

use jetstream::JetStream;
use resp::{Commands, Reply};

/// The pinned wheels.
const WHEELS: &str = "engines.txt";

const NO_WHEELS: &str = "the wheels of engines need Python 3.11 and `venv`";

/// The time limit of a server that is asked to end.
const END: Duration = Duration::from_secs(10);

/// A server that an engine can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Valkey, from a pinned wheel.
    Valkey,
    /// The Redis of the machine, an older version than Valkey.
    Redis,
    /// NATS with JetStream, from a pinned wheel.
    Nats,
}

impl Product {
    /// The program. A machine may lack Python for the wheels, and Redis.
    pub fn program(self) -> Result<PathBuf> {
        let in_wheels = |name: &str| -> Result<PathBuf> {
            let found = match wheels(WHEELS)? {
                Some(folder) => files_ending_with(&folder, &format!("/{name}"))?,
                None => Vec::new(),
            };
            found.into_iter().next().ok_or_else(|| NotApplicable(NO_WHEELS).into())
        };
        match self {
            Self::Valkey => in_wheels("valkey-server"),
            Self::Nats => in_wheels("nats-server"),
            Self::Redis => {
                let program = PathBuf::from("redis-server");
                let mut probe = Command::new(&program);
                probe.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
                if probe.status().is_err() {
                    return Err(NotApplicable("Redis is not installed on this machine").into());
                }
                Ok(program)
            }
        }
    }

    /// The environment variable by which a site gets the address.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Valkey | Self::Redis => "REDIS_URL",
            Self::Nats => "NATS_URL",
        }
    }

    /// The address as a site gets it.
    pub fn url(self, address: SocketAddr) -> String {
        match self {
            Self::Valkey | Self::Redis => format!("redis://{address}"),
            Self::Nats => format!("nats://{address}"),
        }
    }

    fn arguments(self, port: u16, folder: &str) -> Vec<String> {
        let (port, here) = (port.to_string(), Ipv4Addr::LOCALHOST.to_string());
        let arguments: &[&str] = match self {
            // Every write is in the log before its answer: a killed server starts with all data.
            // By default a write waits while a slow disk syncs, up to 2 s after its answer.
            Self::Valkey | Self::Redis => &[
                "--port",
                &port,
                "--bind",
                &here,
                "--dir",
                folder,
                "--save",
                "",
                "--appendonly",
                "yes",
                "--appendfsync",
                "no",
                "--repl-diskless-sync-delay",
                "0",
            ],
            Self::Nats => &["--port", &port, "--addr", &here, "--jetstream", "--store_dir", folder],
        };
        arguments.iter().map(|argument| (*argument).to_owned()).collect()
    }
}

/// A server on a port of its own. Dropping it kills the process and deletes its data.
pub struct Engine {
    product: Product,
    port: u16,
    /// Further arguments of the program.
    options: Vec<String>,
    folder: TempDir,
    /// The files of a server with TLS.
    certificates: Option<TempDir>,
    process: Mutex<Option<Server>>,
}

impl Engine {
    /// Starts Valkey.
    pub fn valkey() -> Result<Self> {
        Self::start(Product::Valkey, &[])
    }

    /// Starts the Redis of this machine.
    pub fn redis() -> Result<Self> {
        Self::start(Product::Redis, &[])
    }

    /// Starts NATS.
    pub fn nats() -> Result<Self> {
        Self::start(Product::Nats, &[])
    }

    /// Starts a server that speaks TLS. Returns the address for it, and the file of the certificate.
    /// Redis speaks TLS on a port of its own, beside the plain one. Valkey's wheel has no TLS.
    pub fn with_tls(product: Product) -> Result<(Self, SocketAddr, PathBuf)> {
        let made = Certificate::generate()?;
        let folder = tempfile::tempdir()?;
        let (certificate, key) =
            (folder.path().join("server.pem"), folder.path().join("server.key"));
        fs::write(&certificate, made.certificate)?;
        fs::write(&key, made.key)?;
        let (file, key) = (certificate.display().to_string(), key.display().to_string());
        let port = free_port()?.to_string();
        let options: &[&str] = match product {
            Product::Valkey | Product::Redis => &[
                "--tls-port",
                &port,
                "--tls-cert-file",
                &file,
                "--tls-key-file",
                &key,
                "--tls-ca-cert-file",
                &file,
                "--tls-auth-clients",
                "no",
            ],
            Product::Nats => &["--tls", "--tlscert", &file, "--tlskey", &key],
        };
        let mut engine = Self::start(product, options)?;
        engine.certificates = Some(folder);
        let address = match product {
            Product::Valkey | Product::Redis => (Ipv4Addr::LOCALHOST, port.parse()?).into(),
            Product::Nats => engine.address(),
        };
        Ok((engine, address, certificate))
    }

    /// Starts a server with further arguments, and waits until it answers.
    pub fn start(product: Product, options: &[&str]) -> Result<Self> {
        let engine = Self {
            product,
            port: free_port()?,
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            folder: tempfile::tempdir()?,
            certificates: None,
            process: Mutex::new(None),
        };
        engine.start_process()?;
        Ok(engine)
    }

    /// The product.
    pub fn product(&self) -> Product {
        self.product
    }

    /// The address, which stays the same after a restart.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// The address as a site gets it.
    pub fn url(&self) -> String {
        self.product.url(self.address())
    }

    /// Runs one command of Redis, and returns the reply.
    pub fn ask(&self, command: &[&str]) -> Result<Reply> {
        Commands::connect(self.address())?.ask(command)
    }

    /// Removes all data while the server runs.
    pub fn flush(&self) -> Result<()> {
        match self.product {
            Product::Valkey | Product::Redis => self.ask(&["FLUSHALL"]).map(drop),
            Product::Nats => JetStream::connect(self.address())?.delete_streams(),
        }
    }

    /// Counts the commands that clients send while something is done, by their names. Commands of
    /// scripts are not counted.
    pub fn commands_during<T>(
        &self,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<(T, BTreeMap<String, u64>)> {
        const END: &str = "the end of the count";
        let mut monitor = Commands::connect(self.address())?;
        monitor.ask(&["MONITOR"])?;
        let done = work()?;
        self.ask(&["ECHO", END])?;
        let mut counts = BTreeMap::new();
        loop {
            // `<time> [<database> <client>] "<name>" "<argument>"…`
            let line = monitor.next_reply()?;
            let line = line.text()?;
            if line.contains(END) {
                return Ok((done, counts));
            }
            let name = line.split('"').nth(1).unwrap_or_default().to_ascii_lowercase();
            if !line.contains(" lua] ") {
                *counts.entry(name).or_default() += 1;
            }
        }
    }

    /// Does something with the process.
    pub fn with_process<T>(&self, work: impl FnOnce(&Server) -> Result<T>) -> Result<T> {
        let process = self.process();
        work(process.as_ref().context("the server has ended")?)
    }

    /// A value of `INFO`.
    pub fn info(&self, section: &str, key: &str) -> Result<String> {
        let told = self.ask(&["INFO", section])?;
        let lines = told.text()?.lines();
        let mut found = lines.filter_map(|line| line.split_once(':'));
        let value = found.find(|(name, _)| *name == key);
        Ok(value.with_context(|| format!("INFO {section} has no {key}"))?.1.to_owned())
    }

    /// Ends the process with SIGKILL.
    pub fn kill(&self) -> Result<()> {
        self.end(Signal::KILL)
    }

    /// Ends the process with SIGTERM.
    pub fn stop(&self) -> Result<()> {
        self.end(Signal::TERM)
    }

    /// Stops the process from running, with all its connections open.
    pub fn freeze(&self) -> Result<()> {
        self.signal(Signal::STOP)
    }

    /// Lets a frozen process run again.
    pub fn thaw(&self) -> Result<()> {
        self.signal(Signal::CONT)
    }

    /// Starts again with the data, after the process has ended.
    pub fn restart(&self) -> Result<()> {
        ensure!(self.process().is_none(), "{} still runs", self.address());
        self.start_process()
    }

    /// Starts again without any data, after the process has ended.
    pub fn restart_empty(&self) -> Result<()> {
        ensure!(self.process().is_none(), "{} still runs", self.address());
        for entry in fs::read_dir(self.folder.path())? {
            let path = entry?.path();
            if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
        }
        self.start_process()
    }

    fn start_process(&self) -> Result<()> {
        let mut command = Command::new(self.product.program()?);
        let folder = self.folder.path().display().to_string();
        command
            .current_dir(self.folder.path())
            .args(self.product.arguments(self.port, &folder))
            .args(&self.options);
        let server = Server::start_on(self.port, &mut command)?;
        at_last(|| {
            server.check_alive()?;
            self.is_ready()
        })
        .with_context(|| server.to_string())?;
        *self.process() = Some(server);
        Ok(())
    }

    /// A server accepts connections before it has loaded its data.
    fn is_ready(&self) -> Result<()> {
        match self.product {
            Product::Valkey | Product::Redis => match self.ask(&["PING"]) {
                // It wants a password, which it does not before it has loaded its data.
                Err(error) if error.root_cause().to_string().starts_with("NOAUTH") => Ok(()),
                answer => answer.map(drop),
            },
            Product::Nats => {
                let mut connection = TcpStream::connect(self.address())?;
                connection.set_read_timeout(Some(Duration::from_secs(1)))?;
                let mut lines = BufReader::new(connection.try_clone()?).lines();
                let told = lines.next().context("the server says nothing")??;
                if told.contains("\"tls_required\":true") {
                    return Ok(());
                }
                connection.write_all(b"CONNECT {\"verbose\":false}\r\nPING\r\n")?;
                for line in lines {
                    let line = line?;
                    // It may want a password.
                    if ["PONG", "-ERR"].iter().any(|answer| line.starts_with(answer)) {
                        return Ok(());
                    }
                }
                bail!("the server has closed the connection")
            }
        }
    }

    fn end(&self, signal: Signal) -> Result<()> {
        let server = self.process().take();
        let server = server.context("the server has ended already")?;
        server.signal(signal)?;
        server.wait_for_end(END)?;
        Ok(())
    }

    fn signal(&self, signal: Signal) -> Result<()> {
        self.with_process(|server| server.signal(signal))
    }

    fn process(&self) -> MutexGuard<'_, Option<Server>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The output of the process, for failures.
impl fmt::Display for Engine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.process() {
            Some(server) => server.fmt(formatter),
            None => formatter.write_str("the server has ended"),
        }
    }
}
