//! Adapters that upstream releases without a new Astro: the line's target and stamp.

use std::{fs, path::Path};

use git2::Repository;
use insta::assert_snapshot;

use crate::{
    checkout::{COMMIT, Checkout, FOLDER, PINS, TODAY},
    fake_registry::{FakeRegistry, line},
    server::Server,
    tarball, upstream,
};

/// Astro 7.2.4 has two releases of the toy, the second released alone. One more is for a later
/// Astro, and one is a prerelease.
fn registry() -> FakeRegistry {
    FakeRegistry::default()
        .astro(&["7.2.4"])
        .toy("2.0.0", "7.2.4")
        .toy("2.0.1", "7.2.4")
        .toy("2.1.0-beta.1", "7.2.4")
        .toy("2.1.0", "7.3.0")
}

struct Line {
    checkout: Checkout,
    _server: Server,
    /// The release of Astro 7.2.4 with the toy 2.0.0.
    first: String,
    /// The release of the toy 2.0.1.
    second: String,
}

/// A line at 7.2.4, beside a clone in `clone` of a repository with a later release of the toy.
fn at_first(registry: FakeRegistry) -> Line {
    let server = registry.serve();
    let checkout = Checkout::new(&tarball::good(), &server).with("SOURCE_DATE_EPOCH", TODAY);
    let clone = checkout.path("clone");
    let first =
        upstream::release(&clone, "7.2.4", "2.0.0", &["astro@7.2.4", "@upstream/toy@2.0.0"]);
    let second = upstream::release(&clone, "7.2.4", "2.0.1", &["@upstream/toy@2.0.1"]);
    pin(&checkout, &first, "2.0.0");
    let checkout = checkout.hide(&first, "FIRST").hide(&second, "SECOND");
    let checkout = checkout.hide(&first[..7], "FIRST").hide(&second[..7], "SECOND");
    Line { checkout, _server: server, first, second }
}

fn pin(checkout: &Checkout, commit: &str, toy: &str) {
    checkout.write(PINS, &line("7.2.4", commit, toy, "as-of = \"2026-11-18\"\nrevision = 3\n"));
}

impl Line {
    fn pins(&self) -> String {
        fs::read_to_string(self.checkout.path(PINS)).unwrap()
    }

    fn sync(&self, arguments: &[&str]) -> String {
        self.checkout.shown(&[&["sync-version", "--upstream", "clone"], arguments].concat())
    }

    fn moves_well(&self, arguments: &[&str]) {
        let shown = self.sync(arguments);
        assert!(shown.starts_with("exit code 0"), "{shown}");
    }

    /// A run that must fail and change nothing.
    fn fails(&self, arguments: &[&str], code: &str) -> String {
        let before = self.pins();
        let shown = self.sync(arguments);
        assert!(shown.contains(&format!("error[{code}]")), "{shown}");
        assert_eq!(self.pins(), before);
        shown
    }
}

#[test]
fn latest_moves_to_the_commit_of_an_adapter_released_alone() {
    let line = at_first(registry());
    let shown = line.sync(&["--latest"]);
    assert!(line.pins().contains(&line.second));
    assert_snapshot!(line.checkout.steady(format!("{shown}── {PINS}\n{}", line.pins()).into()));
    line.checkout.build_well(&["--upstream", "clone"]);
    let built = fs::read_to_string(line.checkout.path("adapters/toy/pkg/astro7/package.json"));
    assert!(built.unwrap().contains(&format!("\"version\": \"7.2.4-{}\"", &line.second[..7])));
}

#[test]
fn a_release_of_astro_takes_its_newest_adapters() {
    let line = at_first(registry().astro(&["7.3.0"]));
    line.moves_well(&["--to", "7.2.4"]);
    assert!(line.pins().contains(&line.second) && line.pins().contains("2.0.1"), "{}", line.pins());
}

#[test]
fn a_line_at_an_adapter_release_is_in_step() {
    let line = at_first(registry());
    line.moves_well(&["--latest"]);
    let moved = line.pins();
    for arguments in [&["--check"][..], &["--latest", "--check"], &["--to", "7.2.4", "--check"]] {
        line.moves_well(arguments);
    }
    assert_eq!(line.pins(), moved);
    let status = line.checkout.shown(&["status", "--check"]);
    assert!(status.starts_with("exit code 0"), "{status}");
}

#[test]
fn check_and_dry_run_write_nothing_and_only_check_answers_no() {
    let line = at_first(registry());
    let before = line.pins();
    for (flag, code) in [("--check", 1), ("--dry-run", 0)] {
        let shown = line.sync(&["--latest", flag]);
        assert!(shown.starts_with(&format!("exit code {code}\n")), "{shown}");
        assert!(shown.contains("astro7  7.2.4-FIRST.3 -> 7.2.4-SECOND\n"), "{shown}");
        assert_eq!(line.pins(), before);
    }
}

