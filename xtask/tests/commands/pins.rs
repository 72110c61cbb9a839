//! Mistakes in `upstream/upstream.toml`.

use std::fs;

use insta::assert_snapshot;

use crate::{
    checkout::{COMMIT, Checkout},
    server::Server,
    tarball,
};

/// A sha512 that belongs to no tarball.
const INTEGRITY: &str = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";

/// The pins with one text replaced by another.
fn with_pins(good: &str, bad: &str) -> String {
    let checkout = Checkout::without_registry(&tarball::good());
    checkout.pin(COMMIT, INTEGRITY);
    let pins = fs::read_to_string(checkout.path("upstream/upstream.toml")).unwrap();
    assert!(pins.contains(good));
    checkout.write("upstream/upstream.toml", &pins.replace(good, bad));
    checkout.fail(&[])
}

#[test]
fn pins_that_are_not_utf8_are_an_error() {
    let checkout = Checkout::without_registry(&tarball::good());
    fs::write(checkout.path("upstream/upstream.toml"), b"\xff").unwrap();
    assert_snapshot!(checkout.fail(&[]));
}

#[test]
fn an_unknown_key_is_marked() {
    assert_snapshot!(with_pins("commit =", "comit ="));
}

#[test]
fn a_table_with_the_name_of_another_major_is_marked() {
    assert_snapshot!(with_pins("[astro7", "[astro6"));
}

#[test]
fn an_abbreviated_commit_is_marked() {
    assert_snapshot!(with_pins(COMMIT, &COMMIT[..7]));
}

#[test]
fn a_range_instead_of_a_version_is_marked() {
    assert_snapshot!(with_pins("\"1.2.3\"", "\"^1.2.3\""));
}

#[test]
fn an_integrity_that_is_not_a_sha512_is_marked() {
    assert_snapshot!(with_pins("integrity = \"sha512-", "integrity = \"sha1-"));
}

#[test]
fn a_package_that_no_line_pins_is_an_error() {
    assert_snapshot!(with_pins("@upstream/toy", "@upstream/other"));
}

#[test]
fn a_line_without_a_package_is_skipped() {
    let checkout = Checkout::new(&tarball::good(), &Server::with_toy(tarball::good()));
    let pins = fs::read_to_string(checkout.path("upstream/upstream.toml")).unwrap();
    let other = format!("[astro6]\nastro = \"6.4.8\"\ncommit = \"{COMMIT}\"\n[astro6.packages]\n");
    checkout.write("upstream/upstream.toml", &format!("{other}\n{pins}"));
    checkout.build_well(&[]);
    assert!(checkout.path("adapters/toy/pkg/astro7").exists());
    assert!(!checkout.path("adapters/toy/pkg/astro6").exists());
}
