//! `xtask follow`: moves the pins to the newest releases that fit.

use std::fs;

use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    checkout::{COMMIT, Checkout, PINS},
    fake_registry::{FakeRegistry, line},
    server::{Answer, Server},
    tarball, upstream,
};

/// A fake cargo for running tests: they pass, or they fail.
const PASSES: &str = "echo 'test result: ok. 3 passed; 0 failed; 0 ignored'\n";
const FAILS: &str = "echo 'an_echo_is_heard ... FAILED'\necho 'test result: FAILED. 2 passed; 1 failed; 0 ignored'\nexit 101\n";

fn registry() -> FakeRegistry {
    FakeRegistry::default().toy("1.2.3", "6.4.8").toy("2.0.0", "7.2.4").toy("2.1.0", "7.3.0")
}

/// A line for 7.2.4 and one for 6.4.8, and a repository with the tags of later releases.
fn checkout(registry: FakeRegistry, cargo: &str) -> (Checkout, Server) {
    let server = registry.serve();
    let checkout = Checkout::new(&tarball::good(), &server).with("SOURCE_DATE_EPOCH", "1798070400");
    let six = line("6.4.8", COMMIT, "1.2.3", "");
    let seven = line("7.2.4", COMMIT, "2.0.0", "tag = \"latest\"\n");
    checkout.write(PINS, &format!("{seven}{six}"));
    let repository = checkout.path("repository");
    let renamed = upstream::MODULE.replace("createToy", "makeToy");
    upstream::release_of(&repository, "6.5.0", "1.3.0", &renamed, &["astro@6.5.0"]);
    upstream::branch_from(&repository, None);
    upstream::release(&repository, "7.2.4", "2.0.0", &["astro@7.2.4", "@upstream/toy@2.0.0"]);
    upstream::release(&repository, "7.2.4", "2.0.1", &["@upstream/toy@2.0.1"]);
    upstream::release(&repository, "7.3.0", "2.1.0", &["astro@7.3.0", "@upstream/toy@2.1.0"]);
    fetch_from(&checkout, &repository.display().to_string());
    let cargo = checkout.program("cargo", cargo).display().to_string();
    (checkout.with("CARGO", &cargo), server)
}

/// Sets the address of upstream's repository.
fn fetch_from(checkout: &Checkout, url: &str) {
    checkout.write(
        ".gitmodules",
        &format!("[submodule \"upstream/astro\"]\n\tpath = upstream/astro\n\turl = {url}\n"),
    );
}

fn pins(checkout: &Checkout) -> String {
    fs::read_to_string(checkout.path(PINS)).unwrap()
}

