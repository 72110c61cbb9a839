//! The measuring loop that all loads share.

use std::io;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Poll};

use crate::unexpected;

/// The rates of a server for one kind of work.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Per second of wall time: the rate with a core of its own.
    pub per_second: f64,
    /// Per second of the server's processor time. This rate stays valid when other processes use
    /// the core.
    pub per_processor_second: f64,
}

/// The time limit for any answer of a server.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Handles events for this long, after an uncounted third of it.
///
/// It does not sleep between events. A server would have to wake it, which takes as long as the
/// answer itself. How often that happens would depend on which of the two is ahead.
///
/// `clock` returns the server's processor time. `handle` takes an event, the time, and whether it
/// counts. It returns the amount of completed work.
pub fn measure(
    poll: &mut Poll,
    duration: Duration,
    clock: impl Fn() -> io::Result<Duration>,
    mut handle: impl FnMut(&Event, Instant, bool) -> io::Result<u64>,
) -> io::Result<Rates> {
    let start = Instant::now() + duration / 3;
    let end = start + duration;
    let mut started = None;
    let mut done = 0;
    let mut events = Events::with_capacity(1024);
    let mut answered = Instant::now();
    loop {
        poll.poll(&mut events, Some(Duration::ZERO))?;
        let now = Instant::now();
        if now >= start && started.is_none() {
            started = Some((now, clock()?));
        }
        if let Some((since, spent)) = started.filter(|_| now >= end) {
            let of = |time: Duration| done as f64 / time.as_secs_f64();
            return Ok(Rates {
                per_second: of(now - since),
                per_processor_second: of(clock()? - spent),
            });
        }
        if !events.is_empty() {
            answered = now;
        } else if now - answered > PATIENCE {
            return Err(unexpected("the server stopped answering"));
        }
        for event in &events {
            let handled = handle(event, now, started.is_some())?;
            done += if started.is_some() { handled } else { 0 };
        }
    }
}
