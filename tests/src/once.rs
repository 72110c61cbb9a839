//! A value that many threads need and one of them creates.

use std::sync::OnceLock;

use anyhow::{Result, anyhow};

/// A value created by the first thread that needs it.
pub struct Once<T>(OnceLock<Result<T, String>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T> Once<T> {
    /// The value that `make` created. Only the first caller gets the full error, which may be long.
    pub fn get(&self, make: impl FnOnce() -> Result<T>) -> Result<&T> {
        let mut failure = None;
        let made = self.0.get_or_init(|| {
            make().map_err(|error| {
                let reason = format!("{error:#}");
                failure = Some(error);
                reason.lines().next().unwrap_or_default().to_owned()
            })
        });
        made.as_ref().map_err(|reason| failure.unwrap_or_else(|| anyhow!("{reason}")))
    }
}
