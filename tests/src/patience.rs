//! Retries for effects that happen slightly later than the client can observe.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// The time limit for an effect, an answer or a message on a busy machine. It is no promise of the
/// packages: what must happen sooner is measured by its test.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The pause between two attempts.
const PAUSE: Duration = Duration::from_millis(20);

/// The result of the first successful attempt, or the last failure after [`PATIENCE`].
pub fn at_last<T>(attempt: impl FnMut() -> Result<T>) -> Result<T> {
    within(PATIENCE, attempt)
}

/// The result of the first successful attempt, or the last failure after `limit`.
pub fn within<T>(limit: Duration, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    let deadline = Instant::now() + limit;
    loop {
        match attempt() {
            Err(error) if Instant::now() > deadline => {
                return Err(error).with_context(|| format!("it did not come true in {limit:?}"));
            }
            Err(_) => thread::sleep(PAUSE),
            value => return value,
        }
    }
}
