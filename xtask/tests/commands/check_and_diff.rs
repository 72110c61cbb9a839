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

/// A checkout of an upstream release with code beside its modules.
fn beside(types: &str) -> Checkout {
    let program = "import toy from '@upstream/toy';\ntoy();\n";
    let tarball = tarball::with_files(&[
        ("package/types.d.ts", types.as_bytes()),
        ("package/dist/cli.mjs", program.as_bytes()),
    ]);
    Checkout::new(&tarball, &Server::with_toy(tarball.clone()))
}

#[test]
fn the_package_is_renamed_in_code_that_is_no_module() {
    let checkout = beside(
        "/// <reference types=\"@upstream/toy/env.d.ts\" />\nexport type { Toy } from '@upstream/toy';\n",
    );
    checkout.build_well(&[]);
    for name in ["types.d.ts", "dist/cli.mjs"] {
        let text = String::from_utf8(checkout.package()[name].clone()).unwrap();
        assert!(text.contains("our-toy") && !text.contains("@upstream/toy"), "{text}");
    }
}

#[test]
fn a_name_that_stays_in_such_code_is_an_error_unless_it_is_allowed() {
    let checkout = beside("export type Text = 'Use @upstream/toy.';\n");
    assert_snapshot!(checkout.shown(&["check"]));
    checkout.add(
        "adapters/toy/adapter.toml",
        "[[allow]]\nmodule = \"types.d.ts\"\ntext = \"@upstream/toy\"\nwhy = \"A sentence.\"\n",
    );
    let shown = checkout.shown(&["check"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
}
