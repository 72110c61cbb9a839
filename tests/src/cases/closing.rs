//! How a connection ends.

use crate::client::Request;
use anyhow::{Result, ensure};

use crate::cases;
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Close codes and reasons, both ways" => [
        sends_the_code_and_the_reason_of_the_server,
        hears_the_code_and_the_reason_of_the_client,
        refuses_a_reason_that_is_too_long,
        hears_1006_when_the_client_resets,
    ],
    "A failing handler closes its socket with 1011" => [
        closes_with_1011_when_a_handler_throws,
        closes_with_1011_when_a_handler_rejects,
    ],
};

pub(super) const VITAL: &[Case<Site>] = cases![sends_the_code_and_the_reason_of_the_server];

fn sends_the_code_and_the_reason_of_the_server(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/closing?journal=by-server"))?;
    socket.send("close, please")?;
    let (code, reason) = socket.closed()?;
    ensure!((code, reason.as_str()) == (4001, "the server has enough"), "{code} {reason}");
    let heard = site.journal("by-server", "true")?;
    ensure!(heard == "4001/the server has enough/true", "{heard}");
    Ok(())
}

fn hears_the_code_and_the_reason_of_the_client(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/closing?journal=by-client"))?;
    let (code, _) = socket.close(4002, "the client has enough")?;
    ensure!(code == 4002, "{code}");
    let heard = site.journal("by-client", "true")?;
    ensure!(heard == "4002/the client has enough/true", "{heard}");
    Ok(())
}

/// A control frame holds at most 125 bytes, of which the code takes two (RFC 6455, section 5.5).
fn refuses_a_reason_that_is_too_long(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/wordy"))?;
    socket.send("124")?;
    let error = socket.text()?;
    ensure!(error == "SyntaxError", "{error}");
    socket.send("123")?;
    let (code, reason) = socket.closed()?;
    ensure!(code == 4000 && reason.len() == 123, "{code} {reason}");
    Ok(())
}

fn hears_1006_when_the_client_resets(site: &Site) -> Result<()> {
    site.server.open(&Request::upgrade("/closing?journal=by-reset"))?.reset()?;
    let heard = site.journal("by-reset", "false")?;
    ensure!(heard == "1006//false", "{heard}");
    Ok(())
}

fn closes_with_1011_when_a_handler_throws(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/faulty"))?;
    socket.send("fail")?;
    let (code, _) = socket.closed()?;
    ensure!(code == 1011, "{code}");
    site.check_echo()
}

fn closes_with_1011_when_a_handler_rejects(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/faulty?rejects"))?;
    socket.send("fail")?;
    let (code, _) = socket.closed()?;
    ensure!(code == 1011, "{code}");
    site.check_echo()
}
