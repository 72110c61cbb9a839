//! What many threads need and one of them makes.

use std::sync::OnceLock;

use anyhow::{Result, anyhow};

/// A value that the first thread to need it makes.
pub struct Once<T>(OnceLock<Result<T, String>>);

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T> Once<T> {
    /// What `make` made. Why it could not is told in full to the first who asks; it may be long.
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
