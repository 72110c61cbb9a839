//! `xtask build`: its output, and the state after a failure.

use std::{
    fs::{self, File},
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    time::Duration,
};

use insta::assert_snapshot;

use crate::{
    checkout::{Checkout, PACKAGE},
    server::Server,
    tarball,
};

/// An unprivileged user.
const NOBODY: u32 = 65534;

fn checkout() -> Checkout {
    Checkout::new(&tarball::good(), &Server::with_toy(tarball::good()))
}

fn text(checkout: &Checkout, path: &str) -> String {
    fs::read_to_string(checkout.path(PACKAGE).join(path)).unwrap()
}

#[test]
fn a_build_prints_a_summary() {
    let checkout = checkout();
    assert_snapshot!(checkout.shown(&["build"]));
}

#[test]
fn the_package_holds_the_edited_upstream_files_and_a_record() {
    let checkout = checkout();
    checkout.build_well(&[]);
    let names: Vec<String> = checkout.package().into_keys().collect();
    let shown: Vec<String> = ["package.json", "upstream.json", "dist/index.js", "LICENSE"]
        .iter()
        .map(|path| format!("── {path}\n{}", text(&checkout, path)))
        .collect();
    let record = format!("{}\n\n{}", names.join("\n"), shown.join("\n"));
    assert_snapshot!(record.replace(&tarball::integrity(&tarball::good()), "sha512-PINNED"));
}

#[test]
fn modules_of_templates_are_compiled_with_their_declarations_and_without_their_tests() {
    let checkout = checkout();
    checkout.export("toy/play");
    checkout.write("templates/toy/play.ts", "import type { Toy } from './toy.ts';\nexport type { Toy as T } from './toy.ts';\n/** Plays. */\nexport function play(toy: Toy): void {\n\ttoy.play();\n}\n");
    checkout.write("templates/toy/toy.ts", "export interface Toy {\n\tplay(): void;\n}\n");
    checkout.write("templates/toy/play.test.ts", "this is not TypeScript\n");
    checkout.build_well(&[]);
    let names: Vec<String> =
        checkout.package().into_keys().filter(|name| name.contains("websocket/")).collect();
    assert_eq!(
        names,
        ["play.d.ts", "play.js", "toy.d.ts", "toy.js"]
            .map(|name| format!("dist/websocket/toy/{name}"))
    );
    assert_snapshot!(format!(
        "{}── declarations\n{}",
        text(&checkout, "dist/websocket/toy/play.js"),
        text(&checkout, "dist/websocket/toy/play.d.ts")
    ));
}

#[test]
fn two_builds_give_the_same_bytes() {
    let (one, other) = (checkout(), checkout());
    one.build_well(&[]);
    other.build_well(&[]);
    assert_eq!(one.package(), other.package());
}

#[test]
fn a_build_that_changes_nothing_writes_nothing() {
    let checkout = checkout();
    checkout.build_well(&[]);
    let folder = fs::metadata(checkout.path(PACKAGE)).unwrap().ino();
    let shown = checkout.shown(&["build"]);
    assert!(shown.contains("unchanged"), "{shown}");
    assert_eq!(fs::metadata(checkout.path(PACKAGE)).unwrap().ino(), folder);
}

#[test]
fn check_and_dry_run_write_nothing_and_only_check_answers_no() {
    let checkout = checkout();
    for (flag, code) in [("--dry-run", Some(0)), ("--check", Some(1))] {
        assert_eq!(checkout.build(&[flag]).code, code);
        assert!(!checkout.path("adapters/toy/pkg").exists());
    }
    checkout.build_well(&[]);
    assert_eq!(checkout.build(&["--check"]).code, Some(0));
}

#[test]
fn a_failed_build_leaves_the_earlier_package_unchanged() {
    let checkout = checkout();
    checkout.build_well(&[]);
    let earlier = checkout.package();
    checkout.patch_to("return missing($TOY)");
    assert_snapshot!(checkout.shown(&["build"]));
    assert_eq!(checkout.package(), earlier);
}

#[test]
fn a_second_build_at_the_same_time_is_an_error() {
    let checkout = checkout();
    checkout.build_well(&[]);
    let earlier = checkout.package();
    checkout.patch_to("return { toy: $TOY }");
    let lock = File::open(checkout.path("adapters/toy/pkg/.lock")).unwrap();
    lock.lock().unwrap();
    assert_snapshot!(checkout.shown(&["build"]));
    assert_eq!(checkout.package(), earlier);
    lock.unlock().unwrap();
    checkout.build_well(&[]);
    assert_ne!(checkout.package(), earlier);
}

#[test]
fn a_killed_build_leaves_one_whole_package() {
    let checkout = checkout();
    let rewrites = ["return [$TOY]", "return { toy: $TOY }"];
    let packages = rewrites.map(|rewrite| {
        checkout.patch_to(rewrite);
        checkout.build_well(&[]);
        checkout.package()
    });
    // The kill happens at a random time. One of the two packages must be there, complete.
    for round in 0..40 {
        checkout.patch_to(rewrites[round % 2]);
        let mut build = checkout.command(&["build"]);
        let mut child = build.stdout(std::process::Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(500 * round as u64));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(packages.contains(&checkout.package()), "after {round} half milliseconds");
    }
    checkout.patch_to(rewrites[0]);
    checkout.build_well(&[]);
    assert_eq!(checkout.package(), packages[0]);
    let left: Vec<_> = fs::read_dir(checkout.path("adapters/toy/pkg")).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn leftovers_of_a_killed_build_are_removed() {
    let checkout = checkout();
    checkout.build_well(&[]);
    checkout.write("adapters/toy/pkg/.staging-astro7/package.json", "{");
    checkout.build_well(&[]);
    assert!(!checkout.path("adapters/toy/pkg/.staging-astro7").exists());
}

#[test]
fn an_unwritable_target_is_an_error() {
    let checkout = checkout();
    checkout.build_well(&[]);
    let earlier = checkout.package();
    checkout.patch_to("return { toy: $TOY }");
    let folder = checkout.path("adapters/toy/pkg");
    fs::set_permissions(checkout.root(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(folder.join(".lock"), fs::Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o555)).unwrap();
    let mut build = checkout.command(&["build"]);
    if fs::metadata(&folder).unwrap().uid() == 0 {
        // Root may write everywhere.
        build.uid(NOBODY);
    }
    assert_snapshot!(checkout.shown_by(build));
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(checkout.package(), earlier);
}

/// The manifest of the built package, with the range of Astro raised to this one.
fn built_with_range(range: &str) -> Result<serde_json::Value, String> {
    let checkout = Checkout::new(&tarball::good(), &Server::with_toy(tarball::good()));
    checkout.add(
        "adapters/toy/adapter.toml",
        &format!(
            "[[range]]\npackage = \"astro\"\nversions = \"1\"\nrange = \"{range}\"\nwhy = \"It begins too early.\"\n"
        ),
    );
    let outcome = checkout.build(&[]);
    if outcome.code != Some(0) {
        return Err(outcome.text);
    }
    Ok(serde_json::from_slice(&checkout.package()["package.json"]).unwrap())
}

#[test]
fn a_range_that_starts_too_early_is_raised_until_upstream_raises_it() {
    let own: serde_json::Value = serde_json::from_str(tarball::MANIFEST).unwrap();
    let named = own["peerDependencies"]["astro"].as_str().unwrap();
    assert_eq!(built_with_range("^99.0.0").unwrap()["peerDependencies"]["astro"], "^99.0.0");
    let error = built_with_range(named).unwrap_err();
    assert!(error.contains("error[B003]") && error.contains("no range of `astro`"), "{error}");
}
