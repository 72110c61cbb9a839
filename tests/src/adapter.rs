//! The part of `adapters/<runtime>/adapter.toml` that the tests need.

use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::locations;

/// The description of an adapter.
#[derive(Deserialize)]
pub struct Adapter {
    /// The official adapter.
    pub upstream: Upstream,
}

/// The official package.
#[derive(Deserialize)]
pub struct Upstream {
    /// Its name on npm.
    pub package: String,
}

impl Adapter {
    /// Reads the description for a runtime.
    pub fn read(runtime: &str) -> Result<Self> {
        let path = locations::repository().join("adapters").join(runtime).join("adapter.toml");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read: {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("not a description: {}", path.display()))
    }
}
