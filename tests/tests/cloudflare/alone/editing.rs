//! A dev server during edits of its site.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tests::app::App;
use tests::client::Request;
use tests::patience::within;
use tests::server::Server;

use super::{Case, cases};
use crate::hosts::{Sites, is_before_workerd};

pub const CASES: &[Case] = cases![
    upgrades_to_what_a_route_has_become,
    upgrades_when_the_configuration_was_changed,
    reloads_the_page_of_a_route_that_was_changed,
];

/// The time limit for a change to take effect: a change of the configuration restarts the server.
pub const PATIENCE: Duration = Duration::from_secs(40);

fn upgrades_to_what_a_route_has_become(sites: &Sites) -> Result<()> {
    let (app, server) = sites.edited()?;
    ensure!(echo(server)? == "hello");
    app.edit("src/pages/echo.ts", "socket.send(data)", "socket.send(`edited: ${data}`)")?;
    answers(server, || echo(server), "edited: hello")?;
    // Plain requests and rejected handshakes are answered as before.
    let response = server.reject(&Request::upgrade("/reject"))?;
    ensure!(response.status == 401 && response.text() == "who are you?", "{response}");
    app.edit("src/pages/reject.ts", "who are you?", "who is it?")?;
    let reject = || Ok(server.reject(&Request::upgrade("/reject"))?.text());
    answers(server, reject, "who is it?")
}

fn upgrades_when_the_configuration_was_changed(sites: &Sites) -> Result<()> {
    let (app, server) = sites.start_dev("dev-restarted")?;
    let other = Request::upgrade("/echo").header("Origin", "https://evil.example");
    ensure!(server.reject(&other)?.status == 403);
    let (plain, changed) = ("allowedOrigins,", "allowedOrigins: ['https://evil.example'],");
    let rounds =
        [(plain, changed, "https://evil.example"), (changed, plain, "https://allowed.example")];
    for (round, (now, next, origin)) in rounds.into_iter().enumerate() {
        reconfigure(&app, &server, now, next).with_context(|| format!("round {round}"))?;
        let next = Request::upgrade("/echo").header("Origin", origin);
        let accepted = || {
            let mut socket = server.open(&next)?;
            socket.send("hello")?;
            socket.text()
        };
        answers(&server, accepted, "hello").with_context(|| format!("round {round}"))?;
        // Only one listener may answer, however often the server restarted: two would break the
        // handshake.
        ensure!(server.reject(&Request::upgrade("/reject"))?.text() == "who are you?");
        let hot = Request::upgrade("/").header("Sec-WebSocket-Protocol", "vite-hmr");
        ensure!(server.open(&hot)?.text()?.contains(r#""type":"connected""#));
    }
    Ok(())
}

/// Vite's own socket keeps working beside the sockets of the site.
fn reloads_the_page_of_a_route_that_was_changed(sites: &Sites) -> Result<()> {
    let (app, server) = sites.edited()?;
    let hot = Request::upgrade("/").header("Sec-WebSocket-Protocol", "vite-hmr");
    let mut vite = server.open(&hot)?;
    ensure!(vite.text()?.contains(r#""type":"connected""#));
    ensure!(server.get("/")?.text().contains("<h1>Home</h1>"));
    let mut ours = server.open(&Request::upgrade("/both"))?;
    app.edit("src/pages/index.astro", "Home", "House")?;
    let deadline = Instant::now() + PATIENCE;
    while !vite.text()?.contains(r#""type":"full-reload""#) {
        ensure!(Instant::now() < deadline, "nothing is reloaded\n{server}");
    }
    ours.send("still open")?;
    ensure!(ours.text()? == "still open");
    server.check_alive()
}

fn echo(server: &Server) -> Result<String> {
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    socket.send("hello")?;
    socket.text()
}

/// Edits the configuration, which restarts the server.
fn reconfigure(app: &App, server: &Server, now: &str, next: &str) -> Result<()> {
    let edit = || app.edit("astro.config.mjs", now, next);
    if is_before_workerd()? { edit() } else { restart_by(server, PATIENCE, edit) }
}

/// Makes a change that restarts the server, and waits until the restarted one has taken over. A
/// Worker that gets a request before that may never answer, nor any later request. The official
/// adapter 14.2.3 does the same with plain requests.
pub fn restart_by(
    server: &Server,
    limit: Duration,
    change: impl FnOnce() -> Result<()>,
) -> Result<()> {
    await_watcher(server)?;
    let restarts = |printed: &str| printed.matches("server restarted").count();
    let before = server.wait_for_output(Duration::ZERO, |printed| Some(restarts(printed)))?;
    change()?;
    server.wait_for_output(limit, |printed| (restarts(printed) > before).then_some(()))
}

/// Waits until the server watches for changes. It ignores those from before.
pub fn await_watcher(server: &Server) -> Result<()> {
    server.wait_for_output(PATIENCE, |printed| {
        printed.contains("watching for file changes").then_some(())
    })
}

/// Repeats the request until the answer is the expected one.
fn answers(server: &Server, ask: impl Fn() -> Result<String>, expected: &str) -> Result<()> {
    within(PATIENCE, || {
        let answer = ask()?;
        ensure!(answer == expected, "not {expected:?}: {answer:?}");
        Ok(())
    })
    .with_context(|| server.to_string())?;
    server.check_alive()
}
