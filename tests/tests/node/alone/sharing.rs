//! Servers whose upgrades are not all the site's.

use anyhow::{Result, ensure};
use tests::client::Request;

use super::{Case, cases};
use crate::hosts::Sites;

pub const CASES: &[Case] = cases![
    lives_beside_other_upgrade_listeners,
    answers_the_upgrades_that_it_is_given,
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
