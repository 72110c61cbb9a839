//! Places that have to agree with `upstream/upstream.toml`.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use tests::locations::{repository, target};
use tests::project::pinned;
use tests::tools::run;

#[test]
fn the_submodule_is_at_the_commit_of_the_newest_line() -> Result<()> {
    let git = Command::new("git")
        .current_dir(repository())
        .args(["ls-files", "--stage", "upstream/astro"])
        .output()
        .context("git is needed")?;
    let entry = String::from_utf8(git.stdout)?;
    let commit = pinned()?.commit;
    ensure!(
        entry.starts_with(&format!("160000 {commit} ")),
        "the index has `{entry}`, pinned is {commit}"
    );
    Ok(())
}

#[test]
fn every_place_agrees_with_the_pins_and_nothing_is_unreviewed() -> Result<()> {
    let xtask = || {
        let mut command = Command::new(target().join("debug/xtask"));
        command.current_dir(repository());
        command
    };
    run(xtask().args(["sync-version", "--check"]))?;
    run(xtask().arg("check"))
}
