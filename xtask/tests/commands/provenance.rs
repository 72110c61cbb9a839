//! The commit of a release, from its published provenance.

use std::{collections::BTreeMap, fs};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use insta::assert_snapshot;
use rcgen::ExtendedKeyUsagePurpose;
use serde_json::Value;

use crate::{
    attestation::{Attestation, Authority, REPOSITORY, publication},
    checkout::{COMMIT, Checkout, PINS, TODAY},
    fake_registry::{self, FakeRegistry, line},
    server::{Answer, Server},
    tarball, upstream,
};

const ASTRO: &str = "astro@7.3.0";
const TOY: &str = "@upstream%2ftoy@2.1.0";

/// The registry's answers for releases, by `name@version` as in its paths.
type Attestations = BTreeMap<&'static str, Value>;

fn toy() -> Attestation {
    let tarball = fake_registry::toy("2.1.0", tarball::MODULE);
    Attestation::of("@upstream/toy", "2.1.0", &tarball, &"d".repeat(40))
}

fn astro() -> Attestation {
    // The registry's sha512 for each Astro.
    Attestation::of("astro", "7.3.0", b"astro", &"d".repeat(40))
}

/// Both releases with valid attestations, except for a change to the toy's.
fn attested(authority: &Authority, change: impl Fn(&mut Attestation)) -> Attestations {
    let mut toy = toy();
    change(&mut toy);
    [(ASTRO, authority.answer(&astro())), (TOY, authority.answer(&toy))].into()
}

/// A line at 7.2.4, with a registry that has 7.3.0 with these attestations.
fn checkout(authority: &Authority, attestations: Attestations) -> (Checkout, Server) {
    let registry = FakeRegistry::default().astro(&["7.2.4", "7.3.0"]);
    let registry = registry.toy("2.0.0", "7.2.4").toy("2.1.0", "7.3.0");
    let server = Server::start(move |path, _| match path.strip_prefix("/-/npm/v1/attestations/") {
        None => registry.answer(path),
        Some(release) => match attestations.get(release) {
            Some(Value::Null) => Answer::Status(500, Vec::new()),
            Some(attestations) => Answer::found(attestations.to_string()),
            None => Answer::Status(404, Vec::new()),
        },
    });
    let checkout = Checkout::new(&tarball::good(), &server).with("SOURCE_DATE_EPOCH", TODAY);
    checkout.write(PINS, &line("7.2.4", COMMIT, "2.0.0", "as-of = \"2026-11-18\"\n"));
    checkout.write("upstream/sigstore.pem", &authority.pem);
    checkout.write(
        ".gitmodules",
        &format!(
            "[submodule \"upstream/astro\"]\n\tpath = upstream/astro\n\turl = {REPOSITORY}.git\n"
        ),
    );
    (checkout, server)
}

fn latest(checkout: &Checkout) -> String {
    checkout.shown(&["sync-version", "--latest"])
}

fn pins(checkout: &Checkout) -> String {
    fs::read_to_string(checkout.path(PINS)).unwrap()
}

/// The error for attestations that cannot be trusted. The pins are unchanged.
fn refused(authority: &Authority, attestations: Attestations, code: &str) -> String {
    let (checkout, _server) = checkout(authority, attestations);
    let before = pins(&checkout);
    let shown = latest(&checkout);
    assert!(shown.starts_with("exit code 3"), "{shown}");
    assert!(shown.contains(&format!("error[{code}]")), "{shown}");
    assert_eq!(pins(&checkout), before);
    shown
}

#[test]
fn the_commit_is_the_one_that_the_tarballs_were_built_from() {
    let authority = Authority::new();
    for is_old in [false, true] {
        let (checkout, _server) =
            checkout(&authority, attested(&authority, |toy| toy.is_old = is_old));
        let shown = latest(&checkout);
        assert!(shown.contains("astro7  7.2.4-8a31cba -> 7.3.0-ddddddd\n"), "{shown}");
        assert!(pins(&checkout).contains(&"d".repeat(40)), "{}", pins(&checkout));
    }
}

#[test]
fn the_commit_of_the_later_release_is_used() {
    let authority = Authority::new();
    for (day, stamp) in [(23, "7.3.0-ddddddd"), (25, "7.3.0-eeeeeee")] {
        let attestations = attested(&authority, |toy| {
            toy.day = day;
            toy.commit = "e".repeat(40);
            toy.certified_commit = "e".repeat(40);
        });
        let (checkout, _server) = checkout(&authority, attestations);
        let shown = latest(&checkout);
        assert!(shown.contains(&format!(" -> {stamp}\n")), "{shown}");
    }
}

#[test]
fn an_attestation_wins_over_tags_and_over_a_clone_without_its_commit() {
    let authority = Authority::new();
    let (checkout, _server) = checkout(&authority, attested(&authority, |_| ()));
    let tags = ["astro@7.3.0", "@upstream/toy@2.1.0"];
    upstream::release(&checkout.path("clone"), "7.3.0", "2.1.0", &tags);
    let shown = checkout.shown(&["sync-version", "--latest", "--upstream", "clone"]);
    assert!(shown.contains(" -> 7.3.0-ddddddd\n"), "{shown}");
}

