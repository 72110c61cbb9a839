//! Clones with other line endings: the same sources, so the same packages.

use std::process::Command;

use anyhow::{Result, ensure};
use tests::checkout::Checkout;
use tests::tools::run;

#[test]
fn a_clone_with_the_line_endings_of_windows_builds_the_same_packages() -> Result<()> {
    let checkout = Checkout::copy("line-endings")?;
    checkout.commit()?;
    let clone = checkout.root().join("clone");
    let mut git = Command::new("git");
    git.current_dir(checkout.root());
    git.args(["clone", "--quiet", "--config", "core.autocrlf=true", "."]);
    run(git.arg(&clone))?;

    let mut here = checkout.xtask(["pack", "--dry-run"]);
    let mut there = checkout.xtask(["pack", "--dry-run"]);
    let (here, there) = (integrities(&mut here)?, integrities(there.current_dir(&clone))?);
    ensure!(here == there, "here:\n{here}\nin the clone:\n{there}");
    // The pins have the text that `sync-version` writes.
    run(checkout.xtask(["sync-version", "--check"]).current_dir(&clone))
}

/// The sha512 of every package, as `pack` prints them.
fn integrities(pack: &mut Command) -> Result<String> {
    let output = pack.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout)?;
    let integrities: Vec<&str> = told.lines().filter(|line| line.contains("sha512-")).collect();
    ensure!(!integrities.is_empty(), "nothing is packed");
    Ok(integrities.join("\n"))
}
