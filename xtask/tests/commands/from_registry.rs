//! The registry form: answers of a registry, and the cache.

use std::fs;

use insta::assert_snapshot;
use tar::EntryType;

use crate::{
    checkout::Checkout,
    server::{Answer, Server, metadata},
    tarball,
};

/// A build that fails with this pinned tarball.
fn fail_with(tarball: Vec<u8>) -> String {
    let server = Server::with_toy(tarball.clone());
    Checkout::new(&tarball, &server).fail(&[])
}

/// A build that fails with these answers; the first answers the request for metadata.
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
fn a_modified_tarball_in_the_cache_is_fetched_again() {
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
fn a_tarball_that_differs_from_the_pin_is_neither_used_nor_stored() {
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
fn an_answer_that_is_not_a_tarball_is_an_error() {
    assert_snapshot!(fail_with(b"<html>".to_vec()));
}

#[test]
fn a_path_out_of_the_package_is_rejected() {
    assert_snapshot!(fail_with(tarball::with_entry("package/../../.bashrc", EntryType::Regular)));
}

#[test]
fn an_absolute_path_is_rejected() {
    assert_snapshot!(fail_with(tarball::with_entry("/etc/cron.d/x", EntryType::Regular)));
}

#[test]
fn a_link_is_rejected() {
    assert_snapshot!(fail_with(tarball::with_entry("package/dist/link.js", EntryType::Symlink)));
}

#[test]
fn a_duplicate_path_is_rejected() {
    assert_snapshot!(fail_with(tarball::with_entry("package/package.json", EntryType::Regular)));
}

#[test]
fn a_gzip_bomb_is_rejected() {
    assert_snapshot!(fail_with(tarball::gzip(&vec![0; 60_000_000])));
}

#[test]
fn an_endless_answer_is_rejected() {
    let (server, text) = fail_asking(|path, _| match path {
        "/toy.tgz" => Answer::found(vec![0; 50_000_001]),
        _ => Answer::found(metadata("/toy.tgz")),
    });
    assert_snapshot!(text);
    assert_eq!(server.lines().len(), 2, "an answer over the limit is not requested again");
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
fn a_package_missing_in_the_registry_is_an_error() {
    let (server, text) = fail_asking(|_, _| Answer::Status(404, Vec::new()));
    assert_snapshot!(text);
    assert_eq!(server.lines().len(), 1);
}

#[test]
fn a_version_missing_in_the_registry_is_an_error() {
    let (_, text) =
        fail_asking(|_, _| Answer::found(metadata("/toy.tgz").replace("1.2.3", "1.2.2")));
    assert_snapshot!(text);
}

#[test]
fn a_web_page_instead_of_metadata_is_an_error() {
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
fn a_truncated_answer_is_requested_three_times() {
    let (server, text) = fail_asking(|path, _| match path {
        "/toy.tgz" => Answer::Half(tarball::good()),
        _ => Answer::found(metadata("/toy.tgz")),
    });
    assert!(text.contains("U006"), "{text}");
    assert_eq!(server.lines().len(), 4);
}

#[test]
fn a_failing_server_may_recover() {
    for status in [503, 429] {
        let server = Server::start(move |path, earlier| match (path, earlier) {
            (_, 0 | 2) => Answer::Status(status, Vec::new()),
            ("/toy.tgz", _) => Answer::found(tarball::good()),
            _ => Answer::found(metadata("/toy.tgz")),
        });
        Checkout::new(&tarball::good(), &server).build_well(&[]);
        assert_eq!(server.lines().len(), 4, "{status}");
    }
}

#[test]
fn a_tarball_on_another_host_is_requested_from_the_registry_first() {
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
fn an_unwritable_cache_is_an_error() {
    let server = Server::with_toy(tarball::good());
    let checkout = Checkout::new(&tarball::good(), &server);
    checkout.write("cache", "a file");
    assert_snapshot!(checkout.fail(&[]));
}
