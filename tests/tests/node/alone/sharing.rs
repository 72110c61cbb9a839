//! Servers whose upgrades are not all the site's.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tests::client::Request;

use super::{Case, cases};
use crate::hosts::Sites;

pub const CASES: &[Case] = cases![
    lives_beside_other_upgrade_listeners,
    answers_the_upgrades_that_it_is_given,
    lives_under_sessions_logging_compression_and_helmet,
    answers_http_1_1_clients_of_an_http_2_server,
    leaves_what_the_filter_leaves_and_all_once_it_is_detached,
];

fn lives_beside_other_upgrade_listeners(sites: &Sites) -> Result<()> {
    let server = sites.start_host("shared")?;
    let socket_io = Request::upgrade("/socket.io/?EIO=4&transport=websocket");
    for _ in 0..2 {
        let mut ours = server.open(&Request::upgrade("/echo"))?;
        ours.send("hello")?;
        ensure!(ours.text()? == "hello");
        let greeting = server.open(&socket_io)?.text()?;
        ensure!(greeting.starts_with(r#"0{"sid":"#), "{greeting}");
        ensure!(server.open(&Request::upgrade("/other"))?.text()? == "the other server");
        let response = server.reject(&Request::upgrade("/reject"))?;
        ensure!(response.status == 401, "{response}");
    }
    // Sockets that are open stay; the others' listeners do as well.
    let mut ours = server.open(&Request::upgrade("/echo"))?;
    ensure!(server.get("/detach")?.text() == "detached");
    ours.send("still open")?;
    ensure!(ours.text()? == "still open");
    let greeting = server.open(&socket_io)?.text()?;
    ensure!(greeting.starts_with(r#"0{"sid":"#), "{greeting}");
    ensure!(server.open(&Request::upgrade("/other"))?.text()? == "the other server");
    server.check_alive()
}

fn answers_the_upgrades_that_it_is_given(sites: &Sites) -> Result<()> {
    let server = sites.start_host("routing")?;
    ensure!(server.open(&Request::upgrade("/host-locals"))?.text()? == "user: ada");
    let response = server.reject(&Request::upgrade("/reject"))?;
    ensure!(response.status == 401 && response.text() == "who are you?", "{response}");
    let response = server.reject(&Request::upgrade("/teapot"))?;
    ensure!(response.status == 418, "{response}");
    let response = server.reject(&Request::upgrade("/nowhere"))?;
    ensure!(response.status == 404, "{response}");
    let request = Request::upgrade("/echo").header("Origin", "https://evil.example");
    let response = server.reject(&request)?;
    ensure!(response.status == 403, "{response}");

    let mut leaving = server.connection()?;
    let request = Request::upgrade("/waiting?journal=given");
    leaving.write(&request.to_bytes(&server.address().to_string()))?;
    ensure!(server.get("/journal/given-started")?.text() == "yes");
    leaving.reset()?;
    ensure!(server.get("/journal/given-closed?last=1006")?.text() == "error 1006");
    server.check_alive()
}

fn lives_under_sessions_logging_compression_and_helmet(sites: &Sites) -> Result<()> {
    let server = sites.start_host("express-middleware")?;
    let logs = |line: &str| {
        let line = format!("logged {line}\n");
        server.wait_for_output(Duration::from_secs(5), |printed| {
            printed.contains(&line).then_some(())
        })
    };
    let handshake = Request::upgrade("/host-locals");
    let mut first = server.open(&handshake)?;
    ensure!(first.text()? == "user: visit 1");
    ensure!(first.headers.get("x-content-type-options") == Some("nosniff"), "{:?}", first.headers);
    logs("GET /host-locals 101")?;
    let id = first.headers.cookie("connect.sid").context("there is no session")?;
    let again = handshake.header("Cookie", &format!("connect.sid={id}"));
    ensure!(server.open(&again)?.text()? == "user: visit 2");

    let request = Request::upgrade("/reject").header("Accept-Encoding", "gzip");
    let response = server.reject(&request)?;
    ensure!(response.status == 401, "{response}");
    ensure!(response.headers.get("content-encoding") == Some("gzip"), "{response}");
    ensure!(response.body.starts_with(&[0x1f, 0x8b]), "{response}");
    logs("GET /reject 401")?;
    // Nothing of this is left on the connection once it is one of frames.
    let text = "x".repeat(100_000);
    let mut echo = server.open(&Request::upgrade("/echo"))?;
    echo.send(&text)?;
    ensure!(echo.text()? == text);
    server.check_alive()
}

fn answers_http_1_1_clients_of_an_http_2_server(sites: &Sites) -> Result<()> {
    let server = sites.start_secure_host("http2")?;
    let text = "x".repeat(100_000);
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    socket.send(&text)?;
    ensure!(socket.text()? == text);
    let response = server.reject(&Request::upgrade("/reject"))?;
    ensure!(response.status == 401 && response.text() == "who are you?", "{response}");
    ensure!(server.get("/both")?.text() == "plain");
    let (code, _) = socket.close(1000, "")?;
    ensure!(code == 1000, "{code}");
    server.check_alive()
}

fn leaves_what_the_filter_leaves_and_all_once_it_is_detached(sites: &Sites) -> Result<()> {
    let server = sites.start_host("controlled")?;
    let handshake = Request::upgrade("/both");
    let mut open = server.open(&handshake)?;
    ensure!(server.get("/listeners")?.text() == "1");
    // A second time changes nothing.
    server.get("/attach?foreign=/both")?;
    ensure!(server.get("/listeners")?.text() == "1");
    server.open(&handshake)?;

    server.get("/detach")?;
    ensure!(server.get("/listeners")?.text() == "0");
    // Nobody answers upgrades any more, so that this is an ordinary request.
    let response = server.reject(&handshake)?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");

    server.get("/attach?foreign=/both")?;
    // Nobody else is there to take it either, so this is an ordinary request, too.
    let response = server.reject(&handshake)?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");
    server.open(&Request::upgrade("/echo"))?.close(1000, "")?;

    open.send("open through all of this")?;
    ensure!(open.text()? == "open through all of this");
    server.check_alive()
}
