//! Several Astro majors, and the packages built for each.

use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    checkout::{COMMIT, Checkout, PATCH},
    fake_registry::{FakeRegistry, line},
    from_git,
    server::Server,
    tarball,
};

/// A checkout that pins two majors, with one edit for both and one for each.
fn checkout() -> (Checkout, Server) {
    let server = FakeRegistry::default().toy("1.2.3", "6.4.8").toy("2.0.0", "7.2.4").serve();
    let checkout = Checkout::new(&tarball::good(), &server);
    let six = line("6.4.8", &"6".repeat(40).replace("66666", "666a6"), "1.2.3", "");
    let seven = line("7.2.4", COMMIT, "2.0.0", "tag = \"latest\"\nrevision = 2\n");
    checkout.write("upstream/upstream.toml", &format!("{seven}\n{six}"));
    let edit = |id: &str, versions: &str| {
        format!(
            "[[edit]]\nid = \"{id}\"\nwhy = \"It differs.\"\nappend = \"const {id} = 1;\"\nversions = \"{versions}\"\n"
        )
    };
    let patch = std::fs::read_to_string(checkout.path(PATCH)).unwrap();
    checkout.write(PATCH, &format!("{patch}{}{}", edit("old", "<2"), edit("young", ">=2")));
    (checkout, server)
}

fn manifest(checkout: &Checkout, line: &str) -> serde_json::Value {
    let path = checkout.path(&format!("adapters/toy/pkg/{line}/package.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_line_gets_its_package_with_the_edits_for_its_version() {
    let (checkout, _server) = checkout();
    assert_snapshot!(checkout.shown(&["build"]));
    let module = |line: &str| {
        let path = checkout.path(&format!("adapters/toy/pkg/{line}/dist/index.js"));
        std::fs::read_to_string(path).unwrap()
    };
    assert!(module("astro6").contains("old") && !module("astro6").contains("young"));
    assert!(module("astro7").contains("young") && !module("astro7").contains("old"));
}

#[test]
fn one_line_can_be_chosen() {
    let (checkout, _server) = checkout();
    checkout.build_well(&["--astro", "6"]);
    assert!(checkout.path("adapters/toy/pkg/astro6").exists());
    assert!(!checkout.path("adapters/toy/pkg/astro7").exists());
}

#[test]
fn an_unknown_line_is_an_error() {
    let (checkout, _server) = checkout();
    assert_snapshot!(checkout.shown(&["build", "--astro", "3"]));
}

/// Adds a second runtime. Only the newest line pins its upstream package.
fn with_doll() -> (Checkout, Server) {
    let (checkout, server) = checkout();
    let description = std::fs::read_to_string(checkout.path("adapters/toy/adapter.toml")).unwrap();
    checkout.write("adapters/doll/adapter.toml", &description.replace("toy", "doll"));
    checkout.write("patches/doll/index.toml", "");
    let pins = std::fs::read_to_string(checkout.path("upstream/upstream.toml")).unwrap();
    let (seven, six) = pins.split_once("\n\n").unwrap();
    let doll = seven.lines().last().unwrap().replace("toy", "doll");
    checkout.write("upstream/upstream.toml", &format!("{seven}\n{doll}\n{six}"));
    (checkout, server)
}

#[test]
fn a_runtime_missing_from_the_chosen_line_is_skipped() {
    let (checkout, _server) = with_doll();
    let shown = checkout.shown(&["build", "--astro", "6"]);
    assert!(shown.starts_with("exit code 0") && shown.contains("our-toy 6.4.8"), "{shown}");
    assert!(!shown.contains("our-doll"), "{shown}");
}

#[test]
fn an_unknown_line_is_an_error_with_several_runtimes_too() {
    let (checkout, _server) = with_doll();
    let shown = checkout.shown(&["build", "--astro", "3"]);
    assert!(shown.starts_with("exit code 2") && shown.contains("B023"), "{shown}");
}

#[test]
fn a_line_without_the_requested_runtime_is_an_error() {
    let (checkout, _server) = checkout();
    let pins = std::fs::read_to_string(checkout.path("upstream/upstream.toml")).unwrap();
    let other = format!("[astro5]\nastro = \"5.0.0\"\ncommit = \"{COMMIT}\"\n[astro5.packages]\n");
    checkout.write("upstream/upstream.toml", &format!("{pins}{other}"));
    let shown = checkout.shown(&["build", "toy", "--astro", "5"]);
    assert!(shown.contains("U003") && shown.contains("[astro5.packages]"), "{shown}");
}

#[test]
fn the_dist_tag_of_a_line_is_in_its_manifest() {
    let (checkout, _server) = checkout();
    checkout.build_well(&[]);
    assert_eq!(manifest(&checkout, "astro7")["publishConfig"]["tag"], "latest");
    assert_eq!(manifest(&checkout, "astro6")["publishConfig"]["tag"], "astro6");
}

#[test]
fn a_later_revision_has_its_number_in_the_version() {
    let (checkout, _server) = checkout();
    checkout.build_well(&[]);
    assert_eq!(manifest(&checkout, "astro7")["version"], "7.2.4-8a31cba.2");
}

#[test]
fn a_line_without_a_commit_is_built_from_its_tarball_with_a_hint() {
    let (checkout, _repository) = from_git::with_toy();
    let pins = std::fs::read_to_string(checkout.path("upstream/upstream.toml")).unwrap();
    let lines = pins.lines().filter(|line| !line.starts_with("commit"));
    let pins: String = lines.map(|line| format!("{line}\n")).collect();
    checkout.write("upstream/upstream.toml", &pins);
    let outcome = checkout.build(&["--upstream", "clone"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.text);
    let hint = "hint: `[astro7]` pins no commit, so `@upstream/toy` is read from the registry\n";
    assert!(outcome.text.contains(hint), "{}", outcome.text);
    let package = checkout.package();
    let read = |file: &str| -> Value { serde_json::from_slice(&package[file]).unwrap() };
    let version = read("package.json")["version"].as_str().unwrap().to_owned();
    assert!(version.starts_with("7.2.4-npm.") && version.len() == 17, "{version}");
    let record = read("upstream.json");
    assert_eq!(record["stamp"], "tarball");
    assert_eq!(record["astro"]["commit"], Value::Null);
    assert_eq!(record["upstream"]["form"], "registry");
    let pedigree = &read("sbom.cdx.json")["metadata"]["component"]["pedigree"];
    assert_eq!(pedigree.get("commits"), None);
}

#[test]
fn a_package_from_another_repository_is_read_from_the_registry_beside_a_clone() {
    let (checkout, _repository) = from_git::with_toy();
    let pins = std::fs::read_to_string(checkout.path("upstream/upstream.toml")).unwrap();
    checkout.write("upstream/upstream.toml", &pins.replace(" }", ", form = \"registry\" }"));
    let shown = checkout.shown(&["check", "--upstream", "clone"]);
    assert!(shown.contains("registry form"), "{shown}");
}
