//! Malformed handshakes (RFC 6455, section 4.2.1), and other protocols that ask for an upgrade.

use crate::client::Request;
use anyhow::{Result, ensure};

use crate::cases;
use crate::pins::major;
use crate::site::Site;
use crate::suite::{Case, not_applicable};

pub(super) const CASES: &[Case<Site>] = cases! {
    "Malformed handshakes" => [
        answers_400_without_a_proper_key,
        answers_426_to_another_version,
        answers_400_to_malformed_subprotocols,
        hides_the_upgrade_header_of_a_request_with_a_body,
        treats_a_handshake_by_post_as_an_ordinary_request,
        answers_head,
        answers_head_that_asks_for_an_upgrade,
        survives_a_handshake_behind_an_unfinished_response,
    ],
    "Clients that offer h2c" => [
        serves_plain_http_to_a_client_that_offers_h2c,
        keeps_the_body_of_a_post_that_offers_h2c,
    ],
};

const BY_WORKERD: &str = "workerd answers malformed handshakes before it calls the Worker";

fn answers_400_without_a_proper_key(site: &Site) -> Result<()> {
    if site.host.is_workerd_itself() {
        return not_applicable(BY_WORKERD);
    }
    let with = |key: &str| Request::upgrade("/by-header").header("Sec-WebSocket-Key", key);
    let without = Request::get("/by-header")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13");
    for request in [without, with("short"), with("dGhlIHNhbXBsZSBub25jZQ")] {
        let response = site.server.reject(&request)?;
        ensure!(response.status == 400, "{response}");
    }
    is_not_logged(site)
}

/// RFC 6455, section 4.4, and RFC 9110, sections 7.8 and 15.5.22.
fn answers_426_to_another_version(site: &Site) -> Result<()> {
    if site.host.is_workerd_itself() {
        return not_applicable(BY_WORKERD);
    }
    for version in ["8", "14", "99", ""] {
        let request = Request::upgrade("/by-header").header("Sec-WebSocket-Version", version);
        let response = site.server.reject(&request)?;
        ensure!(response.status == 426, "{response}");
        ensure!(response.headers.get("sec-websocket-version") == Some("13"), "{response}");
        ensure!(response.headers.get("upgrade") == Some("websocket"), "{response}");
        let connection = response.headers.get("connection").unwrap_or_default();
        ensure!(connection.to_lowercase().contains("upgrade"), "{response}");
    }
    is_not_logged(site)
}

/// RFC 6455, section 4.1, item 10.
fn answers_400_to_malformed_subprotocols(site: &Site) -> Result<()> {
    for offered in ["one, one", "one two", "\"one\"", "one, t(wo)"] {
        let request = Request::upgrade("/protocol").header("Sec-WebSocket-Protocol", offered);
        let response = site.server.reject(&request)?;
        ensure!(response.status == 400, "{offered}: {response}");
    }
    Ok(())
}

/// A route that checks only the `Upgrade` header would mistake the request for a handshake.
fn hides_the_upgrade_header_of_a_request_with_a_body(site: &Site) -> Result<()> {
    if site.host.is_workerd_itself() {
        return not_applicable(BY_WORKERD);
    }
    let mut with_body = Request::upgrade("/by-header")
        .header("Content-Length", "6")
        .to_bytes(&site.server.address().to_string());
    with_body.extend(b"a body");
    let mut connection = site.server.connection()?;
    connection.write(&with_body)?;
    let response = connection.response("GET")?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");
    is_not_logged(site)
}

/// Anyone can send such requests, so they must not fill the log with stack traces.
fn is_not_logged(site: &Site) -> Result<()> {
    let printed = site.server.to_string();
    ensure!(!printed.contains("must be an upgrade request"), "{printed}");
    Ok(())
}

fn treats_a_handshake_by_post_as_an_ordinary_request(site: &Site) -> Result<()> {
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

fn serves_plain_http_to_a_client_that_offers_h2c(site: &Site) -> Result<()> {
    let response = site.server.fetch(&offering_h2c(Request::get("/both")))?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");
    Ok(())
}

fn keeps_the_body_of_a_post_that_offers_h2c(site: &Site) -> Result<()> {
    let response = site.server.fetch(&offering_h2c(Request::post("/both", "a body")))?;
    ensure!(response.status == 201 && response.text() == "false a body", "{response}");
    Ok(())
}

/// Adds the headers that curl sends with `--http2`, and Java's HTTP client by default.
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
    // Any answer is fine unless it belongs to the second request. The connection must end or
    // answer.
    if let Ok(first) = connection.response("GET") {
        ensure!(first.status != 101, "the handshake overtook the request before it");
    }
    site.check_echo()
}
