//! The unit tests of the templates.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use crate::locations::repository;
use crate::tools::{Tools, run};

/// The end of the names of files whose tests need a server.
pub const WITH_SERVER: &str = ".server.test.ts";

/// The time limit of a file on a busy machine.
const LONGEST_FILE: Duration = Duration::from_secs(120);

/// Runs unit test files and returns those that contain a test that was not skipped.
pub fn test_files(tools: &Tools, folder: &Path, files: &[PathBuf]) -> Result<Vec<PathBuf>> {
    test_files_with(tools, folder, files, &[])
}

/// The same with environment variables.
pub fn test_files_with(
    tools: &Tools,
    folder: &Path,
    files: &[PathBuf],
    variables: &[(&str, &str)],
) -> Result<Vec<PathBuf>> {
    let projects = repository().join("tests/projects");
    let reporter = projects.join("tested-files.mjs");
    let list = tempfile::NamedTempFile::new()?;
    // Without a limit, a test that waits for a missing event would never end, and neither would the
    // file of a failed test that left a socket open.
    let limit = LONGEST_FILE.as_millis().to_string();
    run(tools
        .node()
        .current_dir(folder)
        .env("TEST_FILE_LIMIT", &limit)
        .envs(variables.iter().copied())
        .args(["--test", &format!("--test-timeout={limit}"), "--import"])
        .arg(projects.join("time-limit.mjs"))
        .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
        .arg(format!("--test-reporter={}", reporter.display()))
        .arg(format!("--test-reporter-destination={}", list.path().display()))
        .args(files))?;
    Ok(fs::read_to_string(list.path())?.lines().map(PathBuf::from).collect())
}
