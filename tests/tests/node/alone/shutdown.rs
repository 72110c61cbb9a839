//! How a standalone server ends when it is told to.

use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::process::Signal;
use tests::client::Request;

use super::{Case, cases};
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] = cases![shuts_down_by_sigterm, shuts_down_by_sigint];

fn shuts_down_by_sigterm(sites: &Sites) -> Result<()> {
    shuts_down(sites, Signal::TERM)
}

fn shuts_down_by_sigint(sites: &Sites) -> Result<()> {
    shuts_down(sites, Signal::INT)
}

fn shuts_down(sites: &Sites, signal: Signal) -> Result<()> {
    let site = sites.start_alone(&Settings { name: "shutdown", options: "{}" })?;
    // One that never answers the close frame, and holds up the end while it is there.
    let mut silent = site.server.connection()?;
    silent.write(&Request::upgrade("/echo").to_bytes(&site.server.address().to_string()))?;
    ensure!(silent.response("GET")?.status == 101);
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    socket.send("before it")?;
    ensure!(socket.text()? == "before it");

    site.server.signal(signal)?;
    let (code, _) = socket.closed()?;
    ensure!(code == 1001, "{code}");
    let response = site.server.reject(&Request::upgrade("/echo"))?;
    ensure!(response.status == 503, "{response}");
    silent.reset()?;
    site.server.wait_for_end(Duration::from_secs(8)).map(drop)
}