#[test]
fn without_provenance_tags_are_used_and_then_the_tarball() {
    let authority = Authority::new();
    let without_toy = || [(ASTRO, authority.answer(&astro()))].into();
    let of_publication = serde_json::json!({ "attestations": [publication()] });
    let only_published = [(ASTRO, of_publication.clone()), (TOY, of_publication)].into();
    for attestations in [Attestations::new(), without_toy(), only_published] {
        let (checkout, server) = checkout(&authority, attestations);
        let shown = latest(&checkout);
        assert!(shown.starts_with("exit code 0"), "{shown}");
        assert!(shown.contains(" -> 7.3.0-npm."), "{shown}");
        assert!(server.lines().iter().any(|line| line.contains(ASTRO)), "{:?}", server.lines());

        let tags = ["astro@7.3.0", "@upstream/toy@2.1.0"];
        let commit = upstream::release(&checkout.path("clone"), "7.3.0", "2.1.0", &tags);
        let shown = checkout.shown(&["sync-version", "--latest", "--upstream", "clone"]);
        assert!(pins(&checkout).contains(&commit), "{shown}");
    }
}

#[test]
fn a_line_pinned_by_tarball_gets_its_commit_once_attested() {
    let authority = Authority::new();
    let (checkout, _server) = checkout(&authority, attested(&authority, |_| ()));
    let tarball = line("7.3.0", COMMIT, "2.1.0", "");
    let without = tarball.replace(&format!("commit = \"{COMMIT}\"\n"), "");
    checkout.write(PINS, &without);
    let shown = checkout.shown(&["sync-version"]);
    assert!(shown.contains(", unchanged\n"), "asks no registry without a target: {shown}");
    let shown = latest(&checkout);
    assert!(shown.contains(" -> 7.3.0-ddddddd\n"), "{shown}");
    assert_eq!(pins(&checkout), tarball.replace(COMMIT, &"d".repeat(40)));
}

#[test]
fn an_attestation_of_another_tarball_is_an_error() {
    let authority = Authority::new();
    let (mut attestations, toy) = (attested(&authority, |_| ()), toy());
    let of_other = Attestation::of("@upstream/toy", "2.1.0", b"other", &toy.commit);
    attestations.insert(TOY, authority.answer(&of_other));
    assert_snapshot!(refused(&authority, attestations.clone(), "U039"));
    let tarball = fake_registry::toy("2.1.0", tarball::MODULE);
    let of_other = Attestation::of("@upstream/robot", "2.1.0", &tarball, &toy.commit);
    attestations.insert(TOY, authority.answer(&of_other));
    let told = refused(&authority, attestations, "U039");
    assert!(told.contains("pkg:npm/%40upstream/robot@2.1.0"), "{told}");
}

#[test]
fn an_attestation_modified_after_signing_is_an_error() {
    let authority = Authority::new();
    let mut attestations = attested(&authority, |_| ());
    let envelope =
        &mut attestations.get_mut(TOY).unwrap()["attestations"][1]["bundle"]["dsseEnvelope"];
    let payload = STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap();
    let payload = String::from_utf8(payload).unwrap().replace(&"d".repeat(40), &"e".repeat(40));
    envelope["payload"] = Value::from(STANDARD.encode(payload));
    assert_snapshot!(refused(&authority, attestations, "U040"));
}

#[test]
fn an_attestation_by_another_authority_is_an_error() {
    let (authority, other) = (Authority::new(), Authority::new());
    let told = refused(&authority, attested(&other, |_| ()), "U040");
    assert!(told.contains("the certificate is not trusted"), "{told}");
}

#[test]
fn a_certificate_without_code_signing_is_an_error() {
    let authority = Authority::new();
    let attestations = attested(&authority, |toy| toy.usage = ExtendedKeyUsagePurpose::ServerAuth);
    refused(&authority, attestations, "U040");
}

#[test]
fn a_statement_with_another_commit_than_its_certificate_is_an_error() {
    let authority = Authority::new();
    let attestations = attested(&authority, |toy| toy.commit = "e".repeat(40));
    let told = refused(&authority, attestations, "U040");
    assert!(told.contains("it names the commit eeee"), "{told}");
}

#[test]
fn an_attestation_of_another_repository_is_an_error() {
    let authority = Authority::new();
    let attestations = attested(&authority, |toy| {
        toy.repository = "https://github.com/somebody/toys".to_owned();
        toy.certified_repository.clone_from(&toy.repository);
    });
    assert_snapshot!(refused(&authority, attestations, "U041"));
    // The certificate counts, whatever the statement says.
    let attestations = attested(&authority, |toy| {
        toy.certified_repository = "https://github.com/somebody/toys".to_owned();
    });
    refused(&authority, attestations, "U041");
}

#[test]
fn an_attestation_in_an_unknown_format_is_an_error() {
    let authority = Authority::new();
    let mut attestations = attested(&authority, |_| ());
    let bundle = &mut attestations.get_mut(TOY).unwrap()["attestations"][1]["bundle"];
    bundle["verificationMaterial"] = serde_json::json!({ "publicKey": { "hint": "a" } });
    assert_snapshot!(refused(&authority, attestations, "U038"));
}

#[test]
fn a_failed_request_for_attestations_does_not_mean_there_are_none() {
    let authority = Authority::new();
    let attestations = [(ASTRO, Value::Null)].into();
    refused(&authority, attestations, "U009");
}

#[test]
fn an_attestation_without_trusted_certificates_is_an_error() {
    let authority = Authority::new();
    let (checkout, _server) = checkout(&authority, attested(&authority, |_| ()));
    checkout.write("upstream/sigstore.pem", "");
    assert_snapshot!(latest(&checkout));
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    checkout.write("upstream/sigstore.pem", damaged);
    let shown = latest(&checkout);
    assert!(shown.contains("error[U042]: `upstream/sigstore.pem`"), "{shown}");
    checkout.write("upstream/sigstore.pem", &authority.pem);
    checkout.write(".gitmodules", "");
    let shown = latest(&checkout);
    assert!(shown.contains("error[U042]: `.gitmodules`"), "{shown}");
}
