//! Real server processes.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::iter;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use rustls::ClientConfig;

use crate::client::Request;
use crate::line::Line;
use crate::patience::at_last;

/// The time limit for a server to print its port, and to answer its first request. A cold start of
/// Vite takes ten seconds, and many times that on a busy machine.
pub const START: Duration = Duration::from_secs(120);

/// Held while a dev server starts, so that each has the processors for itself: Vite bundles the
/// dependencies of a site then.
static COLD_START: Mutex<()> = Mutex::new(());

/// What Vite says if it cannot have the free port that it has chosen: it closes its probe of the port
/// before it listens there, and another process may be faster.
const PORT_TAKEN: &str = "is already in use";

/// A server process on 127.0.0.1. Dropping it kills the process and all its children.
pub struct Server {
    child: Mutex<Child>,
    output: Arc<Output>,
    peer: Peer,
    /// Further processes of the same site, and the line that leads to all of them.
    others: Vec<Self>,
    _line: Option<Line>,
}

/// A server as its clients know it.
#[derive(Clone)]
pub struct Peer {
    address: SocketAddr,
    tls: Option<Arc<ClientConfig>>,
    client: Option<Ipv4Addr>,
    realtime: Realtime,
}

/// How the server speaks to the clients of its channels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Realtime {
    /// Whether each channel has a connection of its own, as in Durable Objects.
    pub is_per_channel: bool,
    /// Whether each step of a test evicts an object from memory.
    pub hibernates: bool,
}

impl Peer {
    /// The address of the server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address from which clients connect, if it matters.
    pub fn client(&self) -> Option<Ipv4Addr> {
        self.client
    }

    /// The client configuration for TLS, if this server uses it.
    pub fn tls(&self) -> Option<Arc<ClientConfig>> {
        self.tls.clone()
    }

    /// How it speaks to the clients of its channels.
    pub fn realtime(&self) -> Realtime {
        self.realtime
    }
}

impl Server {
    /// Starts a server that prints its port when it listens, as `listening <port>` or in a URL.
    pub fn start(command: &mut Command) -> Result<Self> {
        let mut attempts_left = 3;
        loop {
            attempts_left -= 1;
            let mut server = Self::spawn(command)?;
            if let Some(port) = server.output.wait_for(START, port) {
                server.peer.address.set_port(port);
                return Ok(server);
            }
            let is_port_taken = server.output.lock().text.contains(PORT_TAKEN);
            if !is_port_taken || attempts_left == 0 {
                bail!("no port was printed by {command:?}\n{server}");
            }
        }
    }

    /// Starts a dev server, and waits until it can answer cases in time.
    pub fn start_dev(command: &mut Command) -> Result<Self> {
        let _turn = COLD_START.lock().unwrap_or_else(PoisonError::into_inner);
        let server = Self::start(command)?;
        server.warm()?;
        Ok(server)
    }

    /// Starts a server that prints nothing and listens on this port.
    pub fn start_on(port: u16, command: &mut Command) -> Result<Self> {
        let mut server = Self::spawn(command)?;
        server.peer.address.set_port(port);
        at_last(|| {
            server.check_alive()?;
            Ok(TcpStream::connect(server.address())?)
        })?;
        Ok(server)
    }

    /// The output of a server that does not start, and ends with an error instead.
    pub fn output_of(command: &mut Command, limit: Duration) -> Result<String> {
        let server = Self::spawn(command)?;
        let status = server.wait_for_end(limit)?;
        ensure!(!status.success(), "it ends without an error\n{server}");
        // The rest may still be on its way.
        server.output.wait_for(limit, |_| None::<()>);
        let text = server.output.lock().text.clone();
        Ok(text)
    }

    /// Puts processes of one site behind one address. Each connection goes to the next process.
    pub fn in_turn(mut first: Self, others: Vec<Self>) -> Result<Self> {
        let processes = iter::once(&first).chain(&others);
        let line = Line::to_each(&processes.map(Self::address).collect::<Vec<_>>())?;
        first.peer.address = line.address();
        first.others = others;
        first._line = Some(line);
        Ok(first)
    }

    /// Waits until the server has answered a first request. A dev server compiles the site for it,
    /// which can take longer on a busy machine than a case waits.
    pub fn warm(&self) -> Result<()> {
        let mut connection = self.connection()?;
        connection.write(&Request::get("/").to_bytes(&self.address().to_string()))?;
        connection.response_within("GET", START)?;
        Ok(())
    }

