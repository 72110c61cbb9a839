//! The crates that the workspace depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tests::locations::repository;

/// Cargo compiles a crate once for each set of features. A feature that only the tests turn on would
/// make `cargo xtask`, Clippy and the tests compile it and its dependents several times.
#[test]
fn cargo_xtask_and_the_whole_workspace_ask_for_the_same_features() -> Result<()> {
    let alone = features(&["--package", "xtask", "--edges", "normal,build"])?;
    let together = features(&["--workspace"])?;
    ensure!(!alone.is_empty(), "`cargo tree` lists no crates");
    let differ = |(name, features): &(&String, &BTreeSet<String>)| {
        together.get(*name).is_none_or(|together| together != *features)
    };
    let differing: Vec<&String> = alone.iter().filter(differ).map(|(name, _)| name).collect();
    ensure!(
        differing.is_empty(),
        "declare the features that the tests need in xtask/Cargo.toml as well: {differing:?}"
    );
    Ok(())
}

/// The sets of features of every crate, by its name and version. A crate can have one set for build
/// scripts and another for the program.
fn features(selection: &[&str]) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(repository()).args(["tree", "--quiet", "--locked"]).args(selection);
    cargo.args(["--prefix", "none", "--no-dedupe", "--format", "{p}|{f}"]);
    let output = cargo.output().context("cannot run Cargo")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut crates: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // An empty line parts the members of the workspace.
    for line in String::from_utf8(output.stdout)?.lines().filter(|line| !line.is_empty()) {
        let (name, features) = line.split_once('|').with_context(|| format!("no crate: {line}"))?;
        crates.entry(name.to_owned()).or_default().insert(features.to_owned());
    }
    Ok(crates)
}