#[test]
fn a_new_astro_with_the_adapter_wins_over_the_adapters_own_commit() {
    let line = at_first(registry().astro(&["7.2.5"]));
    let third = upstream::release(&line.checkout.path("clone"), "7.2.5", "2.0.1", &["astro@7.2.5"]);
    line.moves_well(&["--latest"]);
    assert!(line.pins().contains(&third), "{}", line.pins());
}

#[test]
fn an_adapter_released_after_a_new_astro_wins() {
    let line = at_first(registry().astro(&["7.3.0"]).toy("2.1.1", "7.3.0"));
    let clone = line.checkout.path("clone");
    upstream::release(&clone, "7.3.0", "2.1.0", &["astro@7.3.0", "@upstream/toy@2.1.0"]);
    let last = upstream::release(&clone, "7.3.0", "2.1.1", &["@upstream/toy@2.1.1"]);
    line.moves_well(&["--latest"]);
    assert!(line.pins().contains(&last), "{}", line.pins());
}

#[test]
fn the_later_of_two_complete_commits_wins() {
    let line = at_first(registry());
    let clone = line.checkout.path("clone");
    let again = upstream::release(&clone, "7.2.4", "2.0.1", &["@upstream/toy@2.0.1"]);
    upstream::tag(&clone, "astro@7.2.4", &line.second);
    line.moves_well(&["--latest"]);
    assert!(line.pins().contains(&again), "{}", line.pins());
    line.moves_well(&["--check"]);
}

#[test]
fn two_commits_of_unknown_order_are_an_error() {
    let line = at_first(registry());
    let clone = line.checkout.path("clone");
    upstream::branch_from(&clone, None);
    upstream::release(&clone, "7.2.4", "2.0.1", &["@upstream/toy@2.0.1"]);
    upstream::tag(&clone, "astro@7.2.4", &line.second);
    let told = line.fails(&["--latest"], "U037");
    assert_eq!(told.matches("which has all of them").count(), 2, "{told}");
    line.moves_well(&["--latest", "--commit", &line.second]);
    assert!(line.pins().contains(&line.second));
}

#[test]
fn a_partial_clone_without_old_manifests_knows_the_order_of_commits() {
    let line = at_first(registry());
    let clone = Repository::open(line.checkout.path("clone")).unwrap();
    let first = clone.find_commit(line.first.parse().unwrap()).unwrap().tree().unwrap();
    let manifest = first.get_path(&Path::new(FOLDER).join("package.json")).unwrap().id();
    let manifest = manifest.to_string();
    let (folder, file) = manifest.split_at(2);
    fs::remove_file(clone.path().join("objects").join(folder).join(file)).unwrap();
    line.moves_well(&["--latest"]);
    assert!(line.pins().contains(&line.second), "{}", line.pins());
    line.moves_well(&["--check"]);
}

#[test]
fn releases_without_a_common_commit_are_an_error() {
    let line = at_first(registry().astro(&["7.2.5"]));
    let clone = line.checkout.path("clone");
    upstream::branch_from(&clone, Some(&line.first));
    let other = upstream::release(&clone, "7.2.5", "2.0.0", &["astro@7.2.5"]);
    let told = line.fails(&["--latest"], "U037");
    assert_snapshot!(told.replace(&other, "OTHER"));
    line.moves_well(&["--to", "7.2.5", "--commit", &other]);
    assert!(line.pins().contains(&other) && line.pins().contains("\"2.0.0\""), "{}", line.pins());
}

#[test]
fn without_a_tag_the_stamp_is_by_tarball_or_by_a_given_commit() {
    let line = at_first(registry());
    let without_clone = |arguments: &[&str]| {
        line.checkout.shown(&[&["sync-version", "--latest"], arguments].concat())
    };
    assert_snapshot!(without_clone(&[]));
    assert!(!line.pins().contains("commit ="), "{}", line.pins());
    let shown = without_clone(&["--commit", &line.second]);
    assert!(shown.contains(" -> 7.2.4-SECOND\n"), "{shown}");
    assert!(line.pins().contains(&line.second));
}

#[test]
fn a_given_commit_selects_the_adapters() {
    let line = at_first(registry());
    line.moves_well(&["--latest"]);
    line.moves_well(&["--to", "7.2.4", "--commit", &line.first]);
    assert!(line.pins().contains(&line.first) && line.pins().contains("\"2.0.0\""));
}

#[test]
fn a_commit_with_another_adapter_than_the_pin_is_an_error() {
    let line = at_first(registry());
    assert!(line.fails(&["--commit", &line.second], "U015").contains("`@upstream/toy@2.0.1`"));
}

