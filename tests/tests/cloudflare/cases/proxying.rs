//! Handshakes that a route forwards to an origin with `fetch()`.

use anyhow::{Result, ensure};
use tests::cases;
use tests::client::Request;
use tests::site::Site;
use tests::suite::not_applicable;

use super::Case;

const NO_UPGRADES: &str = "the `fetch` of a dev server that runs in Node cannot forward handshakes";

pub const CASES: &[Case] = cases! {
    "Sockets of another origin, by returning the 101 of `fetch()`" => [
        hands_a_handshake_on_to_an_origin,
        hands_the_rejection_of_an_origin_back,
    ],
};

fn hands_a_handshake_on_to_an_origin(site: &Site) -> Result<()> {
    if !site.host.is_worker()? {
        return not_applicable(NO_UPGRADES);
    }
    let request = Request::upgrade("/proxied?to=/headers-and-hello");
    let mut socket = site.server.open(&request)?;
    // The cookies of the origin and of the route.
    ensure!(socket.headers.cookie("by-header") == Some("two"), "{:?}", socket.headers);
    ensure!(socket.headers.cookie("by-proxy") == Some("three"), "{:?}", socket.headers);
    ensure!(socket.text()? == "hello");

    let mut socket = site.server.open(&Request::upgrade("/proxied?to=/echo"))?;
    socket.send("there and back")?;
    ensure!(socket.text()? == "there and back");
    socket.send_binary(&[1, 2, 3])?;
    ensure!(socket.binary()? == [1, 2, 3]);
    let (code, _) = socket.close(4002, "enough")?;
    ensure!(code == 4002, "{code}");
    Ok(())
}

fn hands_the_rejection_of_an_origin_back(site: &Site) -> Result<()> {
    if !site.host.is_worker()? {
        return not_applicable(NO_UPGRADES);
    }
    // Otherwise workerd asks the origin for a compressed body and returns it compressed.
    let request = Request::upgrade("/proxied?to=/reject").header("Accept-Encoding", "identity");
    let response = site.server.reject(&request)?;
    ensure!(response.status == 401 && response.text() == "who are you?", "{response}");
    ensure!(response.headers.get("x-reason") == Some("anonymous"), "{response}");
    ensure!(response.headers.cookie("by-proxy") == Some("three"), "{response}");
    Ok(())
}
