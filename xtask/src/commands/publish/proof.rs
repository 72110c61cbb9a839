//! Checks of a package before any package is uploaded.

use std::process::Command;

use camino::Utf8Path;
use diagnostics::Failure;

use super::PublishError;
use crate::{
    pipeline::{Job, Package},
    program,
    suites::TOOLCHAIN,
    test_record::TestRecord,
};

/// The number of files that an error lists.
const NAMED: usize = 5;

/// Checks that a package has passed the toolchain suite, and its runtime's suite on its line.
pub fn is_tested(root: &Utf8Path, job: &Job<'_>, package: &Package) -> Result<(), Failure> {
    let (release, made_of) = (package.release(), job.upstream_release()?);
    let runtime = &job.adapter.runtime;
    let (mut missing, mut changed) = (Vec::new(), Vec::new());
    let mut earlier = String::new();
    for suite in [TOOLCHAIN, runtime] {
        match TestRecord::read(root, job, suite).filter(|tested| tested.release == release) {
            None => missing.push(suite),
            Some(tested) if tested.upstream != made_of => {
                let tested = tested.upstream;
                return Err(PublishError::OtherPin { release, tested, actual: made_of }.into());
            }
            Some(tested) if tested.integrity != package.integrity => {
                earlier = tested.integrity;
                changed.push(suite);
            }
            Some(_) => {}
        }
    }
    let command = |suite: &&str| {
        let on_line = format!(" --astro {}", job.line.major);
        format!("`cargo xtask test {suite}{}`", if *suite == TOOLCHAIN { "" } else { &on_line })
    };
    let quoted = |suite: &&str| format!("`{suite}`");
    let error = if let [_, ..] = changed[..] {
        let (suites, commands) = (list(&changed, quoted), list(&changed, command));
        let actual = package.integrity.clone();
        PublishError::NotTheTested { release, suites, tested: earlier, actual, commands }
    } else if let [_, ..] = missing[..] {
        let (suites, commands) = (list(&missing, quoted), list(&missing, command));
        PublishError::NotTested { release, suites, commands }
    } else {
        return Ok(());
    };
    Err(error.into())
}

/// `one and other`.
fn list(suites: &[&str], text: impl Fn(&&str) -> String) -> String {
    suites.iter().map(text).collect::<Vec<_>>().join(" and ")
}

/// Checks that everything in the work tree is committed.
pub fn is_committed(root: &Utf8Path) -> Result<(), Failure> {
    let mut git = Command::new("git");
    // The submodule's work tree is not used, only its objects. Untracked files count, whatever the
    // user's configuration says.
    git.current_dir(root).args(["status", "--porcelain", "--untracked-files=normal"]);
    git.arg("--ignore-submodules=dirty");
    let failed = |reason: String| program::failed(&git_shown(), reason);
    let output = git.output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(failed(complaint).into());
    }
    let status = String::from_utf8_lossy(&output.stdout);
    let files: Vec<&str> = status.lines().filter_map(|line| line.get(3..)).collect();
    if files.is_empty() {
        return Ok(());
    }
    let mut named: Vec<String> = files.iter().take(NAMED).map(|file| format!("`{file}`")).collect();
    if files.len() > NAMED {
        named.push(format!("{} more", files.len() - NAMED));
    }
    Err(PublishError::Dirty { files: named.join(", ") }.into())
}

/// The same command, for the error message.
fn git_shown() -> Command {
    let mut git = Command::new("git");
    git.arg("status");
    git
}
