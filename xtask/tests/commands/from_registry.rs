//! The registry form: what a registry may do, and what the cache is for.

use std::fs;

use insta::assert_snapshot;
use tar::EntryType;

use crate::{
    checkout::Checkout,
    server::{Answer, Server, metadata},
    tarball,
};

/// A build that fails with this tarball, though it is the pinned one.
fn fail_with(tarball: Vec<u8>) -> String {
    let server = Server::with_toy(tarball.clone());
    Checkout::new(&tarball, &server).fail(&[])
}

/// A build that fails with these answers; the first request is for the metadata.
fn fail_asking(
    handler: impl Fn(&str, usize) -> Answer + Send + Sync + 'static,
) -> (Server, String) {
    let server = Server::start(handler);
    let checkout = Checkout::new(&tarball::good(), &server);
    let text = checkout.fail(&[]);
    assert!(checkout.cached().is_empty());
    (server, text)
}

#[test]
fn a_second_build_needs_no_network() {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::new(&tarball::good(), &server);
    checkout.build_well(&[]);
    assert_eq!(server.lines(), ["GET /@upstream%2ftoy", "GET /toy.tgz"]);
    let checkout = checkout.with("npm_config_registry", "http://127.0.0.1:9/").with("PATH", "");
    checkout.build_well(&[]);
    assert_eq!(server.lines().len(), 2);
}

#[test]
fn a_tarball_that_was_altered_in_the_cache_is_fetched_anew() {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::new(&tarball::good(), &server);
    checkout.build_well(&[]);
    let [cached] = checkout.cached().try_into().unwrap();
    fs::write(&cached, b"altered").unwrap();
    checkout.build_well(&[]);
    assert_eq!(server.lines().len(), 4);
    assert_eq!(fs::read(&cached).unwrap(), tarball::good());
}

#[test]
fn a_tarball_that_is_not_the_pinned_one_is_not_used_and_not_kept() {
    let other = tarball::with_files(&[("package/dist/index.js", b"evil()")]);
    let server = Server::with_toy(other.clone());
    let checkout = Checkout::new(&tarball::good(), &server)
        .hide(&tarball::integrity(&other), "sha512-OTHER")
        .hide(&tarball::integrity(&tarball::good()), "sha512-PINNED");
    assert_snapshot!(checkout.fail(&[]));
    assert!(checkout.cached().is_empty());
}

#[test]
fn a_truncated_tarball_is_an_error() {
    let whole = tarball::good();
    assert_snapshot!(fail_with(whole[..whole.len() / 2].to_vec()));
}

#[test]
fn something_else_than_a_tarball_is_an_error() {
    assert_snapshot!(fail_with(b"<html>".to_vec()));
}

#[test]
fn a_path_that_leads_out_of_the_package_is_refused() {
    assert_snapshot!(fail_with(tarball::with_entry("package/../../.bashrc", EntryType::Regular)));
}

#[test]
fn an_absolute_path_is_refused() {
    assert_snapshot!(fail_with(tarball::with_entry("/etc/cron.d/x", EntryType::Regular)));
}

#[test]
fn a_link_is_refused() {
    assert_snapshot!(fail_with(tarball::with_entry("package/dist/link.js", EntryType::Symlink)));
}

#[test]
fn a_path_that_occurs_twice_is_refused() {
    assert_snapshot!(fail_with(tarball::with_entry("package/package.json", EntryType::Regular)));
}

#[test]
fn a_gzip_bomb_is_refused() {
    assert_snapshot!(fail_with(tarball::gzip(&vec![0; 60_000_000])));
}

#[test]
fn an_answer_that_does_not_end_is_refused() {
    let (server, text) = fail_asking(|path, _| match path {
        "/toy.tgz" => Answer::found(vec![0; 50_000_001]),
        _ => Answer::found(metadata("/toy.tgz")),
    });
    assert_snapshot!(text);
    assert_eq!(server.lines().len(), 2, "too much once is too much always");
}

#[test]
fn a_module_that_is_not_text_is_an_error() {
    assert_snapshot!(fail_with(tarball::with_files(&[("package/dist/index.js", b"// \xff")])));
}

#[test]
fn a_tarball_of_another_version_is_an_error() {
    let manifest = tarball::MANIFEST.replace("1.2.3", "1.2.4");
    let tarball = tarball::with_files(&[("package/package.json", manifest.as_bytes())]);
    let server = Server::with_toy(tarball.clone());
    let checkout = Checkout::new(&tarball, &server);
    assert_snapshot!(checkout.hide(&tarball::integrity(&tarball), "sha512-PINNED").fail(&[]));
}

#[test]
fn a_package_that_the_registry_does_not_have_is_an_error() {
    let (server, text) = fail_asking(|_, _| Answer::Status(404, Vec::new()));
    assert_snapshot!(text);
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn a_version_that_the_registry_does_not_have_is_an_error() {
    let (_, text) =
        fail_asking(|_, _| Answer::found(metadata("/toy.tgz").replace("1.2.3", "1.2.2")));
    assert_snapshot!(text);
}

#[test]
fn a_page_in_place_of_metadata_is_an_error() {
    assert_snapshot!(fail_asking(|_, _| Answer::found("<html>Please log in</html>")).1);
}

#[test]
fn an_unexpected_status_is_an_error() {
    assert_snapshot!(fail_asking(|_, _| Answer::Status(418, Vec::new())).1);
}

#[test]
fn a_registry_that_hangs_up_is_asked_three_times() {
    let (server, text) = fail_asking(|_, _| Answer::HangUp);
    assert_snapshot!(text);
    assert_eq!(server.lines().len(), 3);
}

#[test]
fn half_an_answer_is_asked_for_three_times() {
    let (server, text) = fail_asking(|path, _| match path {
        "/toy.tgz" => Answer::Half(tarball::good()),
        _ => Answer::found(metadata("/toy.tgz")),
    });
    assert!(text.contains("U006"), "{text}");
    assert_eq!(server.lines().len(), 4);
}

#[test]
fn a_server_at_fault_may_recover() {
    let server = Server::start(|path, earlier| match (path, earlier) {
        (_, 0 | 2) => Answer::Status(503, Vec::new()),
        ("/toy.tgz", _) => Answer::found(tarball::good()),
        _ => Answer::found(metadata("/toy.tgz")),
    });
    Checkout::new(&tarball::good(), &server).build_well(&[]);
    assert_eq!(server.lines().len(), 4);
}

#[test]
fn a_tarball_on_another_host_is_looked_for_at_the_registry_first() {
    let elsewhere = Server::with_toy(tarball::good());
    let named = metadata(&format!("{}toy.tgz", elsewhere.url()));
    let answer = named.clone();
    let mirror = Server::start(move |path, _| match path {
        "/toy.tgz" => Answer::found(tarball::good()),
        _ => Answer::found(answer.clone()),
    });
    Checkout::new(&tarball::good(), &mirror).build_well(&[]);
    assert!(elsewhere.lines().is_empty());

    let plain = Server::start(move |path, _| match path {
        "/toy.tgz" => Answer::Status(404, Vec::new()),
        _ => Answer::found(named.clone()),
    });
    Checkout::new(&tarball::good(), &plain).build_well(&[]);
    assert_eq!(elsewhere.lines(), ["GET /toy.tgz"]);
}

#[test]
fn a_cache_that_cannot_be_written_is_an_error() {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::new(&tarball::good(), &server);
    checkout.write("cache", "a file");
    assert_snapshot!(checkout.fail(&[]));
}
