//! A registry's metadata on the releases of a package.

use std::collections::BTreeMap;

use nodejs_semver::Range;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::{Integrity, PackagePin, UpstreamError};

/// Astro itself, on npm.
pub const ASTRO: &str = "astro";

/// A release in the registry's metadata.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its version.
    pub version: Version,
    /// The sha512 of its tarball, if present.
    pub integrity: Option<Integrity>,
    /// The URL of its tarball, according to the metadata.
    pub tarball: String,
    /// Its range of Astro, unparsed.
    pub astro: Option<String>,
    /// Its range of Node.js, unparsed.
    pub node: Option<String>,
    /// The Astro version of its build and tests, if known.
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
    #[serde(default)]
    engines: Engines,
}

/// Old manifests have a list here, which contains no range.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Engines {
    Ranges { node: Option<String> },
    Other(serde_json::Value),
}

impl Default for Engines {
    fn default() -> Self {
        Self::Ranges { node: None }
    }
}

/// The dependencies that this module reads.
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
    /// The pin of this release, according to the registry.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::NoIntegrity`] if the metadata have no sha512.
    pub fn pin(&self, package: &str) -> Result<PackagePin, UpstreamError> {
        let integrity = self.integrity.ok_or_else(|| UpstreamError::NoIntegrity {
            release: format!("{package}@{}", self.version),
        })?;
        Ok(PackagePin::of(self.version.clone(), integrity))
    }
}

/// Reads a package's metadata. Skips versions that npm would reject.
pub(super) fn read(metadata: &[u8]) -> serde_json::Result<Vec<Release>> {
    Ok(releases(serde_json::from_slice(metadata)?))
}

/// Like [`read`]. Also returns the metadata reduced to the fields read here: Astro's are five
/// megabytes.
pub(super) fn read_and_reduce(metadata: &[u8]) -> serde_json::Result<(Vec<Release>, Vec<u8>)> {
    let metadata: Metadata = serde_json::from_slice(metadata)?;
    let reduced = serde_json::to_vec(&metadata)?;
    Ok((releases(metadata), reduced))
}

fn releases(metadata: Metadata) -> Vec<Release> {
    let releases = metadata.versions.into_iter().filter_map(|(version, metadata)| {
        let VersionMetadata { dist, peer_dependencies, dev_dependencies, engines } = metadata;
        let node = match engines {
            Engines::Ranges { node } => node,
            Engines::Other(_) => None,
        };
        let made_with = dev_dependencies.astro;
        let made_with = made_with.as_deref().map(|range| range.trim_start_matches(['^', '~']));
        Some(Release {
            version: Version::parse(&version).ok()?,
            integrity: dist.integrity.and_then(|integrity| integrity.parse().ok()),
            tarball: dist.tarball,
            astro: peer_dependencies.astro,
            node,
            made_with: made_with.and_then(|version| Version::parse(version).ok()),
        })
    });
    let mut releases: Vec<Release> = releases.collect();
    releases.sort_by(|one, other| one.version.cmp(&other.version));
    releases
}

/// A release on npm as a package URL.
///
/// Source: <https://github.com/package-url/purl-spec/blob/main/types-doc/npm-definition.md>.
#[must_use]
pub fn purl(package: &str, version: &str) -> String {
    format!("pkg:npm/{}@{version}", package.replacen('@', "%40", 1))
}

/// Whether an npm range contains a version.
///
/// # Errors
///
/// The reason for an invalid range.
pub fn accepts(range: &str, version: &Version) -> Result<bool, String> {
    for comparator in comparators(range) {
        Range::parse(&comparator).map_err(|_| format!("`{comparator}` is not a range"))?;
    }
    let range = Range::parse(range).map_err(|error| error.to_string())?;
    // Both crates follow semver, so both parse the same versions.
    let version =
        nodejs_semver::Version::parse(version.to_string()).map_err(|error| error.to_string())?;
    Ok(range.satisfies(&version))
}

/// The comparators of a range, one by one: parsed together, invalid ones would be skipped.
fn comparators(range: &str) -> Vec<String> {
    let mut comparators: Vec<String> = Vec::new();
    for alternative in range.split("||").map(str::trim) {
        if alternative.contains(" - ") {
            comparators.push(alternative.to_owned());
            continue;
        }
        let mut operator = String::new();
        for word in alternative.split_whitespace() {
            // A space may follow an operator.
            if word.chars().all(|character| "<>=^~".contains(character)) {
                operator.push_str(word);
            } else {
                comparators.push(format!("{operator}{word}"));
                operator.clear();
            }
        }
        comparators.extend((!operator.is_empty()).then_some(operator));
    }
    comparators
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::{accepts, purl};

    #[test]
    fn a_scope_is_escaped_in_a_package_url() {
        assert_eq!(purl("@astrojs/node", "1.2.3"), "pkg:npm/%40astrojs/node@1.2.3");
        assert_eq!(purl("ws", "8.23.0"), "pkg:npm/ws@8.23.0");
    }

    #[test]
    fn a_range_contains_the_same_versions_as_in_npm() {
        let astro5 = "18.20.8 || ^20.3.0 || >=22.0.0";
        for (version, is_in) in [
            (Version::new(18, 20, 8), true),
            (Version::new(18, 21, 0), false),
            (Version::new(20, 20, 2), true),
            (Version::new(21, 0, 0), false),
            (Version::new(24, 21, 0), true),
        ] {
            assert_eq!(accepts(astro5, &version), Ok(is_in), "{version}");
        }
        for (range, is_in) in [
            (">=18 <20", true),
            (">=18 <19", false),
            (">= 18.0.0 < 20", true),
            ("18 - 19", true),
            ("18.x || 19.x", true),
            ("19", true),
            ("19.1.0", false),
            ("~18", false),
            ("*", true),
            ("", true),
        ] {
            assert_eq!(accepts(range, &Version::new(19, 0, 1)), Ok(is_in), "{range}");
        }
    }

    #[test]
    fn an_invalid_range_is_an_error() {
        for range in ["latest", ">=18 <<20", ">=18 <", "workspace:^", "18 || node", ">=18 and <20"]
        {
            assert!(accepts(range, &Version::new(19, 0, 1)).is_err(), "{range}");
        }
    }
}
