//! `xtask sweep`: many releases, and registries that fail half-way.

use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;

use crate::{
    checkout::{COMMIT, Checkout},
    fake_registry::{FakeRegistry, line},
    server::{Answer, Server},
    tarball,
};

/// Releases of two majors. 1.3.0 renames the edited function; 2.1.0 removes its return value.
fn registry() -> FakeRegistry {
    let renamed = tarball::MODULE.replace("createToy", "makeToy");
    let silent = tarball::MODULE.replace("return", "void");
    FakeRegistry::default()
        .toy("0.9.0", "5.0.0")
        .toy("1.2.2", "6.4.0")
        .toy("1.2.3", "6.4.8")
        .toy_with("1.3.0", "6.4.8", &renamed)
        .toy_with("1.10.0", "6.4.8", &renamed)
        .toy_with("2.0.0-beta.1", "7.0.0", &silent)
        .toy("2.0.0", "7.2.4")
        .toy_with("2.1.0", "7.3.0", &silent)
        .toy("2.2.0", "7.3.1")
}

/// A checkout that pins both majors.
fn checkout(server: &Server) -> Checkout {
    let checkout = Checkout::new(&tarball::good(), server);
    let pins = line("6.4.8", COMMIT, "1.2.3", "") + &line("7.2.4", COMMIT, "2.0.0", "");
    checkout.write("upstream/upstream.toml", &pins);
    checkout
}

/// The requested tarballs, in name order.
fn tarballs(server: &Server) -> Vec<String> {
    let mut lines = server.lines();
    lines.retain(|line| line.ends_with(".tgz"));
    lines.sort();
    lines
}

#[test]
fn a_sweep_reports_fitting_releases_and_the_first_failures() {
    let server = registry().serve();
    let checkout = checkout(&server);
    assert_snapshot!(checkout.shown(&["sweep"]));
    assert!(!checkout.path("adapters/toy/pkg").exists());
}

#[test]
fn json_has_every_release_and_prereleases_on_request() {
    let server = registry().serve();
    assert_snapshot!(checkout(&server).shown(&["sweep", "toy", "--json", "--pre"]));
}

#[test]
fn a_sweep_can_start_at_a_release() {
    let server = registry().serve();
    let shown = checkout(&server).shown(&["sweep", "--since", "2.2.0"]);
    assert!(shown.starts_with("exit code 0") && shown.contains("1 of 1 releases fit"), "{shown}");
    assert_eq!(tarballs(&server), ["GET /toy-2.2.0.tgz"]);
}

#[test]
fn a_sweep_without_releases_is_an_error() {
    assert_snapshot!(checkout(&registry().serve()).shown(&["sweep", "--since", "9.0.0"]));
}

#[test]
fn every_release_is_fetched_once() {
    let server = registry().serve();
    let checkout = checkout(&server);
    checkout.shown(&["sweep"]);
    assert_eq!(tarballs(&server).len(), 7);
    checkout.shown(&["sweep"]);
    assert_eq!(tarballs(&server).len(), 7);
    let metadata = server.lines().iter().filter(|line| line.ends_with("%2ftoy")).count();
    assert_eq!(metadata, 2, "once for each sweep");
}

#[test]
fn an_interrupted_sweep_continues_where_it_stopped() {
    let served = AtomicUsize::new(0);
    let whole = registry();
    let registry = registry();
    // Three tarballs, then only truncated files.
    let broken =
        Server::start(move |path, _| match (path.ends_with(".tgz"), registry.answer(path)) {
            (true, Answer::Status(_, body)) if served.fetch_add(1, Ordering::SeqCst) >= 3 => {
                Answer::Half(body)
            }
            (_, answer) => answer,
        });
    let checkout = checkout(&broken);
    let shown = checkout.shown(&["sweep"]);
    assert!(shown.starts_with("exit code 3") && shown.contains("U006"), "{shown}");
    assert!(shown.contains("of 7 releases were tried"), "{shown}");
    assert_eq!(checkout.cached().len(), 3);

    let server = whole.serve();
    let checkout = checkout.with("npm_config_registry", &server.url());
    let shown = checkout.shown(&["sweep"]);
    assert!(shown.contains("4 of 7 releases fit"), "{shown}");
    assert_eq!(tarballs(&server).len(), 4, "{:?}", tarballs(&server));
}

