//! Processes of one site that share an engine.

use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use rustix::process::Signal;

use crate::line::Line;
use crate::port::free_port;
use crate::server::Server;

/// The time limit of a process that was killed.
const END: Duration = Duration::from_secs(10);

/// Makes the command of a process that reaches its engine at an address.
type Start<'s> = Box<dyn Fn(SocketAddr) -> Result<Command> + Send + Sync + 's>;

/// A process with a network of its own to the engine. It keeps its port when it starts again.
pub struct Process<'s> {
    /// The network to the engine.
    pub line: Line,
    command: Start<'s>,
    port: u16,
    server: Mutex<Arc<Server>>,
}

impl<'s> Process<'s> {
    /// Starts a process. It reaches the engine through a line.
    pub fn start(
        engine: SocketAddr,
        command: impl Fn(SocketAddr) -> Result<Command> + Send + Sync + 's,
    ) -> Result<Self> {
        let line = Line::to(engine)?;
        let port = free_port()?;
        let server = run(command(line.address())?, port)?;
        Ok(Self { line, command: Box::new(command), port, server: Mutex::new(Arc::new(server)) })
    }

    /// The server, which may have ended.
    pub fn server(&self) -> Arc<Server> {
        Arc::clone(&self.server.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends the process with SIGKILL.
    pub fn kill(&self) -> Result<()> {
        let server = self.server();
        server.signal(Signal::KILL)?;
        server.wait_for_end(END)?;
        Ok(())
    }

    /// Stops the process from running, with all its connections open.
    pub fn freeze(&self) -> Result<()> {
        self.server().signal(Signal::STOP)
    }

    /// Lets a frozen process run again.
    pub fn thaw(&self) -> Result<()> {
        self.server().signal(Signal::CONT)
    }

    /// Starts the process again after it has ended.
    pub fn start_again(&self) -> Result<()> {
        let server = run((self.command)(self.line.address())?, self.port)?;
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(server);
        Ok(())
    }
}

fn run(mut command: Command, port: u16) -> Result<Server> {
    Server::start(command.env("PORT", port.to_string()))
}
