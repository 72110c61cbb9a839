//! Drift: upstream code that edits depend on, changed since its review.

use std::fs;

use insta::assert_snapshot;

use crate::{
    checkout::{COMMIT, Checkout, PATCH},
    fake_registry::{FakeRegistry, line},
    server::Server,
    tarball,
};

const RECORD: &str = "upstream/reviewed.toml";

/// A module with a second function beside the edited one.
fn module() -> String {
    tarball::MODULE.replace("export {", "function other() {\n  return 1;\n}\nexport {")
}

/// A checkout with a reviewed release 1.2.3 of this module.
fn reviewed(next: &str) -> (Checkout, Server) {
    let server = FakeRegistry::default()
        .astro(&["7.2.4", "7.3.0"])
        .toy_with("1.2.3", "7.2.4", &module())
        .toy_with("1.3.0", "7.3.0", next)
        .serve();
    let checkout = Checkout::new(&tarball::good(), &server);
    let pins = line("7.2.4", COMMIT, "1.2.3", "").replace(
        &tarball::integrity(&crate::fake_registry::toy("1.2.3", tarball::MODULE)),
        &tarball::integrity(&crate::fake_registry::toy("1.2.3", &module())),
    );
    checkout.write("upstream/upstream.toml", &pins);
    let shown = checkout.shown(&["sync-version", "--accept"]);
    assert!(shown.contains("wrote upstream/reviewed.toml"), "{shown}");
    (checkout, server)
}

/// Moves the pin to a release without a review.
fn moved(next: &str) -> (Checkout, Server) {
    let (checkout, server) = reviewed(next);
    let shown = checkout.shown(&["sync-version", "--to", "7.3.0", "--commit", &"c".repeat(40)]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    (checkout, server)
}

#[test]
fn a_review_is_recorded_once() {
    let (checkout, _server) = reviewed(&module());
    let record = fs::read_to_string(checkout.path(RECORD)).unwrap();
    assert_snapshot!(record);
    let shown = checkout.shown(&["sync-version", "--accept", "--check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
}

#[test]
fn a_change_to_the_edited_function_is_shown_until_accepted() {
    let (checkout, _server) = moved(&module().replace("\"toy\"", "[\"toy\", 2]"));
    assert_snapshot!(checkout.shown(&["check"]));
    let shown = checkout.shown(&["sync-version", "--check"]);
    assert!(shown.starts_with("exit code 1"), "{shown}");
    checkout.shown(&["sync-version", "--accept"]);
    for command in [["check", "toy"], ["sync-version", "--check"]] {
        let shown = checkout.shown(&command);
        assert!(shown.starts_with("exit code 0"), "{shown}");
    }
}

#[test]
fn two_runs_do_not_write_at_the_same_time() {
    let (checkout, _server) = reviewed(&module());
    let path = checkout.path("target/sync-version/.lock");
    let lock = fs::File::open(path).unwrap();
    lock.lock().unwrap();
    assert_snapshot!(checkout.shown(&["sync-version", "--accept"]));
    let shown = checkout.shown(&["sync-version", "--check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    lock.unlock().unwrap();
    let shown = checkout.shown(&["sync-version", "--accept"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
}

#[test]
fn a_change_elsewhere_or_in_spelling_is_silent() {
    let next = module()
        .replace("return 1", "return 2")
        .replace("  return \"toy\"", "  // a toy\n\treturn 'toy'");
    let (checkout, _server) = moved(&next);
    let shown = checkout.shown(&["check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
}

#[test]
fn a_moved_pin_shows_the_changes_before_it_is_written() {
    let (checkout, _server) = reviewed(&module().replace("\"toy\"", "\"doll\""));
    let arguments = ["sync-version", "--to", "7.3.0", "--commit", &"c".repeat(40), "--dry-run"];
    let shown = checkout.shown(&arguments);
    assert!(shown.contains("-  return \"toy\";\n+  return \"doll\";"), "{shown}");
}

#[test]
fn code_of_a_new_edit_has_no_review() {
    let (checkout, _server) = reviewed(&module());
    let patch = fs::read_to_string(checkout.path(PATCH)).unwrap();
    let edit = "[[edit]]\nid = \"more\"\nwhy = \"More.\"\nin = \"function other\"\npattern = \"return $ONE\"\nrewrite = \"return [$ONE]\"\n";
    checkout.write(PATCH, &format!("{patch}{edit}"));
    assert_snapshot!(checkout.shown(&["check"]));
}

#[test]
fn an_unreadable_record_is_an_error() {
    let (checkout, _server) = reviewed(&module());
    checkout.write(RECORD, "<<<<<<< HEAD\n");
    assert_snapshot!(checkout.shown(&["check"]));
}
