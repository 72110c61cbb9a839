//! `xtask check` and `xtask diff`, on both forms of upstream.

use insta::assert_snapshot;

use crate::{checkout::Checkout, from_git, server::Server, tarball};

fn checkout() -> Checkout {
    Checkout::new(&tarball::good(), &Server::with_toy(tarball::good()))
}

#[test]
fn check_reports_fitting_patches_and_writes_nothing() {
    let checkout = checkout();
    assert_snapshot!(checkout.shown(&["check"]));
    assert!(!checkout.path("adapters/toy/pkg").exists());
}

#[test]
fn check_reports_all_patches_that_do_not_fit() {
    let checkout = checkout();
    checkout.write(
        "patches/toy/index.toml",
        "[[edit]]\nid = \"play\"\nwhy = \"A toy is played with.\"\nin = \"function createToys\"\npattern = \"return $TOY\"\nrewrite = \"return [$TOY]\"\n\n[[edit]]\nid = \"sell\"\nwhy = \"A toy is sold.\"\npattern = \"sell($TOY)\"\nrewrite = \"buy($TOY)\"\n",
    );
    checkout.write("patches/toy/utils/box.toml", "[[edit]]\nid = \"open\"\nwhy = \"A box is opened.\"\nappend = \"open();\"\nglobals = [\"open\"]\n");
    assert_snapshot!(checkout.shown(&["check"]));
}

#[test]
fn diff_shows_the_changes_to_published_files() {
    assert_snapshot!(checkout().shown(&["diff", "toy"]));
}

#[test]
fn diff_shows_the_changes_to_sources_in_git() {
    let (checkout, _repository) = from_git::with_toy();
    assert_snapshot!(checkout.shown(&["diff", "toy", "--upstream", "clone"]));
}

#[test]
fn changes_in_the_work_tree_of_a_clone_are_ignored_with_a_hint() {
    let (checkout, _repository) = from_git::with_toy();
    checkout.write(
        "clone/packages/integrations/toy/src/index.ts",
        "export default function makeToy() {}\n",
    );
    assert_snapshot!(checkout.shown(&["check", "--upstream", "clone"]));
}

#[test]
fn a_renamed_upstream_function_is_marked() {
    let module = tarball::MODULE.replace("createToy", "makeToy");
    let renamed = tarball::with_files(&[("package/dist/index.js", module.as_bytes())]);
    let checkout = Checkout::new(&renamed, &Server::with_toy(renamed.clone()));
    assert_snapshot!(checkout.shown(&["build"]));
}
