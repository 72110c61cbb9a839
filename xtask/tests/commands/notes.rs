//! `xtask notes`: the notes of a release.

use std::fs;

use insta::assert_snapshot;

use crate::{
    checkout::{COMMIT, Checkout, FOLDER},
    fake_registry::line,
    from_git, tarball, upstream,
};

const CHANGELOG: &str = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-24\n\n### Added\n\n- Something.\n\n## [0.1.0] - 2026-11-20\n\n### Added\n\n- The first thing.\n";

const UPSTREAM: &str = "# @upstream/toy\n\n## 2.1.0\n\n### Minor Changes\n\n- Toys can be wound up.\n\n## 2.0.1\n\n### Patch Changes\n\n- A spring is fixed.\n\n## 2.0.0\n\n- Long known.\n";

/// A repository with two releases, 0.1.0 with Astro 7.2.4 and 0.2.0 with 7.3.0, beside a clone of
/// upstream with the second commit.
fn checkout() -> Checkout {
    let checkout = Checkout::without_registry(&tarball::good());
    let clone = checkout.path("clone");
    let files = [(format!("{FOLDER}/CHANGELOG.md"), UPSTREAM.to_owned())];
    let (_, commit) = from_git::commit(&clone, false, &files);
    checkout.write(
        ".gitmodules",
        &format!(
            "[submodule \"upstream/astro\"]\n\tpath = upstream/astro\n\turl = {}\n",
            clone.display()
        ),
    );
    checkout.git(&["init", "--quiet"]);
    release(&checkout, "0.1.0", &line("7.2.4", COMMIT, "2.0.0", "tag = \"latest\"\n"));
    checkout.write("README.md", "# Toys\n");
    checkout.git(&["add", "README.md"]);
    checkout.git(&["commit", "--quiet", "--message", "Say what it is"]);
    let seven = line("7.3.0", &commit.to_string(), "2.1.0", "tag = \"latest\"\n");
    let six = line("6.4.8", COMMIT, "1.2.3", "");
    release(&checkout, "0.2.0", &format!("{seven}{six}"));
    checkout
}

fn release(checkout: &Checkout, version: &str, pins: &str) {
    checkout.write("upstream/upstream.toml", pins);
    checkout.write("CHANGELOG.md", CHANGELOG);
    checkout.write("Cargo.toml", &format!("[workspace.package]\nversion = \"{version}\"\n"));
    checkout.git(&["add", "upstream/upstream.toml", "CHANGELOG.md", "Cargo.toml"]);
    checkout.git(&["commit", "--quiet", "--message", &format!("Release {version}")]);
    checkout.git(&["tag", &format!("v{version}")]);
}

#[test]
fn notes_hold_both_changelogs_and_the_commits() {
    assert_snapshot!(checkout().shown(&["notes", "v0.2.0", "--upstream", "clone"]));
}

#[test]
fn an_adapter_released_alone_keeps_the_astro_and_moves_all_stamps() {
    let checkout = checkout();
    let heading = "## 2.1.0";
    let changelog = UPSTREAM.replace(heading, &format!("## 2.1.1\n\n- It squeaks.\n\n{heading}"));
    let files = [(format!("{FOLDER}/CHANGELOG.md"), changelog)];
    let (_, commit) = from_git::commit(&checkout.path("clone"), false, &files);
    let seven = line("7.3.0", &commit.to_string(), "2.1.1", "tag = \"latest\"\n");
    let six = line("6.4.8", &"6a".repeat(20), "1.2.3", "");
    checkout.write("upstream/upstream.toml", &format!("{seven}{six}"));
    checkout.git(&["commit", "--quiet", "--all", "--message", "Follow @upstream/toy 2.1.1"]);
    assert_snapshot!(checkout.shown(&["notes", "--upstream", "clone"]));
}

/// A third release, with a line without a known commit.
fn with_unknown_commit() -> Checkout {
    let checkout = checkout();
    let seven = line("7.3.1", COMMIT, "2.1.1", "tag = \"latest\"\n");
    let without = seven.replace(&format!("commit = \"{COMMIT}\"\n"), "");
    checkout.write("upstream/upstream.toml", &without);
    checkout.git(&["commit", "--quiet", "--all", "--message", "Follow Astro 7.3.1"]);
    checkout
}

