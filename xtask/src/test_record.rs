//! Records of passed suites: one file per suite beside each built package. Parallel jobs write
//! separate files, so their results can be combined.

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::Failure;
use serde::{Deserialize, Serialize};

use crate::{
    output::{self, OutputError},
    pipeline::Job,
    upstream::Integrity,
};

/// A package that passed a suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestRecord {
    /// The name of the package and its version, `name@version`.
    pub release: String,
    /// The upstream release that it was built from.
    pub upstream: String,
    /// The sha512 of its tarball.
    pub integrity: String,
}

impl TestRecord {
    /// The built package in the folder of a job, which the suites install; `None` if there is none.
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

    /// The record of a suite for a job; `None` if it cannot be read.
    pub fn read(root: &Utf8Path, job: &Job<'_>, suite: &str) -> Option<Self> {
        let text = fs::read(root.join(path(job, suite))).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Records that a suite was passed.
    pub fn write(&self, root: &Utf8Path, job: &Job<'_>, suite: &str) -> Result<(), OutputError> {
        // Strings only: serialising cannot fail.
        let text = serde_json::to_string_pretty(self).unwrap_or_default();
        output::write_file(&root.join(path(job, suite)), format!("{text}\n"))
    }
}

/// Removes the record of a suite.
pub fn forget(root: &Utf8Path, job: &Job<'_>, suite: &str) -> Result<(), OutputError> {
    let path = root.join(path(job, suite));
    output::remove(&path).map_err(|error| output::unwritable(&path, &error))
}

fn path(job: &Job<'_>, suite: &str) -> Utf8PathBuf {
    job.adapter.packages().join(format!("{}.passed-{suite}.json", job.line.name))
}
