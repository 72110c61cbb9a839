//! `xtask canary`: tests today's newest releases, whatever the pins.

use std::fs;

use serde_json::Value;

use crate::{
    checkout::{COMMIT, Checkout, PINS, TODAY},
    fake_registry::{FakeRegistry, line},
    server::Server,
    tarball,
};

/// A fake cargo: it records its arguments, and fails if a given word is among them.
fn cargo(fails_at: &str) -> String {
    format!(
        "echo \"$TEST_OFFICIAL on Astro $TEST_ASTRO as of $TEST_AS_OF: $*\" >> \"$HOME/calls\"\n\
         ls \"$TEST_PACKAGES/toy/astro$TEST_ASTRO\" >> \"$HOME/calls\"\n\
         case \"$*\" in *{fails_at}*) echo 'serves_a_page ... FAILED'; exit 101;; esac\n"
    )
}

/// A line at 7.2.4, and a registry with a later Astro and a later toy.
fn checkout(newest_module: &str, fails_at: &str) -> (Checkout, Server) {
    let server = FakeRegistry::default()
        .astro(&["7.2.4", "7.3.0"])
        .toy("2.0.0", "7.2.4")
        .toy_with("2.1.0", "7.3.0", newest_module)
        .serve();
    let checkout = Checkout::new(&tarball::good(), &server).with("SOURCE_DATE_EPOCH", TODAY);
    checkout.write(PINS, &line("7.2.4", COMMIT, "2.0.0", "as-of = \"2026-11-18\"\n"));
    let cargo = checkout.program("cargo", &cargo(fails_at)).display().to_string();
    (checkout.with("CARGO", &cargo), server)
}

/// The exit code, the proposal, and stderr.
fn canary(checkout: &Checkout, arguments: &[&str]) -> (i32, Value, String) {
    let output = checkout.command(&[&["canary"], arguments].concat()).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    let proposal = serde_json::from_slice(&output.stdout).unwrap();
    (output.status.code().unwrap(), proposal, told)
}

#[test]
fn the_newest_of_everything_is_tested_without_moving_a_pin() {
    let (checkout, _server) = checkout(tarball::MODULE, "nowhere");
    let pins = fs::read_to_string(checkout.path(PINS)).unwrap();
    let (code, proposal, told) = canary(&checkout, &["--check"]);
    assert_eq!(code, 0, "{told}");
    assert!(
        told.contains("toy on Astro 7: @upstream/toy@2.1.0 beside astro@7.3.0 works"),
        "{told}"
    );
    assert!(proposal["issue"].is_null() && proposal["pull_request"].is_null(), "{proposal}");
    assert_eq!(fs::read_to_string(checkout.path(PINS)).unwrap(), pins);
    let calls = fs::read_to_string(checkout.path("home/calls")).unwrap();
    for installation in ["official::", "plain::"] {
        let call = format!(
            "@upstream/toy@2.1.0 on Astro 7 as of 2026-12-24: test --quiet --workspace --test toy -- {installation}\n"
        );
        assert!(calls.contains(&call), "{calls}");
    }
    assert!(calls.contains(".tgz") && !checkout.path("adapters/toy/pkg").exists(), "{calls}");
}

#[test]
fn a_failure_of_our_package_alone_becomes_an_issue_with_recent_releases() {
    let (checkout, _server) = checkout(tarball::MODULE, "plain");
    let (code, proposal, told) = canary(&checkout, &["toy"]);
    assert_eq!(code, 0, "{told}");
    let issue = &proposal["issue"];
    assert_eq!(issue["title"], "A plain installation breaks: toy on Astro 7");
    let body = issue["body"].as_str().unwrap();
    assert!(body.contains("serves a page, but our package built from it fails"), "{body}");
    assert!(body.contains("serves_a_page ... FAILED"), "{body}");
    assert!(body.contains("- `@upstream/toy` 2.0.0 to 2.1.0, on 2026-12-01\n"), "{body}");
    assert!(body.contains("- `astro` 7.2.4 to 7.3.0, on 2026-12-01\n"), "{body}");
    let (code, _, _) = canary(&checkout, &["--check"]);
    assert_eq!(code, 1);
}

#[test]
fn a_failure_of_the_official_adapter_is_reported_as_upstreams() {
    let (checkout, _server) = checkout(tarball::MODULE, "::");
    let (_, proposal, told) = canary(&checkout, &[]);
    let body = proposal["issue"]["body"].as_str().unwrap();
    let sentence = "fails to serve a page without our package too: the bug is upstream's";
    assert!(body.contains(sentence) && told.contains(sentence), "{body}{told}");
    let calls = fs::read_to_string(checkout.path("home/calls")).unwrap();
    assert!(!calls.contains("plain::"), "{calls}");
}

#[test]
fn unfit_patches_are_distinct_from_a_broken_adapter() {
    let renamed = tarball::MODULE.replace("createToy", "makeToy");
    let (checkout, _server) = checkout(&renamed, "nowhere");
    let (_, proposal, told) = canary(&checkout, &[]);
    let body = proposal["issue"]["body"].as_str().unwrap();
    assert!(told.contains("the patches do not fit @upstream/toy@2.1.0"), "{told}");
    assert!(body.contains("error[P"), "{body}");
}

#[test]
fn an_unreachable_registry_gives_no_answer() {
    let (checkout, server) = checkout(tarball::MODULE, "nowhere");
    server.go();
    let output = checkout.command(&["canary"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout.is_empty());
}