    fn spawn(command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start: {command:?}"))?;
        let output = Arc::new(Output::default());
        if let Some(stdout) = child.stdout.take() {
            output.follow(stdout);
        }
        if let Some(stderr) = child.stderr.take() {
            output.follow(stderr);
        }
        Ok(Self {
            child: Mutex::new(child),
            output,
            others: Vec::new(),
            _line: None,
            peer: Peer {
                address: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
                tls: None,
                client: None,
                realtime: Realtime::default(),
            },
        })
    }

    /// Makes clients connect from another address of this machine.
    #[must_use]
    pub fn with_client(mut self, address: Ipv4Addr) -> Self {
        self.peer.client = Some(address);
        self
    }

    /// Makes clients use TLS for this server.
    #[must_use]
    pub fn with_tls(mut self, config: Arc<ClientConfig>) -> Self {
        self.peer.tls = Some(config);
        self
    }

    /// Sets how the server speaks to the clients of its channels.
    #[must_use]
    pub fn with_realtime(mut self, realtime: Realtime) -> Self {
        self.peer.realtime = realtime;
        self
    }

    /// The server as its clients know it.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// The address of the server.
    pub fn address(&self) -> SocketAddr {
        self.peer.address
    }

    /// How it speaks to the clients of its channels.
    pub fn realtime(&self) -> Realtime {
        self.peer.realtime
    }

    /// The origin of its pages.
    pub fn origin(&self) -> String {
        let scheme = if self.peer.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address())
    }

    /// If a process has ended, returns an error with its output.
    pub fn check_alive(&self) -> Result<()> {
        if let Some(status) = self.child().try_wait()? {
            bail!("the server process has ended with {status}\n{self}");
        }
        self.others.iter().try_for_each(Self::check_alive)
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child().id()
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = self.pid().context("the process has no identifier")?;
        Ok(kill_process(pid, signal)?)
    }

    /// The first result of `find` in the server's output.
    pub fn wait_for_output<T>(
        &self,
        limit: Duration,
        find: impl Fn(&str) -> Option<T>,
    ) -> Result<T> {
        let found = self.output.wait_for(limit, find);
        found.ok_or_else(|| anyhow!("the server did not print it in {limit:?}\n{self}"))
    }

    /// Waits until the process has ended.
    pub fn wait_for_end(&self, limit: Duration) -> Result<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child().try_wait()? {
                return Ok(status);
            }
            ensure!(Instant::now() < deadline, "the process still runs after {limit:?}\n{self}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child().id()).ok().and_then(Pid::from_raw)
    }
}

impl Server {
    /// Kills the process and all its children.
    pub fn kill_all(&self) -> Result<()> {
        self.signal_all(Signal::KILL)
    }

    /// Sends a signal to the process and all its children.
    pub fn signal_all(&self, signal: Signal) -> Result<()> {
        let pid = self.pid().context("the process has no identifier")?;
        Ok(kill_process_group(pid, signal)?)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The whole group: Astro may have started processes of its own.
        let _ = self.kill_all();
        let _ = self.child().wait();
    }
}

/// The server's output, for failures.
impl fmt::Display for Server {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "--- printed by the server:\n{}---", self.output.lock().text)?;
        self.others.iter().try_for_each(|other| write!(formatter, "\n{other}"))
    }
}

/// The output of a process, collected while it runs.
#[derive(Default)]
struct Output {
    printed: Mutex<Printed>,
    changed: Condvar,
}

#[derive(Default)]
struct Printed {
    text: String,
    /// The number of open streams. It is zero when the process has ended.
    open: usize,
}

impl Output {
    fn follow(self: &Arc<Self>, stream: impl Read + Send + 'static) {
        let output = Arc::clone(self);
        output.lock().open += 1;
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let mut printed = output.lock();
                printed.text.push_str(&String::from_utf8_lossy(&line));
                printed.text.push('\n');
                drop(printed);
                output.changed.notify_all();
            }
            output.lock().open -= 1;
            output.changed.notify_all();
        });
    }

    /// The result of `find` in the text, or `None` at the time limit or at the end of the process.
    fn wait_for<T>(&self, limit: Duration, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let (printed, _) = self
            .changed
            .wait_timeout_while(self.lock(), limit, |printed| {
                printed.open > 0 && find(&printed.text).is_none()
            })
            .unwrap_or_else(PoisonError::into_inner);
        find(&printed.text)
    }

    fn lock(&self) -> MutexGuard<'_, Printed> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The port in `listening 1234`, `http://127.0.0.1:1234`, `http://localhost:1234/` or workerd's
/// `"port":1234`.
fn port(printed: &str) -> Option<u16> {
    ["listening ", "://127.0.0.1:", "://localhost:", "\"port\":"].iter().find_map(|before| {
        let (_, after) = printed.split_once(before)?;
        let digits = after.split(|letter: char| !letter.is_ascii_digit()).next()?;
        digits.parse().ok()
    })
}
