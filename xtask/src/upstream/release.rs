//! What a registry says of the releases of a package.

use std::collections::BTreeMap;

use semver::Version;
use serde::{Deserialize, Serialize};

use super::{Integrity, PackagePin, UpstreamError};

/// Astro itself, on npm.
pub const ASTRO: &str = "astro";

/// A release as the registry's metadata describe it.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its version.
    pub version: Version,
    /// The sha512 of its tarball, if one is named.
    pub integrity: Option<Integrity>,
    /// Where its tarball is said to be.
    pub tarball: String,
    /// Its range of Astro, as it is written.
    pub astro: Option<String>,
    /// The Astro that it was made and tested with, as far as that is told.
    pub made_with: Option<Version>,
}

#[derive(Serialize, Deserialize)]
struct Metadata {
    versions: BTreeMap<String, VersionMetadata>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionMetadata {
    dist: Distribution,
    #[serde(default)]
    peer_dependencies: Dependencies,
    #[serde(default)]
    dev_dependencies: Dependencies,
}

/// What is of interest of a list of dependencies.
#[derive(Default, Serialize, Deserialize)]
struct Dependencies {
    /// The range of [`ASTRO`].
    astro: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Distribution {
    tarball: String,
    integrity: Option<String>,
}

impl Release {
    /// The pin of this release, as a registry's own word has it.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::NoIntegrity`] where the metadata name no sha512.
    pub fn pin(&self, package: &str) -> Result<PackagePin, UpstreamError> {
        let integrity = self.integrity.ok_or_else(|| UpstreamError::NoIntegrity {
            release: format!("{package}@{}", self.version),
        })?;
        Ok(PackagePin::of(self.version.clone(), integrity))
    }
}

/// Reads a package's metadata. What npm would not take for a version is passed over.
pub(super) fn read(metadata: &[u8]) -> serde_json::Result<Vec<Release>> {
    Ok(releases(serde_json::from_slice(metadata)?))
}

/// The same, and the metadata once more with nothing in them but what is read of them: Astro's are
/// five megabytes.
pub(super) fn read_and_reduce(metadata: &[u8]) -> serde_json::Result<(Vec<Release>, Vec<u8>)> {
    let metadata: Metadata = serde_json::from_slice(metadata)?;
    let reduced = serde_json::to_vec(&metadata)?;
    Ok((releases(metadata), reduced))
}

fn releases(metadata: Metadata) -> Vec<Release> {
    let releases = metadata.versions.into_iter().filter_map(|(version, metadata)| {
        let VersionMetadata { dist, peer_dependencies, dev_dependencies } = metadata;
        let made_with = dev_dependencies.astro;
        let made_with = made_with.as_deref().map(|range| range.trim_start_matches(['^', '~']));
        Some(Release {
            version: Version::parse(&version).ok()?,
            integrity: dist.integrity.and_then(|integrity| integrity.parse().ok()),
            tarball: dist.tarball,
            astro: peer_dependencies.astro,
            made_with: made_with.and_then(|version| Version::parse(version).ok()),
        })
    });
    let mut releases: Vec<Release> = releases.collect();
    releases.sort_by(|one, other| one.version.cmp(&other.version));
    releases
}
