//! Durations in a compact histogram.

use std::time::Duration;

/// Counts by microsecond, up to half a second. Longer durations count as that.
pub struct Latency {
    counts: Vec<u32>,
    total: u64,
}

const LIMIT: usize = 500_000;

impl Latency {
    pub fn new() -> Self {
        Self { counts: vec![0; LIMIT], total: 0 }
    }

    pub fn add(&mut self, duration: Duration) {
        let index = usize::try_from(duration.as_micros()).unwrap_or(LIMIT).min(LIMIT - 1);
        self.counts[index] += 1;
        self.total += 1;
    }

    /// The duration that this fraction of all durations did not exceed.
    pub fn percentile(&self, part: f64) -> Duration {
        let wanted = (self.total as f64 * part).ceil() as u64;
        let mut seen = 0;
        for (microseconds, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return Duration::from_micros(microseconds as u64);
            }
        }
        Duration::ZERO
    }
}
