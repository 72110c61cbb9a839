//! The published versions of our packages in a registry.

use std::collections::BTreeMap;

use diagnostics::Failure;
use serde::Deserialize;
use serde_json::Value;

use super::PublishError;
use crate::{
    package::{manifest::UPSTREAM, stamp::Stamp},
    pipeline::{Job, Package},
    upstream::{Registry, UpstreamError},
};

/// The versions of one package in a registry, at the time of the request.
#[derive(Debug, Default, Deserialize)]
pub struct Published {
    #[serde(default, rename = "dist-tags")]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    versions: BTreeMap<String, PublishedVersion>,
    /// Publication times, in UTC as RFC 3339, which sorts as text.
    #[serde(default)]
    time: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct PublishedVersion {
    dist: Distribution,
    /// The other fields of its `package.json`, in any form.
    #[serde(flatten)]
    manifest: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Distribution {
    integrity: Option<String>,
}

/// The action that a package needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// The version is not published.
    Upload,
    /// The version is published, and its tag points to an older one.
    Tag,
    /// The version is published, and its tag points to it or a newer one.
    Nothing,
}

impl Published {
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

    /// The action needed to have the package published under this tag.
    pub fn need(&self, job: &Job<'_>, package: &Package, tag: &str) -> Result<Need, PublishError> {
        let at = self.tags.get(tag).map(String::as_str);
        let own = package.version.as_str();
        let Some(published) = self.versions.get(&package.version) else {
            return match at.filter(|at| self.is_later(at, own)) {
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
        let is_past = |at: &str| at == own || self.is_later(at, own) || self.came_later(at, own);
        Ok(if at.is_some_and(is_past) { Need::Nothing } else { Need::Tag })
    }

    /// The version of a tag, if another toolchain published it.
    pub fn foreign(&self, tag: &str) -> Option<&str> {
        let at = self.tags.get(tag)?;
        self.stamp(at).is_none().then_some(at.as_str())
    }

    /// The stamp of a published version. A version from another toolchain has none, even if it
    /// looks like one: `9.4.2-abc1234` may be a release of an adapter.
    fn stamp(&self, version: &str) -> Option<Stamp> {
        let astro = self.versions.get(version)?.manifest.get(UPSTREAM)?.get("astro")?.as_str()?;
        Stamp::parse(version).filter(|stamp| stamp.astro.to_string() == astro)
    }

    /// Whether a published version is newer than one of ours, by their stamps.
    fn is_later(&self, published: &str, own: &str) -> bool {
        let stamps = self.stamp(published).zip(Stamp::parse(own));
        stamps.is_some_and(|(published, own)| published.is_later_than(&own))
    }

    /// Whether one of two versions for the same Astro was published after the other. Their stamps
    /// do not show it, and a repeated release must not move its tag back.
    fn came_later(&self, one: &str, other: &str) -> bool {
        let astro = |version| self.stamp(version).map(|stamp| stamp.astro);
        let times = self.time.get(one).zip(self.time.get(other));
        astro(one).is_some()
            && astro(one) == astro(other)
            && times.is_some_and(|(one, other)| one > other)
    }
}

/// npm handles the registry's credentials, so its errors are passed on unchanged.
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
