//! Handshakes that are none (RFC 6455, section 4.2.1), and other protocols that ask for an upgrade.

use crate::client::Request;
use anyhow::{Result, ensure};

use crate::cases;
use crate::project::major;
use crate::site::Site;
use crate::suite::{Case, not_applicable};

pub(super) const CASES: &[Case<Site>] = cases! {
    "Handshakes that are none" => [
        takes_no_handshake_with_a_malformed_key,
        takes_no_handshake_without_a_key,
        takes_no_handshake_of_another_version,
        takes_no_handshake_by_post,
        answers_head,
        answers_head_that_asks_for_an_upgrade,
        survives_a_handshake_behind_an_unfinished_response,
    ],
    "Clients that offer h2c" => [
        serves_plain_http_to_who_offers_h2c,
        keeps_the_body_of_a_post_that_offers_h2c,
    ],
};

const BY_WORKERD: &str =
    "wrong handshakes are answered by workerd itself, before the Worker is asked";

fn takes_no_handshake_with_a_malformed_key(site: &Site) -> Result<()> {
    is_ordinary(site, &Request::upgrade("/both").header("Sec-WebSocket-Key", "short"))
}

fn takes_no_handshake_without_a_key(site: &Site) -> Result<()> {
    let request = Request::get("/both")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13");
    is_ordinary(site, &request)
}

fn takes_no_handshake_of_another_version(site: &Site) -> Result<()> {
    is_ordinary(site, &Request::upgrade("/both").header("Sec-WebSocket-Version", "99"))
}

fn takes_no_handshake_by_post(site: &Site) -> Result<()> {
    if site.host.is_workerd_itself() {
        return not_applicable(BY_WORKERD);
    }
    let request = Request::post("/both", "a body")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    let response = site.server.reject(&request)?;
    ensure!(response.status == 201 && response.text() == "false a body", "{response}");
    Ok(())
}

/// The route is asked, and told that there is nothing to upgrade.
fn is_ordinary(site: &Site, request: &Request) -> Result<()> {
    if site.host.is_workerd_itself() {
        return not_applicable(BY_WORKERD);
    }
    let response = site.server.reject(request)?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");
    Ok(())
}

fn serves_plain_http_to_who_offers_h2c(site: &Site) -> Result<()> {
    let response = site.server.fetch(&offering_h2c(Request::get("/both")))?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");
    Ok(())
}

fn keeps_the_body_of_a_post_that_offers_h2c(site: &Site) -> Result<()> {
    let response = site.server.fetch(&offering_h2c(Request::post("/both", "a body")))?;
    ensure!(response.status == 201 && response.text() == "false a body", "{response}");
    Ok(())
}

/// As curl does with `--http2`, and Java's HTTP client by default.
fn offering_h2c(request: Request) -> Request {
    request
        .header("Connection", "Upgrade, HTTP2-Settings")
        .header("Upgrade", "h2c")
        .header("HTTP2-Settings", "AAMAAABkAAQCAAAAAAIAAAAA")
}

fn answers_head(site: &Site) -> Result<()> {
    if major()? < 5 {
        return not_applicable("Astro answers HEAD by GET since 5");
    }
    let response = site.server.fetch(&Request::new("HEAD", "/both"))?;
    ensure!(response.status == 200, "{response}");
    Ok(())
}

fn answers_head_that_asks_for_an_upgrade(site: &Site) -> Result<()> {
    if site.host.is_workerd_itself() {
        return not_applicable(BY_WORKERD);
    }
    let request = Request::new("HEAD", "/both")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    let response = site.server.fetch(&request)?;
    let ordinary = site.server.fetch(&Request::new("HEAD", "/both"))?;
    ensure!(response.status == ordinary.status, "{response}, and without the upgrade {ordinary}");
    Ok(())
}

fn survives_a_handshake_behind_an_unfinished_response(site: &Site) -> Result<()> {
    let host = site.server.address().to_string();
    let mut bytes = Request::get("/journal/pipelined").to_bytes(&host);
    bytes.extend(Request::upgrade("/echo").to_bytes(&host));
    let mut connection = site.server.connection()?;
    connection.write(&bytes)?;
    site.record("pipelined")?;
    // Whatever the answer: it must not be to the second request first, and the connection has to
    // come to an end or to an answer.
    if let Ok(first) = connection.response("GET") {
        ensure!(first.status != 101, "the handshake overtook the request before it");
    }
    site.check_echo()
}
