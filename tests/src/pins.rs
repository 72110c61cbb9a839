//! The pins of `upstream/upstream.toml`, and the release line under test.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::locations;

/// Selects the Astro major for the suites; set by `cargo xtask test --astro`.
const MAJOR: &str = "TEST_ASTRO";

/// The pins in `upstream/upstream.toml` of the release line under test.
#[derive(Deserialize)]
pub struct Pin {
    /// The exact version of Astro.
    pub astro: String,
    /// The commit of that release, if it is known.
    pub commit: Option<String>,
    /// The dist-tag of our packages.
    pub tag: String,
    /// npm installs no release younger than this day, so that transitive dependencies stay the same
    /// between runs. A lockfile would do the same. But it would repeat the version of Astro and the
    /// integrity of the tarball, which change with every pin and every build.
    #[serde(rename = "as-of")]
    pub as_of: String,
    /// The official adapters, by name.
    pub packages: BTreeMap<String, PinnedPackage>,
}

/// An official adapter.
#[derive(Deserialize)]
pub struct PinnedPackage {
    /// The exact version.
    pub version: String,
    /// The sha512 of its tarball.
    pub integrity: String,
}

/// The last moment of a day, the cutoff for installed releases: the pinned release may be from the
/// day of the pin.
#[must_use]
pub fn last_moment(day: &str) -> String {
    format!("{day}T23:59:59.999Z")
}

/// The Astro major under test: the newest pinned one, unless another is requested.
pub fn major() -> Result<u64> {
    match std::env::var(MAJOR) {
        Ok(major) => major.parse().with_context(|| format!("`{MAJOR}` is no number: {major}")),
        Err(_) => newest_major(),
    }
}

/// Whether the newest Astro major is under test.
pub fn is_newest() -> Result<bool> {
    Ok(major()? == newest_major()?)
}

fn newest_major() -> Result<u64> {
    let majors = pins()?.into_keys().filter_map(|line| line.strip_prefix(LINE)?.parse().ok());
    majors.max().context("nothing is pinned")
}

/// The prefix of a release line's name, before its major.
pub(crate) const LINE: &str = "astro";

/// The name of the release line under test, for example `astro7`.
pub(crate) fn line() -> Result<String> {
    Ok(format!("{LINE}{}", major()?))
}

/// Reads the pin of the release line under test.
pub fn pinned() -> Result<Pin> {
    let line = line()?;
    pins()?.remove(&line).with_context(|| format!("no `[{line}]` among the pins"))
}

/// The pins of all release lines, by name.
pub fn pins() -> Result<BTreeMap<String, Pin>> {
    let path = locations::repository().join("upstream/upstream.toml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read: {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("not a table of pins: {}", path.display()))
}
