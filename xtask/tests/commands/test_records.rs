//! `xtask test`: the records of passed suites.

use std::{fs, os::unix::fs::PermissionsExt as _};

use insta::assert_snapshot;

use crate::{checkout::Checkout, repository::ready, server::Server};

/// A fake cargo. It records its arguments without the number of threads, and succeeds if the file
/// `green` exists.
const CARGO: &str = "#!/bin/sh
echo \"${TEST_ASTRO:-newest}: $*\" | sed 's/threads [0-9]*/threads N/' >> called
echo 'test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured'
test -e green
";

/// An untested checkout, and its registry.
fn untested() -> (Checkout, Server) {
    let (checkout, server, _) = ready(|_, _| None);
    for record in records(&checkout) {
        fs::remove_file(checkout.path("adapters/toy/pkg").join(record)).unwrap();
    }
    checkout.write("cargo", CARGO);
    fs::set_permissions(checkout.path("cargo"), fs::Permissions::from_mode(0o755)).unwrap();
    let cargo = checkout.path("cargo").display().to_string();
    (checkout.with("CARGO", &cargo), server)
}

/// The records, in name order.
fn records(checkout: &Checkout) -> Vec<String> {
    let entries = fs::read_dir(checkout.path("adapters/toy/pkg")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
    names.sort();
    names
}

#[test]
fn a_passed_suite_is_recorded_for_its_packages() {
    let (checkout, _server) = untested();
    checkout.write("green", "");
    assert!(checkout.shown(&["test"]).starts_with("exit code 0"));
    let all =
        ["astro6.passed-toolchain.json", "astro7.passed-toolchain.json", "astro7.passed-toy.json"];
    assert_eq!(records(&checkout), all);
    assert!(checkout.shown(&["test", "toy", "--astro", "6"]).starts_with("exit code 0"));
    assert!(records(&checkout).contains(&"astro6.passed-toy.json".to_owned()));
    let record = checkout.path("adapters/toy/pkg/astro7.passed-toy.json");
    assert_snapshot!(fs::read_to_string(record).unwrap());
}

#[test]
fn a_failed_suite_removes_its_record() {
    let (checkout, _server) = untested();
    checkout.write("green", "");
    checkout.shown(&["test"]);
    fs::remove_file(checkout.path("green")).unwrap();
    assert!(checkout.shown(&["test", "toy"]).starts_with("exit code 1"));
    assert_eq!(
        records(&checkout),
        ["astro6.passed-toolchain.json", "astro7.passed-toolchain.json"]
    );
}

#[test]
fn the_closing_lines_say_what_failed_and_how_long_each_run_took() {
    let (checkout, _server) = untested();
    checkout.write(
        "cargo",
        "#!/bin/sh
case \"$*\" in *delivery*) ;; *) echo 'test result: ok. 2 passed; 0 failed; 1 ignored'; exit 0 ;; esac
printf '%s\\n' 'test a::b ... FAILED' '' 'failures:' '' '---- a::b ----' 'expected 1, got 2'
seq -f 'printed by a server: %g' 50; echo
printf '%s\\n' 'failures:' '    a::b' '' 'test result: FAILED. 3 passed; 1 failed; 0 ignored'
exit 1
",
    );
    let shown = checkout.shown(&["test", "toolchain", "--astro", "7"]);
    let (_, closing) = shown.split_once("test result: FAILED").unwrap();
    let printed = |line: &&str| !line.starts_with("printed by a server: ");
    assert_eq!(closing.lines().filter(|line| !printed(line)).count(), 38);
    assert_snapshot!(closing.lines().skip(1).filter(printed).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_partial_run_records_nothing() {
    let (checkout, _server) = untested();
    checkout.write("green", "");
    checkout.shown(&["test", "--filter", "echo"]);
    assert_eq!(records(&checkout), [] as [&str; 0]);
}

#[test]
fn one_command_tests_every_line_for_publishing() {
    let (checkout, _server) = untested();
    checkout.write("green", "");
    // The checkout must equal its commit.
    checkout.write(".git/info/exclude", "/called\n/cargo\n/green\n");
    assert!(checkout.shown(&["publish", "--dry-run"]).contains("N001"));
    let shown = checkout.shown(&["test", "--every-line"]);
    let called = fs::read_to_string(checkout.path("called")).unwrap();
    assert_snapshot!(format!("{called}\n{}", shown.lines().last().unwrap_or_default()));
    assert!(checkout.shown(&["publish", "--dry-run"]).starts_with("exit code 0"));
}
