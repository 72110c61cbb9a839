//! The help texts and explanations of the command line.

use insta::assert_snapshot;

use crate::{checkout::Checkout, tarball};

fn shown(arguments: &[&str]) -> String {
    Checkout::without_registry(&tarball::good()).shown(arguments)
}

#[test]
fn help_reads_like_documentation() {
    let commands = [
        "build",
        "check",
        "diff",
        "sweep",
        "sync-version",
        "status",
        "explain",
        "clean",
        "test",
        "lint",
        "bench",
        "pack",
        "publish",
        "notes",
        "matrix",
        "fetch",
        "follow",
        "propose",
        "completions",
        "docs",
    ];
    let pages = commands.map(|command| shown(&[command, "--help"]));
    assert_snapshot!(format!("{}\n{}", shown(&["--help"]), pages.join("\n")));
}

#[test]
fn explain_lists_every_code() {
    assert_snapshot!(shown(&["explain"]));
}

#[test]
fn explain_takes_a_code_in_any_case() {
    assert_snapshot!(shown(&["explain", "p012"]));
}
