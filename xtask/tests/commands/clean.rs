//! `xtask clean`.

use std::{fs, process::Command};

use insta::assert_snapshot;

use crate::{checkout::Checkout, server::Server, tarball};

fn built() -> Checkout {
    let checkout = Checkout::new(&tarball::good(), &Server::with_toy(tarball::good()));
    checkout.build_well(&[]);
    checkout
}

#[test]
fn clean_removes_the_built_packages() {
    let checkout = built();
    assert_snapshot!(checkout.shown(&["clean"]));
    assert!(!checkout.path("adapters/toy/pkg").exists());
    assert!(checkout.path("adapters/toy/adapter.toml").exists());
    assert!(checkout.shown(&["clean"]).starts_with("exit code 0"));
}

#[test]
fn check_and_dry_run_remove_nothing_and_only_check_answers_no() {
    let checkout = built();
    fs::create_dir_all(checkout.path("upstream/astro/.git")).unwrap();
    assert_snapshot!(checkout.shown(&["clean", "--upstream", "--dry-run"]));
    assert!(checkout.shown(&["clean", "--check"]).starts_with("exit code 1"));
    assert!(checkout.path("adapters/toy/pkg").exists());
}

/// Runs git in a folder of the checkout; it must succeed.
fn git(checkout: &Checkout, folder: &str, arguments: &[&str]) {
    let configuration = ["-c", "user.name=A", "-c", "user.email=a@example.invalid"];
    let status = Command::new("git")
        .current_dir(checkout.path(folder))
        .args(configuration)
        .args(["-c", "protocol.file.allow=always"])
        .args(arguments)
        .status()
        .unwrap();
    assert!(status.success(), "git {arguments:?}");
}

#[test]
fn the_submodule_is_reset_to_the_pinned_commit() {
    // Git needs explicit permission for submodules from a local folder.
    let checkout = built()
        .with("GIT_CONFIG_COUNT", "1")
        .with("GIT_CONFIG_KEY_0", "protocol.file.allow")
        .with("GIT_CONFIG_VALUE_0", "always");
    checkout.write("astro/README.md", "Astro\n");
    for arguments in
        [&["init", "--quiet"] as &[&str], &["add", "."], &["commit", "--quiet", "-m", "release"]]
    {
        git(&checkout, "astro", arguments);
    }
    let clone = checkout.path("astro").display().to_string();
    git(&checkout, ".", &["init", "--quiet"]);
    git(&checkout, ".", &["submodule", "--quiet", "add", &clone, "upstream/astro"]);
    checkout.write("upstream/astro/README.md", "edited\n");
    checkout.write("upstream/astro/new.txt", "new\n");

    let shown = checkout.shown(&["clean", "--upstream"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    assert_eq!(fs::read_to_string(checkout.path("upstream/astro/README.md")).unwrap(), "Astro\n");
    assert!(!checkout.path("upstream/astro/new.txt").exists());
}

#[test]
fn without_git_the_submodule_cannot_be_reset() {
    let checkout = built().with("PATH", "");
    fs::create_dir_all(checkout.path("upstream/astro/.git")).unwrap();
    assert_snapshot!(checkout.shown(&["clean", "--upstream"]));
}
