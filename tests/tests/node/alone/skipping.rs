//! On a machine without a program, the cases that need it are skipped with a reason.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use tests::browser::NO_CHROMIUM;
use tests::cases;
use tests::locations::target;

use super::Case;
use crate::hosts::Sites;

pub const CASES: &[Case] = cases![
    skips_what_needs_a_browser_or_python_where_there_is_none,
    skips_what_needs_python_where_it_is_too_old,
];

fn skips_what_needs_a_browser_or_python_where_there_is_none(_: &Sites) -> Result<()> {
    let folder = programs("none")?;
    are_skipped(&folder, "in_chromium", 4, NO_CHROMIUM)?;
    are_skipped(&folder, "autobahn", 2, "there is no `python3`")
}

/// This also covers systems with `venv` in a separate package.
fn skips_what_needs_python_where_it_is_too_old(_: &Sites) -> Result<()> {
    let folder = programs("old")?;
    let python = folder.join("python3");
    fs::write(&python, "#!/bin/sh\nexit 1\n")?;
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755))?;
    are_skipped(&folder, "has_the_known_outcomes_with_compression", 1, "there is no `python3`")
}

/// Runs these cases again with only the programs of that folder.
fn are_skipped(folder: &Path, filter: &str, count: usize, reason: &str) -> Result<()> {
    let output = Command::new(env::current_exe()?).arg(filter).env("PATH", folder).output()?;
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "{printed}");
    let skipped = printed.lines().filter(|line| line.contains("... ignored"));
    ensure!(skipped.count() == count, "{count} should be skipped:\n{printed}");
    ensure!(printed.matches(reason).count() == count, "none says why:\n{printed}");
    ensure!(printed.contains(&format!("0 passed; 0 failed; {count} ignored")), "{printed}");
    Ok(())
}

/// Creates an empty folder.
fn programs(name: &str) -> Result<PathBuf> {
    let folder = target().join("programs").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}
