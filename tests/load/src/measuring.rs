//! The loop that all loads have in common.

use std::io;
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Poll};

use crate::unexpected;

/// What a server did of something.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// In a second by the watch: what it does with a core of its own.
    pub per_second: f64,
    /// In a second of its processor time: says the same, and still says it when others use the core
    /// as well.
    pub per_processor_second: f64,
}

/// How long a server may take to answer anything.
const PATIENCE: Duration = Duration::from_secs(5);

/// Has events handled for this long, after a third of it that is not counted.
///
/// It does not sleep between events: a server would have to wake it, which takes as long as the
/// answer itself, and how often it would depends on which of the two happens to be ahead.
///
/// `clock` tells the server's processor time. `handle` is given an event, the time, and whether it
/// counts; it tells how much was done with it.
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
