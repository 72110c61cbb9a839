//! The dependencies of the toolchain: licences, known vulnerabilities, signatures.

use std::fs;
use std::process::{Command, Output};

use anyhow::{Result, bail, ensure};
use tests::cases;
use tests::locations::{repository, target};
use tests::suite::{Case, not_applicable};
use tests::tools::Tools;

pub const CASES: &[Case<()>] = cases![
    licences_and_sources_of_all_crates_are_allowed,
    no_crate_has_a_known_vulnerability,
    the_tools_from_npm_are_signed_by_their_registry,
];

/// npm's messages if a mirror has no keys, or if npm cannot fetch the trust root.
const UNREACHED: [&str; 3] = ["No supported keys", "npm error network", "/-/npm/v1/keys"];

/// npm waits for 10 s and then for 60 s before it tries again.
const SOONER: [&str; 2] = ["--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=2000"];

/// Runs `cargo deny <arguments>`. Returns `None` where it is not installed.
fn cargo_deny(arguments: &[&str]) -> Result<Option<Output>> {
    let is_there = Command::new("cargo").args(["deny", "--version"]).output();
    if !is_there.is_ok_and(|output| output.status.success()) {
        return Ok(None);
    }
    let mut command = Command::new("cargo");
    command.current_dir(repository()).args(["deny", "--color=never"]).args(arguments);
    Ok(Some(command.output()?))
}

fn check(output: &Output) -> Result<()> {
    ensure!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

fn licences_and_sources_of_all_crates_are_allowed((): &()) -> Result<()> {
    match cargo_deny(&["--offline", "check", "bans", "licenses", "sources"])? {
        Some(output) => check(&output),
        None => not_applicable("cargo-deny is not installed"),
    }
}

fn no_crate_has_a_known_vulnerability((): &()) -> Result<()> {
    let Some(output) = cargo_deny(&["check", "advisories"])? else {
        return not_applicable("cargo-deny is not installed");
    };
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    if told.contains("failed to fetch advisory database") {
        return not_applicable("the database of advisories cannot be reached");
    }
    check(&output)
}

/// npm verifies the installed packages with the registry's keys. A mirror may have none.
fn the_tools_from_npm_are_signed_by_their_registry((): &()) -> Result<()> {
    let tools = Tools::get()?;
    Tools::checks()?;
    Tools::bun()?;
    let mut verified = 0;
    for folder in fs::read_dir(target().join("tools"))? {
        let folder = folder?.path();
        if !folder.join("package-lock.json").is_file() {
            continue;
        }
        let mut audit = tools.npm();
        audit.current_dir(&folder).args(["audit", "signatures"]).args(SOONER);
        let output = audit.output()?;
        let told = [output.stdout.as_slice(), &output.stderr].concat();
        let told = String::from_utf8_lossy(&told).into_owned();
        if UNREACHED.iter().any(|reason| told.contains(reason)) {
            return not_applicable("the registry has no keys, or Sigstore cannot be reached");
        }
        if !output.status.success() {
            bail!("{}: {told}", folder.display());
        }
        verified += 1;
    }
    ensure!(verified > 0, "nothing was verified");
    Ok(())
}