#[test]
fn an_unreadable_release_is_reported_and_the_others_are_tried() {
    let registry = registry();
    let server = Server::start(move |path, _| match path {
        "/toy-1.2.2.tgz" => Answer::found("<html>Please log in</html>"),
        _ => registry.answer(path),
    });
    let checkout =
        checkout(&server).hide(&tarball::integrity(b"<html>Please log in</html>"), "OTHER");
    let shown = checkout.shown(&["sweep", "--json"]);
    assert!(shown.contains("\"fits\": null") && shown.contains("U010"), "{shown}");
    assert!(shown.contains("3 of 7") || shown.matches("\"fits\": true").count() == 3, "{shown}");
}

#[test]
fn a_pinned_release_that_has_changed_on_the_registry_is_an_error() {
    let altered = registry().announcing("1.2.3", Some(tarball::integrity(b"altered")));
    assert_snapshot!(checkout(&altered.serve()).shown(&["sweep"]));
}

#[test]
fn a_release_without_a_sha512_is_not_used() {
    let server = registry().announcing("2.2.0", None).serve();
    assert_snapshot!(checkout(&server).shown(&["sweep", "--since", "2.2.0"]));
    assert!(tarballs(&server).is_empty());
}

/// The day of the registry's last answer, which is the day of the test.
fn without_day(shown: &str) -> String {
    let lines = shown.lines().map(|line| match line.split_once(" as of ") {
        Some((start, _)) => format!("{start} as of DAY\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn without_the_registry_a_sweep_uses_its_last_answer() {
    let server = registry().serve();
    let checkout = checkout(&server);
    let first = checkout.shown(&["sweep"]);
    server.go();
    let second = checkout.shown(&["sweep"]);
    assert_eq!(first.split_once("── stderr").unwrap().0, second.split_once("── stderr").unwrap().0);
    assert_snapshot!(without_day(&checkout.shown(&["sweep", "--since", "2.2.0"])));
}

#[test]
fn without_the_registry_an_uncached_release_is_an_error() {
    let server = registry().serve();
    let checkout = checkout(&server);
    checkout.shown(&["sweep", "--since", "2.2.0"]);
    server.go();
    let shown = checkout.shown(&["sweep"]);
    assert!(shown.starts_with("exit code 3") && shown.contains("error[U006]"), "{shown}");
    assert!(
        shown.contains("of 7 releases were tried; their tarballs stay in the cache"),
        "{shown}"
    );
}

/// `[[unfit]]` entries in the toy's description.
fn with_unfit(server: &Server, entries: &[(&str, &str)]) -> Checkout {
    let checkout = checkout(server);
    let path = "adapters/toy/adapter.toml";
    let description = std::fs::read_to_string(checkout.path(path)).unwrap();
    let entries = entries
        .iter()
        .map(|(versions, why)| format!("[[unfit]]\nversions = \"{versions}\"\nwhy = \"{why}\"\n"));
    checkout.write(path, &(description + &entries.collect::<String>()));
    checkout
}

#[test]
fn unfit_releases_are_listed_with_their_reason() {
    let server = registry().serve();
    let checkout = with_unfit(
        &server,
        &[
            (">=1.3.0, <2", "its function has another name"),
            ("=2.0.0-beta.1", "it returns nothing"),
            ("=2.1.0", "it returns nothing either"),
        ],
    );
    assert_snapshot!(checkout.shown(&["sweep", "--pre"]));
    let shown = checkout.shown(&["sweep", "--pre", "--json", "--since", "2.1.0"]);
    assert!(shown.contains("\"explained\": \"it returns nothing either\""), "{shown}");
}

#[test]
fn an_unfit_entry_for_fitting_releases_is_an_error() {
    let server = registry().serve();
    let checkout = with_unfit(&server, &[("=2.1.0", "so it is"), ("=2.2.0", "it was so once")]);
    assert_snapshot!(checkout.shown(&["sweep", "--since", "2.0.0"]));
}

#[test]
fn an_unfit_entry_hides_no_other_release() {
    let server = registry().serve();
    let checkout = with_unfit(&server, &[("=1.3.0", "so it is")]);
    let shown = checkout.shown(&["sweep"]);
    assert!(shown.starts_with("exit code 4") && shown.contains("@upstream/toy@1.10.0"), "{shown}");
}

#[test]
fn an_invalid_registry_answer_is_an_error() {
    let server = Server::start(|_, _| Answer::found("{\"versions\": 1}"));
    let shown = checkout(&server).shown(&["sweep"]);
    assert!(shown.starts_with("exit code 3") && shown.contains("U009"), "{shown}");
}
