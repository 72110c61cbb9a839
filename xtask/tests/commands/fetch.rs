//! `xtask fetch`: the clone for other commands and tests.

use std::{fs, process::Command};

use crate::{
    checkout::{COMMIT, Checkout, PINS},
    fake_registry::line,
    tarball, upstream,
};

/// A line at the first of two releases in the repository of `.gitmodules`.
fn checkout() -> (Checkout, [String; 2]) {
    let checkout = Checkout::without_registry(&tarball::good());
    let repository = checkout.path("repository");
    let first = upstream::release(&repository, "7.2.4", "2.0.0", &["astro@7.2.4"]);
    let second = upstream::release(&repository, "7.3.0", "2.1.0", &["astro@7.3.0"]);
    checkout.write(PINS, &line("7.2.4", &first, "2.0.0", ""));
    checkout.write(
        ".gitmodules",
        &format!(
            "[submodule \"upstream/astro\"]\n\tpath = upstream/astro\n\turl = {}\n",
            repository.display()
        ),
    );
    (checkout, [first, second])
}

/// Whether the printed clone holds a revision.
fn holds(clone: &str, revision: &str) -> bool {
    let mut git = Command::new("git");
    git.args(["-C", clone, "cat-file", "-e", &format!("{revision}^{{tree}}")]);
    git.output().unwrap().status.success()
}

#[test]
fn pinned_commits_and_named_revisions_are_fetched() {
    let (checkout, [first, second]) = checkout();
    let fetch = |arguments: &[&str]| {
        let output = checkout.command(&[&["fetch"], arguments].concat()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    let clone = fetch(&[]);
    assert!(holds(&clone, &first) && !holds(&clone, &second));
    checkout.write("revisions.txt", "astro@7.3.0\n\n");
    assert_eq!(fetch(&["--file", "revisions.txt"]), clone);
    assert!(holds(&clone, "refs/tags/astro@7.3.0") && holds(&clone, &second));
    // Existing commits are not requested again.
    fs::remove_dir_all(checkout.path("repository")).unwrap();
    assert_eq!(fetch(&[&second, "astro@7.3.0"]), clone);
}

#[test]
fn a_killed_fetch_does_not_block_the_next_one() {
    let (checkout, [first, _]) = checkout();
    let shown = checkout.shown(&["fetch"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    for lock in ["shallow.lock", "packed-refs.lock", "refs/tags/astro@7.3.0.lock"] {
        checkout.write(&format!("cache/astro.git/{lock}"), "");
    }
    let shown = checkout.shown(&["fetch", "astro@7.3.0"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    let clone = checkout.path("cache/astro.git").display().to_string();
    assert!(holds(&clone, &first) && holds(&clone, "refs/tags/astro@7.3.0"));
}

#[test]
fn the_reason_of_a_failed_fetch_is_gits_error() {
    let (checkout, _) = checkout();
    checkout.program(
        "git",
        "echo 'warning: a' >&2\necho \"fatal: cannot lock 'x'\" >&2\necho 'Remove it.' >&2\nexit 128\n",
    );
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", checkout.path("bin").display());
    let shown = checkout.with("PATH", &path).shown(&["fetch"]);
    assert!(shown.contains(": fatal: cannot lock 'x'\n"), "{shown}");
}

#[test]
fn a_line_without_a_commit_has_nothing_to_fetch() {
    let (checkout, [first, _]) = checkout();
    let pins = fs::read_to_string(checkout.path(PINS)).unwrap();
    checkout.write(PINS, &pins.replace(&format!("commit = \"{first}\"\n"), ""));
    let shown = checkout.shown(&["fetch"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
}

#[test]
fn an_unknown_revision_is_an_error() {
    let (checkout, _) = checkout();
    let shown = checkout.shown(&["fetch", COMMIT]);
    assert!(shown.starts_with("exit code 3") && shown.contains("error[U035]"), "{shown}");
    // A tag with a typing error, and an abbreviated commit.
    for revision in ["astro@7.2.44", "8a31cba"] {
        let shown = checkout.shown(&["fetch", "astro@7.2.4", revision]);
        assert!(shown.starts_with("exit code 3"), "{shown}");
        assert!(shown.contains(&format!("it has no tag `{revision}`")), "{shown}");
    }
    let shown = checkout.shown(&["fetch", "--file", "nowhere.txt"]);
    assert!(shown.contains("`nowhere.txt` cannot be read"), "{shown}");
}
