//! A proxy that breaks connections between a registry and its publishers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::Result;

/// The fate of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The upload succeeds.
    None,
    /// The connection breaks during the upload.
    Upload,
    /// The upload arrives, and the connection breaks before the answer.
    Answer,
}

/// The proxy. It ends with the test process.
pub struct Cuts {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The fates of the next uploads. Later ones succeed.
    plan: Vec<Cut>,
    uploads: usize,
}

impl Cuts {
    /// Starts the proxy in front of a server.
    pub fn start(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State::default()));
        let own = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&own);
                // A broken connection is an error only at its two ends.
                thread::spawn(move || pass(client, server, &state));
            }
        });
        Ok(Self { address, state })
    }

    /// The address of the proxy.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Plans the fates of the next uploads; later ones succeed. Returns the number of uploads since
    /// the last plan.
    pub fn plan(&self, cuts: &[Cut]) -> usize {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.plan = cuts.to_vec();
        std::mem::take(&mut state.uploads)
    }
}

impl State {
    fn next(&mut self) -> Cut {
        self.uploads += 1;
        if self.plan.is_empty() { Cut::None } else { self.plan.remove(0) }
    }
}

/// Forwards one request and its response. Each connection is closed afterwards.
fn pass(client: TcpStream, server: SocketAddr, state: &Mutex<State>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut head = Vec::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let header = line.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.trim_end().is_empty() {
            break;
        }
        if !header.starts_with("connection:") {
            head.push(line);
        }
    }
    let is_upload = head.first().is_some_and(|line| line.starts_with("PUT "));
    let cut = if is_upload {
        state.lock().unwrap_or_else(PoisonError::into_inner).next()
    } else {
        Cut::None
    };
    let mut server = TcpStream::connect(server)?;
    server.write_all(head.concat().as_bytes())?;
    server.write_all(b"Connection: close\r\n\r\n")?;
    let sent = if cut == Cut::Upload { length / 2 } else { length };
    io::copy(&mut reader.take(sent), &mut server)?;
    if cut == Cut::Upload {
        return Ok(());
    }
    let mut answer = Vec::new();
    server.read_to_end(&mut answer)?;
    if cut == Cut::Answer {
        return Ok(());
    }
    (&client).write_all(&answer)
}
