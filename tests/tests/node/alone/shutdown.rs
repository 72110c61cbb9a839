//! How a server ends when it is told to, by a signal or by the program that it is a part of.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::process::Signal;
use tests::cases;
use tests::client::{Connection, Request};
use tests::server::Server;

use super::Case;
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] = cases![
    shuts_down_by_sigterm,
    shuts_down_by_sigint,
    ends_at_once_by_a_second_signal,
    stops_with_the_server_of_upstream,
    shuts_down_when_the_host_says_so,
];

fn shuts_down_by_sigterm(sites: &Sites) -> Result<()> {
    shuts_down(sites, Signal::TERM)
}

fn shuts_down_by_sigint(sites: &Sites) -> Result<()> {
    shuts_down(sites, Signal::INT)
}

const STANDALONE: Settings = Settings { name: "shutdown", options: "{}" };

fn shuts_down(sites: &Sites, signal: Signal) -> Result<()> {
    let site = sites.start_alone(&STANDALONE)?;
    let silent = silent(&site.server)?;
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    socket.send("before it")?;
    ensure!(socket.text()? == "before it");
    let mut opening = opening(&site.server)?;

    site.server.signal(signal)?;
    let (code, _) = socket.closed()?;
    ensure!(code == 1001, "{code}");
    let response = site.server.reject(&Request::upgrade("/echo"))?;
    ensure!(response.status == 503, "{response}");
    is_turned_away(&site.server, &mut opening)?;
    silent.reset()?;
    let status = site.server.wait_for_end(Duration::from_secs(8))?;
    ensure!(status.success(), "{status}");
    Ok(())
}

fn ends_at_once_by_a_second_signal(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&STANDALONE)?;
    let _silent = silent(&site.server)?;
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    site.server.signal(Signal::TERM)?;
    socket.closed()?;
    site.server.check_alive()?;
    site.server.signal(Signal::INT)?;
    let status = site.server.wait_for_end(Duration::from_secs(5))?;
    ensure!(status.signal() == Some(Signal::INT.as_raw()), "{status}");
    Ok(())
}

fn stops_with_the_server_of_upstream(sites: &Sites) -> Result<()> {
    let server = sites.start_stopped()?;
    let silent = silent(&server)?;
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    let mut opening = opening(&server)?;
    server.signal(Signal::USR2)?;
    let (code, _) = socket.closed()?;
    ensure!(code == 1001, "{code}");
    is_turned_away(&server, &mut opening)?;
    silent.reset()?;
    let status = server.wait_for_end(Duration::from_secs(8))?;
    ensure!(status.success(), "{status}");
    server.wait_for_output(Duration::from_secs(1), |printed| {
        printed.contains("stopped").then_some(())
    })
}

fn shuts_down_when_the_host_says_so(sites: &Sites) -> Result<()> {
    let server = sites.start_host("controlled")?;
    let mut silent = silent(&server)?;
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    let mut opening = opening(&server)?;
    let start = Instant::now();
    let mut call = server.connection()?;
    let command = Request::get("/shutdown?timeout=1000&code=1012&reason=update");
    call.write(&command.to_bytes(&server.address().to_string()))?;

    let (code, reason) = socket.closed()?;
    ensure!((code, reason.as_str()) == (1012, "update"), "{code} {reason}");
    let response = server.reject(&Request::upgrade("/echo"))?;
    ensure!(response.status == 503, "{response}");
    ensure!(response.headers.get("retry-after").is_some(), "{response}");
    is_turned_away(&server, &mut opening)?;
    // One that does not answer holds it up, but no longer than that.
    silent.ended()?;
    let took = call.response("GET")?.text();
    ensure!(took.parse::<u32>().is_ok_and(|took| (900..5000).contains(&took)), "{took}");
    ensure!(start.elapsed() > Duration::from_millis(900), "{:?}", start.elapsed());

    // The server is the host's own, and goes on.
    ensure!(server.get("/both")?.text() == "plain");
    ensure!(server.reject(&Request::upgrade("/echo"))?.status == 503);
    server.get("/attach")?;
    server.open(&Request::upgrade("/echo"))?.close(1000, "")?;
    server.check_alive()
}

/// An open socket that answers nothing, not even a close frame.
fn silent(server: &Server) -> Result<Connection> {
    let mut connection = server.connection()?;
    connection.write(&Request::upgrade("/echo").to_bytes(&server.address().to_string()))?;
    ensure!(connection.response("GET")?.status == 101);
    Ok(connection)
}

/// A handshake that the site is about to answer.
fn opening(server: &Server) -> Result<Connection> {
    let mut connection = server.connection()?;
    let target = "/slow?journal=opening";
    connection.write(&Request::upgrade(target).to_bytes(&server.address().to_string()))?;
    ensure!(server.get("/journal/opening-started")?.text() == "yes");
    Ok(connection)
}

/// The site would accept it now, and the client is told to come again.
fn is_turned_away(server: &Server, opening: &mut Connection) -> Result<()> {
    server.fetch(&Request::post("/journal/opening-go", "go"))?;
    let response = opening.response("GET")?;
    ensure!(response.status == 503, "{response}");
    let code = server.get("/journal/opening-closed?last=1006")?.text();
    ensure!(code == "1006", "{code}");
    Ok(())
}
