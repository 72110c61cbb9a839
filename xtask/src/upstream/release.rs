//! What a registry says of the releases of a package.

use std::collections::BTreeMap;

use semver::{Version, VersionReq};
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
    /// Its range of Node.js, as it is written.
    pub node: Option<String>,
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
    #[serde(default)]
    engines: Engines,
}

/// Old manifests have a list here, which says nothing of a range.
#[derive(Deserialize)]
#[serde(untagged)]
enum Engines {
    Ranges { node: Option<String> },
    Other(serde::de::IgnoredAny),
}

impl Default for Engines {
    fn default() -> Self {
        Self::Ranges { node: None }
    }
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
        let VersionMetadata { dist, mut peer_dependencies, dev_dependencies, engines } = metadata;
        let node = match engines {
            Engines::Ranges { node } => node,
            Engines::Other(_) => None,
        };
        let made_with =
            dev_dependencies.get(ASTRO).map(|range| range.trim_start_matches(['^', '~']));
        Some(Release {
            version: Version::parse(&version).ok()?,
            integrity: dist.integrity.and_then(|integrity| integrity.parse().ok()),
            tarball: dist.tarball,
            astro: peer_dependencies.remove(ASTRO),
            node,
            made_with: made_with.and_then(|version| Version::parse(version).ok()),
        })
    });
    let mut releases: Vec<Release> = releases.collect();
    releases.sort_by(|one, other| one.version.cmp(&other.version));
    Ok(releases)
}

/// Whether a range, as npm has it, holds a version: npm's `||` is none of Cargo's, and a bare version
/// is that version only.
#[must_use]
pub fn accepts(range: &str, version: &Version) -> bool {
    range.split("||").map(str::trim).any(|range| match Version::parse(range) {
        Ok(exact) => exact == *version,
        Err(_) => VersionReq::parse(range).is_ok_and(|range| range.matches(version)),
    })
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::accepts;

    #[test]
    fn a_range_holds_what_npm_says_it_holds() {
        let astro5 = "18.20.8 || ^20.3.0 || >=22.0.0";
        for (version, is_in) in [
            (Version::new(18, 20, 8), true),
            (Version::new(18, 21, 0), false),
            (Version::new(20, 20, 2), true),
            (Version::new(21, 0, 0), false),
            (Version::new(24, 21, 0), true),
        ] {
            assert_eq!(accepts(astro5, &version), is_in, "{version}");
        }
        assert!(!accepts("latest", &Version::new(1, 0, 0)));
    }
}
