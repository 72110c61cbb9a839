//! Handshakes on a connection with pending answers.

use anyhow::{Result, ensure};
use tests::cases;
use tests::client::Request;
use tests::site::{Host, Node, Site};
use tests::suite::not_applicable;

use super::Case;

pub const CASES: &[Case] = cases![answers_the_request_before_a_pipelined_handshake];

/// Clients must not do this (RFC 6455 section 4.1), but proxies may. The first answer must not be
/// lost.
fn answers_the_request_before_a_pipelined_handshake(site: &Site) -> Result<()> {
    if site.host == Host::Node(Node::Bun) {
        return not_applicable(
            "Bun treats a handshake behind an unfinished response as an ordinary request",
        );
    }
    let host = site.server.address().to_string();
    let mut bytes = Vec::new();
    for request in [Request::get("/both"), Request::get("/"), Request::upgrade("/echo")] {
        bytes.extend(request.to_bytes(&host));
    }
    let mut connection = site.server.connection()?;
    connection.write(&bytes)?;
    let response = connection.response("GET")?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");
    let response = connection.response("GET")?;
    ensure!(response.status == 200 && response.text().contains("<h1>Home</h1>"), "{response}");
    let mut socket = connection.accepted()?;
    socket.send("behind them")?;
    ensure!(socket.text()? == "behind them");
    socket.close(1000, "")?;
    site.check_echo()
}
