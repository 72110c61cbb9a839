//! What a registry says of the releases of a package.

use std::collections::BTreeMap;

use semver::Version;
use serde::Deserialize;

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

#[derive(Deserialize)]
struct Metadata {
    versions: BTreeMap<String, VersionMetadata>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VersionMetadata {
    dist: Distribution,
    #[serde(default)]
    peer_dependencies: BTreeMap<String, String>,
    #[serde(default)]
    dev_dependencies: BTreeMap<String, String>,
}

#[derive(Deserialize)]
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
    let metadata: Metadata = serde_json::from_slice(metadata)?;
    let releases = metadata.versions.into_iter().filter_map(|(version, metadata)| {
        let VersionMetadata { dist, mut peer_dependencies, dev_dependencies } = metadata;
        let made_with =
            dev_dependencies.get(ASTRO).map(|range| range.trim_start_matches(['^', '~']));
        Some(Release {
            version: Version::parse(&version).ok()?,
            integrity: dist.integrity.and_then(|integrity| integrity.parse().ok()),
            tarball: dist.tarball,
            astro: peer_dependencies.remove(ASTRO),
            made_with: made_with.and_then(|version| Version::parse(version).ok()),
        })
    });
    let mut releases: Vec<Release> = releases.collect();
    releases.sort_by(|one, other| one.version.cmp(&other.version));
    Ok(releases)
}