/// The proposal as readable text, and the exit code.
fn proposal(checkout: &Checkout, arguments: &[&str]) -> String {
    let output = checkout.command(arguments).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{told}");
    let proposal: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut text = format!("exit code {}\n", output.status.code().unwrap());
    for part in ["pull_request", "issue"] {
        let of_part = |key: &str| proposal[part][key].as_str().map(str::to_owned);
        let Some(title) = of_part("title") else { continue };
        text.push_str(&format!("── {part}: {title}\n{}", of_part("body").unwrap()));
        text.extend(of_part("pins").map(|pins| format!("── pins\n{pins}")));
    }
    // Other tests cover the output of builds.
    let steady = checkout.steady(text.into_bytes());
    let lines = steady.lines().map(|line| match line.split_once("sha512-") {
        Some((start, _)) => format!("{start}sha512-…\n"),
        None => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn without_new_releases_there_is_no_proposal() {
    let (checkout, _server) = checkout(registry().astro(&["6.4.8", "7.2.4"]), PASSES);
    let registry = FakeRegistry::default().astro(&["6.4.8", "7.2.4"]).toy("1.2.3", "6.4.8");
    let server = registry.toy("2.0.0", "7.2.4").serve();
    let checkout = checkout.with("npm_config_registry", &server.url());
    let before = pins(&checkout);
    assert_snapshot!(checkout.shown(&["follow"]));
    assert_eq!(pins(&checkout), before);
}

#[test]
fn a_fitting_line_with_passing_tests_becomes_a_pull_request() {
    let (checkout, _server) = checkout(registry().astro(&["6.4.8", "7.2.4", "7.3.0"]), PASSES);
    assert_snapshot!(proposal(&checkout, &["follow"]));
    assert!(pins(&checkout).contains("astro = \"7.3.0\""));
}

#[test]
fn an_unfit_line_becomes_an_issue_without_blocking_the_others() {
    let renamed = tarball::MODULE.replace("createToy", "makeToy");
    let registry = registry().toy_with("1.3.0", "6.5.0", &renamed);
    let (checkout, _server) =
        checkout(registry.astro(&["6.4.8", "6.5.0", "7.2.4", "7.3.0"]), PASSES);
    assert_snapshot!(proposal(&checkout, &["follow"]));
    let pins = pins(&checkout);
    assert!(pins.contains("astro = \"7.3.0\"") && pins.contains("astro = \"6.4.8\""), "{pins}");
}

#[test]
fn a_line_with_failing_tests_becomes_an_issue() {
    let (checkout, _server) = checkout(registry().astro(&["6.4.8", "7.2.4", "7.3.0"]), FAILS);
    let before = pins(&checkout);
    assert_snapshot!(proposal(&checkout, &["follow"]));
    assert_eq!(pins(&checkout), before);
}

#[test]
fn a_major_without_a_line_becomes_an_issue() {
    let registry = FakeRegistry::default().toy("1.2.3", "6.4.8").toy("2.0.0", "7.2.4");
    let (checkout, _server) = checkout(registry.astro(&["6.4.8", "7.2.4", "8.0.0"]), PASSES);
    assert_snapshot!(proposal(&checkout, &["follow"]));
}

#[test]
fn majors_of_astro_and_of_an_adapter_without_a_line_are_one_issue() {
    let registry =
        FakeRegistry::default().toy("1.2.3", "6.4.8").toy("2.0.0", "7.2.4").toy("3.0.0", "7.2.4");
    let (checkout, _server) = checkout(registry.astro(&["6.4.8", "7.2.4", "8.0.0"]), PASSES);
    let told = proposal(&checkout, &["follow"]);
    let title = "── issue: Astro 8.0.0 has no line and @upstream/toy 3.0.0 has no line\n";
    assert!(told.contains(title), "{told}");
}

#[test]
fn check_and_dry_run_write_nothing() {
    let (checkout, _server) = checkout(registry().astro(&["6.4.8", "7.2.4", "7.3.0"]), PASSES);
    let before = pins(&checkout);
    let dry = proposal(&checkout, &["follow", "--dry-run"]);
    assert!(dry.starts_with("exit code 0\n── pull_request: Follow Astro 7.3.0\n"), "{dry}");
    assert!(!dry.contains("xtask build"), "{dry}");
    assert!(
        checkout.shown(&["follow", "--check"]).starts_with("exit code 1\n── stdout\n── stderr\n")
    );
    assert_eq!(pins(&checkout), before);
}

#[test]
fn an_unreachable_upstream_gives_no_answer() {
    let (checkout, server) = checkout(registry().astro(&["6.4.8", "7.2.4", "7.3.0"]), PASSES);
    drop(server);
    let shown = checkout.with("npm_config_registry", "http://127.0.0.1:1/").shown(&["follow"]);
    assert!(shown.starts_with("exit code 3\n── stdout\n── stderr\n"), "{shown}");
    assert!(shown.contains("error[U006]"), "{shown}");
}

#[test]
fn an_upstream_lost_half_way_gives_no_answer() {
    let registry = registry().astro(&["6.4.8", "7.2.4", "7.3.0"]);
    let (checkout, _server) = checkout(registry.clone(), PASSES);
    let server = Server::start(move |path, _| match path {
        "/toy-2.1.0.tgz" => Answer::HangUp,
        _ => registry.answer(path),
    });
    let before = pins(&checkout);
    let checkout = checkout.with("npm_config_registry", &server.url());
    let shown = checkout.shown(&["follow"]);
    assert!(shown.starts_with("exit code 3\n── stdout\n── stderr\n"), "{shown}");
    let last = shown.lines().skip_while(|line| !line.contains("U036"));
    assert_snapshot!(last.collect::<Vec<_>>().join("\n"));
    assert_eq!(pins(&checkout), before);
}

/// Only the toy has a new release.
fn only_an_adapter(version: &str) -> FakeRegistry {
    registry().astro(&["6.4.8", "7.2.4"]).toy(version, "7.2.4")
}

#[test]
fn an_adapter_released_alone_becomes_a_pull_request() {
    let (checkout, _server) = checkout(only_an_adapter("2.0.1"), PASSES);
    assert_snapshot!(proposal(&checkout, &["follow"]));
    let shown = checkout.shown(&["follow"]);
    assert!(shown.contains("\"pull_request\": null"), "a second run has nothing to do: {shown}");
}

#[test]
fn an_adapter_without_a_tag_becomes_a_pull_request_by_tarball() {
    let (checkout, _server) = checkout(only_an_adapter("2.0.2"), PASSES);
    assert_snapshot!(proposal(&checkout, &["follow"]));
    let shown = checkout.shown(&["follow"]);
    assert!(shown.contains("\"pull_request\": null"), "a second run has nothing to do: {shown}");
}

#[test]
fn without_git_a_line_is_followed_by_its_tarballs() {
    let (checkout, _server) = checkout(registry().astro(&["6.4.8", "7.2.4", "7.3.0"]), PASSES);
    fs::remove_file(checkout.path(".gitmodules")).unwrap();
    fs::remove_dir_all(checkout.path("repository")).unwrap();
    let checkout = checkout.with("PATH", "/nowhere");
    let status = checkout.shown(&["status", "--check"]);
    assert!(status.starts_with("exit code 1"), "{status}");
    let told = proposal(&checkout, &["follow"]);
    assert!(told.contains("pull_request: Follow Astro 7.3.0\n"), "{told}");
    assert!(told.contains("### astro7: `7.2.4-8a31cba` to `7.3.0-npm."), "{told}");
}

#[test]
fn an_unreachable_repository_is_reported_and_blocks_nothing() {
    let (checkout, _server) = checkout(registry().astro(&["6.4.8", "7.2.4", "7.3.0"]), PASSES);
    fs::remove_dir_all(checkout.path("repository")).unwrap();
    let shown = checkout.shown(&["follow", "--dry-run"]);
    assert!(shown.contains("hint: could not read upstream's tags: git cannot fetch"), "{shown}");
    assert!(shown.contains(" -> 7.3.0-npm."), "{shown}");
}

#[test]
fn a_failed_test_that_prints_a_toolchain_error_still_counts_as_failed() {
    let prints = format!("echo 'error[U006]: a test of this error has failed'\n{FAILS}");
    let (checkout, _server) = checkout(registry().astro(&["6.4.8", "7.2.4", "7.3.0"]), &prints);
    let told = proposal(&checkout, &["follow"]);
    assert!(told.contains("── issue: Astro 7.3.0 does not fit\n"), "{told}");
    assert!(told.contains("error[U006]"), "{told}");
}

#[test]
fn an_adapter_from_another_repository_is_followed_without_git() {
    let (checkout, _server) = checkout(only_an_adapter("2.0.1"), PASSES);
    fetch_from(&checkout, "nowhere");
    checkout.write(PINS, &pins(&checkout).replace(" }", ", form = \"registry\" }"));
    let told = proposal(&checkout, &["follow"]);
    assert!(told.contains("pull_request: Follow @upstream/toy 2.0.1\n"), "{told}");
    assert!(told.contains("### astro7: `7.2.4-8a31cba` to `7.2.4-8a31cba.1`\n"), "{told}");
}

#[test]
fn a_new_astro_and_an_adapter_of_another_line_are_one_pull_request() {
    let registry = registry().toy("1.2.4", "6.4.8").astro(&["6.4.8", "7.2.4", "7.3.0"]);
    let (checkout, _server) = checkout(registry, PASSES);
    let repository = checkout.path("repository");
    upstream::branch_from(&repository, None);
    upstream::release(&repository, "6.4.8", "1.2.4", &["@upstream/toy@1.2.4"]);
    let told = proposal(&checkout, &["follow"]);
    assert!(told.contains("pull_request: Follow Astro 7.3.0 and @upstream/toy 1.2.4\n"), "{told}");
    assert!(!told.contains("── issue"), "{told}");
}
