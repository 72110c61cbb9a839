//! The slowest tests of a suite, told at its end: that is where the time of a run goes.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many tests are told.
const TOLD: usize = 12;

/// The time of each test that has run. It includes the start of a server that the test was the
/// first to need.
#[derive(Default)]
pub struct Slowest(Mutex<Vec<(Duration, String)>>);

impl Slowest {
    /// Runs a test and notes its time.
    pub fn time<T>(&self, name: &str, test: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = test();
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        times.push((start.elapsed(), name.to_owned()));
        result
    }
}

impl fmt::Display for Slowest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut times = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        times.sort_unstable_by(|one, other| other.cmp(one));
        write!(formatter, "The slowest tests:")?;
        times
            .iter()
            .take(TOLD)
            .try_for_each(|(time, name)| write!(formatter, "\n{:>7} ms {name}", time.as_millis()))
    }
}
