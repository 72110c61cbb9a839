//! A network between a client and a server that can die without a word.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Result;

/// The time between two looks at a dead network.
const PAUSE: Duration = Duration::from_millis(50);

/// Forwards connections. It ends with the test process.
pub struct Line {
    address: SocketAddr,
    is_dead: Arc<AtomicBool>,
}

impl Line {
    /// Starts it in front of a server.
    pub fn to(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let is_dead = Arc::new(AtomicBool::new(false));
        let own = Arc::clone(&is_dead);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let is_dead = Arc::clone(&own);
                // A broken connection is an error only at its two ends.
                thread::spawn(move || connect(client, server, &is_dead));
            }
        });
        Ok(Self { address, is_dead })
    }

    /// The address that clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Bytes no longer arrive, and nobody is told. New connections hang.
    pub fn die(&self) {
        self.is_dead.store(true, Ordering::SeqCst);
    }

    /// New connections work. Bytes that were on their way are lost, and their connections stay dead.
    pub fn revive(&self) {
        self.is_dead.store(false, Ordering::SeqCst);
    }
}

fn connect(client: TcpStream, server: SocketAddr, is_dead: &Arc<AtomicBool>) -> io::Result<()> {
    while is_dead.load(Ordering::SeqCst) {
        thread::sleep(PAUSE);
    }
    let server = TcpStream::connect(server)?;
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    let both = Arc::clone(is_dead);
    thread::spawn(move || pass(from_client, to_server, &both));
    pass(server, client, is_dead)
}

/// Forwards one direction. Once bytes are lost, the connection never ends.
fn pass(mut from: TcpStream, mut to: TcpStream, is_dead: &AtomicBool) -> io::Result<()> {
    let mut buffer = [0; 16 * 1024];
    let mut is_lost = false;
    loop {
        let length = from.read(&mut buffer)?;
        is_lost |= is_dead.load(Ordering::SeqCst);
        if is_lost && length == 0 {
            // The other end learns nothing of a close.
            thread::park();
        }
        if is_lost {
            continue;
        }
        if length == 0 {
            return to.shutdown(std::net::Shutdown::Write);
        }
        to.write_all(&buffer[..length])?;
    }
}