#[test]
fn a_commit_with_an_unpublished_adapter_is_an_error() {
    let line = at_first(registry());
    let other = upstream::release(&line.checkout.path("clone"), "7.2.4", "2.0.7", &[]);
    let told = line.fails(&["--to", "7.2.4", "--commit", &other], "U033");
    assert!(told.contains("`@upstream/toy@2.0.7`"), "{told}");
}

#[test]
fn a_moved_adapter_tag_is_an_error() {
    let line = at_first(registry());
    line.moves_well(&["--latest"]);
    let clone = line.checkout.path("clone");
    for (astro, toy) in [("7.2.4", "2.0.1"), ("7.2.3", "2.0.0"), ("7.3.0", "2.0.1")] {
        let other = upstream::release(&clone, astro, toy, &["@upstream/toy@2.0.1"]);
        let told = line.fails(&["--check"], "U031");
        assert!(told.contains("the tag `@upstream/toy@2.0.1`") && told.contains(&other), "{told}");
    }
}

#[test]
fn an_adapter_from_another_repository_increments_the_revision() {
    let line = at_first(registry());
    pin(&line.checkout, COMMIT, "2.0.0");
    let pins = line.pins().replace(" }", ", form = \"registry\" }");
    line.checkout.write(PINS, &pins);
    let shown = line.checkout.shown(&["sync-version", "--latest"]);
    assert!(shown.contains("7.2.4-8a31cba.3 -> 7.2.4-8a31cba.4\n"), "{shown}");
    assert!(shown.contains("2.0.0 -> 2.0.1"), "{shown}");
    assert!(line.pins().contains("revision = 4\n"));
    let shown = line.checkout.shown(&["sync-version", "--latest", "--check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
}

#[test]
fn status_ignores_releases_that_a_line_cannot_move_to() {
    let line = at_first(registry());
    let shown = line.checkout.shown(&["status"]);
    // 2.1.0 was built with an unreleased Astro.
    assert!(shown.contains("2.0.0, newest is 2.0.1\n"), "{shown}");
}

#[test]
fn the_submodule_may_be_at_an_adapter_release() {
    let line = at_first(registry());
    line.moves_well(&["--submodule"]);
    assert!(line.pins().contains(&line.second) && line.pins().contains("2.0.1"), "{}", line.pins());
    line.moves_well(&["--check"]);
}

#[test]
fn a_line_of_prereleases_moves_to_the_newest_prerelease() {
    let registry = || {
        let registry = FakeRegistry::default().toy("3.0.0-beta.1", "8.0.0-beta.9");
        registry.toy("3.0.0-beta.2", "8.0.0-beta.9").astro(&["8.0.0-beta.9"])
    };
    let goes_to = |registry: FakeRegistry, astro: &str, toy: &str| {
        let server = registry.serve();
        let checkout = Checkout::new(&tarball::good(), &server);
        checkout.write(PINS, &line("8.0.0-beta.9", COMMIT, "3.0.0-beta.1", ""));
        let clone = checkout.path("clone");
        let tags = [format!("astro@{astro}"), format!("@upstream/toy@{toy}")];
        let commit = upstream::release(&clone, astro, toy, &[&tags[0], &tags[1]]);
        assert!(checkout.shown(&["status", "--check"]).starts_with("exit code 1"));
        let shown = checkout.shown(&["sync-version", "--latest", "--upstream", "clone"]);
        let stamp = format!("8.0.0-beta.9-8a31cba -> {astro}-{}\n", &commit[..7]);
        assert!(shown.contains(&stamp), "{shown}");
        assert!(checkout.shown(&["status", "--check"]).starts_with("exit code 0"));
    };
    goes_to(registry(), "8.0.0-beta.9", "3.0.0-beta.2");
    goes_to(registry().astro(&["8.0.0-beta.10"]), "8.0.0-beta.10", "3.0.0-beta.2");
    let whole = registry().astro(&["8.0.0", "8.1.0-beta.1"]).toy("3.0.0", "8.0.0");
    goes_to(whole, "8.0.0", "3.0.0");
}

#[test]
fn an_adapter_major_without_a_line_is_reported() {
    let line = at_first(
        registry().toy("3.0.0", "7.2.4").toy("4.0.0", "8.0.0").toy("3.1.0-beta.1", "7.2.4"),
    );
    let shown = line.checkout.shown(&["status", "--check"]);
    assert!(shown.starts_with("exit code 1"), "{shown}");
    assert!(shown.contains("@upstream/toy 3.0.0 has no line\n── stderr"), "{shown}");
    // A line does not move there by itself either.
    line.moves_well(&["--latest"]);
    assert!(line.pins().contains("2.0.1"), "{}", line.pins());
    let json = line.checkout.shown(&["status", "--check", "--json"]);
    assert!(json.starts_with("exit code 1") && json.contains(r#""version": "3.0.0""#), "{json}");
}
