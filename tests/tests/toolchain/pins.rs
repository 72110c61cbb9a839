//! Files that must agree with `upstream/upstream.toml`.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tests::locations::{repository, target};
use tests::pins::pinned;
use tests::tools::run;

#[test]
fn the_submodule_is_at_the_commit_of_the_newest_line_as_far_as_that_is_known() -> Result<()> {
    let git = Command::new("git")
        .current_dir(repository())
        .args(["ls-files", "--stage", "upstream/astro"])
        .output()
        .context("git is needed")?;
    let entry = String::from_utf8(git.stdout)?;
    // The submodule stays at the previous commit while the new one is unknown.
    let commit = pinned()?.commit.unwrap_or_default();
    ensure!(
        entry.starts_with(&format!("160000 {commit}")),
        "the index has `{entry}`, pinned is {commit}"
    );
    Ok(())
}

#[test]
fn the_table_of_majors_on_the_page_is_that_of_the_pins() -> Result<()> {
    let pins: toml::Table =
        toml::from_str(&fs::read_to_string(repository().join("upstream/upstream.toml"))?)?;
    let page = fs::read_to_string(repository().join("README.md"))?;
    for (name, line) in &pins {
        let has = |package: &str| {
            if line["packages"].get(package).is_some() { "yes" } else { "–" }
        };
        let row = format!(
            "| {} | `{}` | {} | {} |\n",
            name.trim_start_matches("astro"),
            line["tag"].as_str().context("a line without a tag")?,
            has("@astrojs/node"),
            has("@astrojs/cloudflare"),
        );
        ensure!(page.contains(&row), "README.md has no row {row}");
    }
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
