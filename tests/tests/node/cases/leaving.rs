//! Connections that end with the answer to a handshake, or before it.

use anyhow::{Result, ensure};
use tests::cases;
use tests::client::{Connection, Request};
use tests::pins::major;
use tests::site::Site;
use tests::suite::not_applicable;

use super::Case;

pub const CASES: &[Case] = cases![
    hears_at_once_of_a_client_that_ends_its_half,
    hears_at_once_of_a_client_that_resets,
    aborts_the_request_of_a_client_that_leaves,
    says_that_it_closes_beside_a_connection_header_of_the_site,
];

/// A browser does this when its tab is closed.
fn hears_at_once_of_a_client_that_ends_its_half(site: &Site) -> Result<()> {
    let mut connection = waiting(site, "half")?;
    connection.finish()?;
    connection.ended()?;
    is_heard_of(site, "half")
}

fn hears_at_once_of_a_client_that_resets(site: &Site) -> Result<()> {
    waiting(site, "whole")?.reset()?;
    is_heard_of(site, "whole")
}

fn aborts_the_request_of_a_client_that_leaves(site: &Site) -> Result<()> {
    if major()? < if site.host.is_dev() { 7 } else { 5 } {
        return not_applicable("Astro gives requests a signal since 5, in dev since 7");
    }
    let mut ending = waiting(site, "half-signal")?;
    ending.finish()?;
    ending.ended()?;
    waiting(site, "whole-signal")?.reset()?;
    for journal in ["half-signal", "whole-signal"] {
        let aborted = site.journal(&format!("{journal}-aborted"), "")?;
        ensure!(aborted == "yes", "the signal of the request: {aborted}");
    }
    Ok(())
}

/// Otherwise a keep-alive client would send its next request into a closed connection.
fn says_that_it_closes_beside_a_connection_header_of_the_site(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/own-connection"))?;
    let connection = response.headers.get("connection").unwrap_or_default();
    ensure!(response.status == 426 && connection == "Upgrade, close", "{response}");
    Ok(())
}

/// A handshake that the route answers only after its client has left.
fn waiting(site: &Site, journal: &str) -> Result<Connection> {
    let mut connection = site.server.connection()?;
    let request = Request::upgrade(&format!("/waiting?journal={journal}"));
    connection.write(&request.to_bytes(&site.server.address().to_string()))?;
    ensure!(site.journal(&format!("{journal}-started"), "")? == "yes");
    Ok(connection)
}

fn is_heard_of(site: &Site, journal: &str) -> Result<()> {
    let events = site.journal(&format!("{journal}-closed"), "1006")?;
    ensure!(events == "error 1006", "{events}");
    site.check_echo()
}
