//! `xtask status`: the pins, and newer releases.

use insta::assert_snapshot;

use crate::{
    checkout::{COMMIT, Checkout, TODAY},
    fake_registry::{FakeRegistry, line},
    server::Server,
    tarball,
};

fn registry() -> FakeRegistry {
    FakeRegistry::default()
        .astro(&["6.4.8", "7.2.4", "7.3.0", "7.4.0-beta.1"])
        .toy("1.2.3", "6.4.8")
        .toy("2.0.0", "7.2.4")
        .toy("2.1.0", "7.3.0")
}

fn checkout(registry: FakeRegistry) -> (Checkout, Server) {
    let server = registry.serve();
    let checkout = Checkout::new(&tarball::good(), &server).with("SOURCE_DATE_EPOCH", TODAY);
    let six = line("6.4.8", COMMIT, "1.2.3", "");
    let seven = line("7.2.4", COMMIT, "2.0.0", "tag = \"latest\"\nas-of = \"2026-11-18\"\n");
    checkout.write("upstream/upstream.toml", &format!("{seven}{six}"));
    (checkout, server)
}

#[test]
fn every_line_is_shown_with_newer_upstream_releases() {
    let (checkout, _server) = checkout(registry());
    checkout.build_well(&["--astro", "6"]);
    checkout.write("upstream/reviewed.toml", "");
    assert_snapshot!(checkout.shown(&["status"]));
    assert_snapshot!(checkout.shown(&["status", "--json"]));
}

#[test]
fn a_line_without_a_commit_shows_its_tarball_stamp() {
    let (checkout, _server) = checkout(registry());
    let seven = line("7.2.4", COMMIT, "2.0.0", "tag = \"latest\"\n");
    let without = seven.replace(&format!("commit = \"{COMMIT}\"\n"), "");
    checkout.write("upstream/upstream.toml", &without);
    checkout.build_well(&[]);
    assert_snapshot!(checkout.shown(&["status"]));
    assert_snapshot!(checkout.shown(&["status", "--json"]));
}

#[test]
fn astro_ranges_are_parsed_like_in_npm() {
    let (checkout, _server) = checkout(registry().peer("2.1.0", ">=7.3.0 <8"));
    let shown = checkout.shown(&["status"]);
    assert!(shown.contains("2.0.0, newest is 2.1.0\n"), "{shown}");
}

#[test]
fn an_invalid_astro_range_is_an_error() {
    let (checkout, _server) = self::checkout(registry().peer("2.1.0", "workspace:^"));
    assert_snapshot!(checkout.shown(&["status"]));
}

#[test]
fn check_answers_no_while_upstream_is_ahead() {
    let (ahead, _server) = checkout(registry());
    assert!(ahead.shown(&["status", "--check"]).starts_with("exit code 1"));
    let newest = FakeRegistry::default()
        .astro(&["6.4.8", "7.2.4"])
        .toy("1.2.3", "6.4.8")
        .toy("2.0.0", "7.2.4")
        .toy("3.0.0-beta.1", "8.0.0");
    let (newest, _server) = checkout(newest);
    let shown = newest.shown(&["status", "--check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
}

#[test]
fn a_major_without_a_line_is_reported() {
    let (checkout, _server) = checkout(registry().astro(&["8.0.0"]));
    let shown = checkout.shown(&["status", "--check"]);
    assert!(
        shown.starts_with("exit code 1") && shown.contains("Astro 8.0.0 has no line"),
        "{shown}"
    );
}

#[test]
fn a_pin_that_has_changed_on_the_registry_is_an_error() {
    let altered = registry().announcing("2.0.0", Some(tarball::integrity(b"altered")));
    let (checkout, _server) = checkout(altered);
    let shown = checkout.shown(&["status", "--check"]);
    assert!(shown.starts_with("exit code 3") && shown.contains("error[U017]"), "{shown}");
}

#[test]
fn an_unreachable_registry_is_answered_from_the_cache() {
    let (checkout, server) = checkout(registry());
    let first = checkout.shown(&["status"]);
    server.go();
    let second = checkout.shown(&["status"]);
    let (data, hints) = second.split_once("── stderr\n").unwrap();
    assert_eq!(data, first.split_once("── stderr\n").unwrap().0);
    for package in ["astro", "@upstream/toy"] {
        let hint = format!("hint: using the releases of `{package}` as of ");
        assert!(hints.contains(&hint), "{hints}");
    }
}
