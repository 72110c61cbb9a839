//! What a registry has of our packages.

use std::collections::BTreeMap;

use semver::Version;
use serde::Deserialize;

use super::PublishError;
use crate::{
    error::Failure,
    pipeline::{Job, Package},
    upstream::{Registry, UpstreamError},
};

/// What a registry has of one package, at the moment when it was asked.
#[derive(Debug, Default, Deserialize)]
pub struct Shelf {
    #[serde(default, rename = "dist-tags")]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    versions: BTreeMap<String, Published>,
    /// When the versions were published, in UTC as RFC 3339 has it, which sorts as text.
    #[serde(default)]
    time: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Published {
    dist: Distribution,
}

#[derive(Debug, Deserialize)]
struct Distribution {
    integrity: Option<String>,
}

/// What is to be done with a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It is not there.
    Upload,
    /// It is there, and its tag is at an older version.
    Tag,
    /// It is there, and its tag has moved on.
    Nothing,
}

impl Shelf {
    /// Asks the registry.
    pub fn ask(registry: &Registry, package: &str) -> Result<Self, Failure> {
        let metadata =
            registry.metadata(package).map_err(|cause| silent(registry, package, cause))?;
        let Some(metadata) = metadata else { return Ok(Self::default()) };
        serde_json::from_slice(&metadata).map_err(|error| {
            let cause = UpstreamError::BadAnswer {
                package: package.to_owned(),
                url: registry.url(package).unwrap_or_default(),
                reason: error.to_string(),
            };
            silent(registry, package, cause)
        })
    }

    /// What is to be done for a package to be there under this tag.
    pub fn need(&self, job: &Job<'_>, package: &Package, tag: &str) -> Result<Need, PublishError> {
        let at = self.tags.get(tag).and_then(|version| Version::parse(version).ok());
        let own = Version::parse(&package.version).ok();
        let Some(published) = self.versions.get(&package.version) else {
            return match at.filter(|at| own.as_ref().is_some_and(|own| is_later(at, own))) {
                None => Ok(Need::Upload),
                Some(newer) => Err(PublishError::TagWouldGoBack {
                    package: package.name.clone(),
                    tag: tag.to_owned(),
                    version: package.version.clone(),
                    newer: newer.to_string(),
                    major: job.line.major,
                }),
            };
        };
        let integrity = published.dist.integrity.as_deref().unwrap_or("without a sha512");
        if integrity != package.integrity {
            return Err(PublishError::OtherContent {
                release: package.release(),
                published: integrity.to_owned(),
                actual: package.integrity.clone(),
                line: job.line.name.clone(),
                revision: job.line.revision + 1,
            });
        }
        let is_past = at.zip(own).is_some_and(|(at, own)| {
            at == own || is_later(&at, &own) || self.was_published_after(&at, &own)
        });
        Ok(if is_past { Need::Nothing } else { Need::Tag })
    }

    /// Whether one of two versions for the same Astro was published after the other: their stamps do not
    /// tell, and a release that is run again does not take its tag back.
    fn was_published_after(&self, one: &Version, other: &Version) -> bool {
        let time = |version: &Version| self.time.get(&version.to_string());
        astro(one) == astro(other)
            && time(one).zip(time(other)).is_some_and(|(one, other)| one > other)
    }
}

/// Whether one stamp is of a later Astro than another, or a later revision of the same. Commits have no
/// order: of two for one Astro, neither is the later.
fn is_later(one: &Version, other: &Version) -> bool {
    let commit = |version: &Version| version.pre.split('.').next().map(str::to_owned);
    astro(one) > astro(other)
        || astro(one) == astro(other) && commit(one) == commit(other) && one > other
}

/// The Astro that a stamp is for.
fn astro(stamp: &Version) -> (u64, u64, u64) {
    (stamp.major, stamp.minor, stamp.patch)
}

/// Credentials of the registry are npm's business: what it refuses to tell us is told as it is.
fn silent(registry: &Registry, package: &str, cause: UpstreamError) -> Failure {
    match cause {
        UpstreamError::Unreachable { .. } | UpstreamError::BadAnswer { .. } => {
            PublishError::Silent {
                package: package.to_owned(),
                registry: registry.url(package).unwrap_or_default(),
                cause: Box::new(cause),
            }
            .into()
        }
        other => other.into(),
    }
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::is_later;

    #[test]
    fn a_stamp_is_later_by_its_astro_or_its_revision_and_not_by_its_commit() {
        let is_later =
            |one, other| is_later(&Version::parse(one).unwrap(), &Version::parse(other).unwrap());
        assert!(is_later("7.3.0-0000aaa", "7.2.4-8a31cba"));
        assert!(is_later("7.2.4-8a31cba.10", "7.2.4-8a31cba.9"));
        assert!(is_later("7.2.4-8a31cba.1", "7.2.4-8a31cba"));
        assert!(!is_later("7.2.4-8a31cba", "7.2.4-8a31cba"));
        assert!(!is_later("7.2.4-9a31cba", "7.2.4-8a31cba"));
        assert!(!is_later("6.4.8-fffffff", "7.2.4-8a31cba"));
    }
}
