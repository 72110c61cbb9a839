//! Mistakes in the checkout, and in the arguments of commands.

use std::{fs, os::unix::fs::symlink};

use insta::assert_snapshot;

use crate::{
    checkout::{Checkout, PATCH},
    server::Server,
    tarball,
};

fn checkout() -> Checkout {
    Checkout::new(&tarball::good(), &Server::with_toy(tarball::good()))
}

#[test]
fn outside_a_checkout_every_command_fails() {
    let folder = tempfile::tempdir().unwrap();
    let checkout = checkout().hide(&folder.path().display().to_string(), "ELSEWHERE");
    let mut command = checkout.command(&["build"]);
    command.current_dir(folder.path());
    assert_snapshot!(checkout.shown_by(command));
}

#[test]
fn an_unknown_runtime_is_an_error() {
    assert_snapshot!(checkout().shown(&["build", "toys"]));
}

#[test]
fn an_unknown_key_in_a_description_is_marked() {
    let checkout = checkout();
    let path = "adapters/toy/adapter.toml";
    let description = fs::read_to_string(checkout.path(path)).unwrap();
    checkout.write(path, &format!("template = []\n{description}"));
    assert_snapshot!(checkout.shown(&["build"]));
}

#[test]
fn an_empty_reason_in_a_description_is_marked() {
    let checkout = checkout();
    let unfit = "[[unfit]]\nversions = \"<1\"\nwhy = \"\"\n";
    checkout.add("adapters/toy/adapter.toml", unfit);
    assert_snapshot!(checkout.shown(&["build"]));
}

#[test]
fn templates_without_explicit_types_are_all_marked() {
    let checkout = checkout();
    checkout.write("templates/toy/count.ts", "export const count = () => [1];\n");
    checkout.write("templates/toy/play.ts", "export const play = (a: number) => [a, missing];\n");
    assert_snapshot!(checkout.shown(&["build"]));
}

#[test]
fn an_import_of_a_missing_file_is_an_error() {
    let checkout = checkout();
    checkout.write("templates/toy/play.ts", "import './lost.ts';\n");
    checkout.export("toy/play");
    assert_snapshot!(checkout.shown(&["build"]));
}

#[test]
fn a_file_missing_in_the_checkout_is_an_error() {
    let checkout = checkout();
    fs::remove_file(checkout.path("LICENSE")).unwrap();
    assert_snapshot!(checkout.shown(&["build"]));
}

#[test]
fn a_manifest_without_the_keys_of_a_package_is_an_error() {
    let manifest = tarball::MANIFEST.replace("\"exports\"", "\"export\"");
    let broken = tarball::with_files(&[("package/package.json", manifest.as_bytes())]);
    let checkout = Checkout::new(&broken, &Server::with_toy(broken.clone()));
    assert_snapshot!(checkout.shown(&["build"]));
}

#[test]
fn a_manifest_without_room_for_our_exports_is_an_error() {
    let exports = "\"exports\": { \".\": \"./dist/index.js\" }";
    let manifest = tarball::MANIFEST.replace(exports, "\"exports\": \"./dist/index.js\"");
    let broken = tarball::with_files(&[("package/package.json", manifest.as_bytes())]);
    let checkout = Checkout::new(&broken, &Server::with_toy(broken.clone()));
    assert_snapshot!(checkout.shown(&["build"]));
}

#[test]
fn an_unknown_code_is_an_error() {
    assert_snapshot!(checkout().shown(&["explain", "X001"]));
}

#[test]
fn an_unknown_suite_is_an_error() {
    assert_snapshot!(checkout().shown(&["test", "toys"]));
}

#[test]
fn wrong_usage_exits_with_2() {
    assert_snapshot!(checkout().shown(&["build", "--upstraem", "clone"]));
}

#[test]
fn a_link_to_a_patch_file_is_read() {
    let checkout = checkout();
    let patch = checkout.path(PATCH);
    fs::rename(&patch, checkout.path("index.toml")).unwrap();
    symlink("../../index.toml", &patch).unwrap();
    // The mark of an editor.
    symlink("me@here.1234", checkout.path("patches/toy/.#index.toml")).unwrap();
    let shown = checkout.shown(&["check"]);
    assert!(shown.contains("play  1 match"), "{shown}");
}

#[test]
fn a_patch_file_may_be_open_in_an_editor() {
    let checkout = checkout();
    for name in [".index.toml.swp", ".DS_Store", "index.toml~", "#index.toml#"] {
        checkout.write(&format!("patches/toy/{name}"), "b0VIM");
    }
    let shown = checkout.shown(&["check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
}

#[test]
fn a_file_that_is_not_a_patch_is_an_error() {
    let checkout = checkout();
    checkout.write("patches/toy/index.patch", "--- a\n+++ b\n");
    assert_snapshot!(checkout.shown(&["check"]));
}