#[test]
fn a_line_without_a_commit_uses_the_changelog_at_the_adapters_tag() {
    let checkout = with_unknown_commit();
    assert_snapshot!(checkout.shown(&["notes"]));
    let changelog = format!("## 2.1.1\n\n- It squeaks.\n\n{UPSTREAM}");
    let files = [(format!("{FOLDER}/CHANGELOG.md"), changelog)];
    let (_, commit) = from_git::commit(&checkout.path("clone"), false, &files);
    upstream::tag(&checkout.path("clone"), "@upstream/toy@2.1.1", &commit.to_string());
    for arguments in [&["--upstream", "clone"][..], &["--fetch"]] {
        let shown = checkout.shown(&[&["notes"], arguments].concat());
        assert!(shown.contains("#### 2.1.1\n\n- It squeaks.\n"), "{shown}");
    }
}

#[test]
fn unreleased_changes_are_listed_since_the_last_release() {
    let checkout = checkout();
    checkout.write("LICENSE", "Another\n");
    checkout.git(&["add", "LICENSE"]);
    checkout.git(&["commit", "--quiet", "--message", "Change the licence"]);
    assert_snapshot!(checkout.shown(&["notes"]));
}

#[test]
fn the_first_release_has_no_comparison() {
    assert_snapshot!(checkout().shown(&["notes", "v0.1.0"]));
}

#[test]
fn commits_with_changelogs_are_fetched_once() {
    let checkout = checkout();
    let first = checkout.shown(&["notes", "v0.2.0", "--fetch"]);
    assert!(first.contains("Toys can be wound up."), "{first}");
    fs::remove_dir_all(checkout.path("clone")).unwrap();
    assert_eq!(checkout.shown(&["notes", "v0.2.0", "--fetch"]), first);
}

#[test]
fn without_upstreams_changelog_there_is_a_link_and_a_hint() {
    assert_snapshot!(checkout().shown(&["notes", "v0.2.0"]));
}

#[test]
fn an_unreachable_repository_is_an_error() {
    let checkout = checkout();
    fs::remove_dir_all(checkout.path("clone")).unwrap();
    let shown = checkout.shown(&["notes", "v0.2.0", "--fetch"]);
    // git's message differs between versions.
    let shown = shown.lines().map(|line| match line.split_once("/clone`: ") {
        Some((start, _)) => format!("{start}/clone`: REASON\n"),
        None => format!("{line}\n"),
    });
    assert_snapshot!(shown.collect::<String>());
}

#[test]
fn an_unknown_tag_is_an_error() {
    let checkout = checkout();
    assert_snapshot!(checkout.shown(&["notes", "v0.3.0"]));
    let since = checkout.shown(&["notes", "v0.2.0", "--since", "v0.0.9"]);
    assert!(since.contains("the revision `v0.0.9` does not exist"), "{since}");
}

#[test]
fn a_tag_on_a_commit_with_another_version_is_an_error() {
    let checkout = checkout();
    checkout.git(&["tag", "v0.3.0"]);
    assert_snapshot!(checkout.shown(&["notes", "v0.3.0"]));
}

#[test]
fn a_release_without_a_changelog_section_is_an_error() {
    let checkout = checkout();
    checkout.write("Cargo.toml", "[workspace.package]\nversion = \"0.3.0\"\n");
    checkout.git(&["commit", "--quiet", "--all", "--message", "Release 0.3.0"]);
    checkout.git(&["tag", "v0.3.0"]);
    assert_snapshot!(checkout.shown(&["notes", "v0.3.0"]));
}

#[test]
fn a_shallow_clone_has_no_notes() {
    let checkout = checkout();
    // As after `git clone --depth 1`.
    checkout.write(".git/shallow", &checkout.git(&["rev-parse", "HEAD"]));
    let shown = checkout.shown(&["notes", "v0.2.0"]);
    assert!(shown.starts_with("exit code 1") && shown.contains("error[B015]"), "{shown}");
    assert!(shown.contains("it is a shallow clone"), "{shown}");
}

#[test]
fn files_without_git_history_have_no_notes() {
    assert_snapshot!(Checkout::without_registry(&tarball::good()).shown(&["notes"]));
}
