//! `xtask clean`.

use std::fs;

use insta::assert_snapshot;

use crate::{checkout::Checkout, server::Server, tarball};

fn built() -> Checkout {
    let checkout = Checkout::new(&tarball::good(), &Server::with_toy(tarball::good()));
    checkout.build_well(&[]);
    checkout
}

#[test]
fn clean_removes_what_the_build_made() {
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

#[test]
fn without_git_the_submodule_cannot_be_reset() {
    let checkout = built().with("PATH", "");
    fs::create_dir_all(checkout.path("upstream/astro/.git")).unwrap();
    assert_snapshot!(checkout.shown(&["clean", "--upstream"]));
}
