//! Which packages have passed which suite: a file beside each built package for each suite, so that
//! jobs that test side by side write different files and their results can be put together.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::Failure;
use serde::{Deserialize, Serialize};

use crate::{
    output::{self, OutputError},
    pipeline::Job,
    upstream::Integrity,
};

/// What a suite has passed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRecord {
    /// The name of the package and its version, `name@version`.
    pub release: String,
    /// The release of upstream that it was made of.
    pub upstream: String,
    /// The sha512 of its tarball.
    pub integrity: String,
}

impl TestRecord {
    /// The package that is built in the folder of a job, which is what suites install; nothing where
    /// none is.
    pub fn built(root: &Utf8Path, job: &Job<'_>) -> Result<Option<Self>, Failure> {
        let Ok(tarball) = fs::read(root.join(job.folder()).join(job.tarball_name())) else {
            return Ok(None);
        };
        Ok(Some(Self {
            release: format!("{}@{}", job.adapter.package.name, job.stamp()),
            upstream: job.upstream_release()?,
            integrity: Integrity::of(&tarball).to_string(),
        }))
    }

    /// What is written down of a suite for a job; what cannot be read is not there.
    pub fn read(root: &Utf8Path, job: &Job<'_>, suite: &str) -> Option<Self> {
        let text = fs::read(root.join(path(job, suite))).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Writes down that a suite was passed.
    pub fn write(&self, root: &Utf8Path, job: &Job<'_>, suite: &str) -> Result<(), OutputError> {
        // Strings only: nothing in it can fail to serialise.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        output::write_file(&root.join(path(job, suite)), format!("{text}\n"))
    }
}

/// Forgets that a suite was passed.
pub fn forget(root: &Utf8Path, job: &Job<'_>, suite: &str) -> Result<(), OutputError> {
    let path = root.join(path(job, suite));
    output::remove(&path).map_err(|error| output::unwritable(&path, &error))
}

fn path(job: &Job<'_>, suite: &str) -> Utf8PathBuf {
    job.adapter.packages().join(format!("{}.passed-{suite}.json", job.line.name))
}
