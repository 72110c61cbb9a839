//! The ways in which a Worker can begin: each is built and served by wrangler's harness.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::client::Request;
use tests::project::App;
use tests::server::Server;

use super::{Case, cases};
use crate::hosts::{Sites, start_harness};

pub const CASES: &[Case] = cases![
    starts_at_the_entrypoint_of_the_adapter,
    starts_at_a_worker_that_calls_fetch,
    starts_at_a_hono_app,
    starts_at_the_sites_own_fetch_file,
];

/// The Worker of the site as it is: it calls `/handler`.
const MAIN: &str = "./src/worker.ts";

fn starts_at_the_entrypoint_of_the_adapter(sites: &Sites) -> Result<()> {
    let app = sites.app("entry-default")?;
    without_own_worker(&app)?;
    upgrades_and_rejects(&built(&app)?)
}

fn starts_at_a_worker_that_calls_fetch(sites: &Sites) -> Result<()> {
    let app = sites.app("entry-fetch")?;
    app.edit("wrangler.jsonc", MAIN, "./src/entries/fetch.ts")?;
    let server = built(&app)?;
    upgrades_and_rejects(&server)?;
    leads_into_a_room(&server)
}

fn starts_at_a_hono_app(sites: &Sites) -> Result<()> {
    let app = sites.app("entry-hono")?;
    app.edit("wrangler.jsonc", MAIN, "./src/entries/hono.ts")?;
    let server = built(&app)?;
    upgrades_and_rejects(&server)?;
    leads_into_a_room(&server)?;
    let response = server.reject(&Request::upgrade("/guarded"))?;
    ensure!(response.status == 403 && response.text() == "guarded by the host", "{response}");
    ensure!(response.headers.get("x-guard") == Some("host"), "{response}");
    Ok(())
}

fn starts_at_the_sites_own_fetch_file(sites: &Sites) -> Result<()> {
    let app = sites.app("entry-fetch-file")?;
    without_own_worker(&app)?;
    fs::rename(app.root().join("src/entries/fetch-file.ts"), app.root().join("src/fetch.ts"))?;
    let server = built(&app)?;
    ensure!(server.get("/both")?.headers.get("x-fetch-file") == Some("yes"), "it was not asked");
    upgrades_and_rejects(&server)
}

/// Leaves the Worker to the adapter; then there is no Durable Object either.
fn without_own_worker(app: &App) -> Result<()> {
    fs::write(
        app.root().join("wrangler.jsonc"),
        r#"{ "name": "site", "compatibility_date": "2026-04-15" }"#,
    )
    .context("cannot write the configuration")
}

fn built(app: &App) -> Result<Server> {
    app.build(&[])?;
    start_harness(app, "wrangler.json")
}

fn upgrades_and_rejects(server: &Server) -> Result<()> {
    let mut socket = server.open(&Request::upgrade("/headers-and-hello"))?;
    ensure!(socket.headers.cookie("by-context") == Some("one"), "{:?}", socket.headers);
    ensure!(socket.headers.cookie("by-header") == Some("two"), "{:?}", socket.headers);
    ensure!(socket.text()? == "hello");
    let mut socket = server.open(&Request::upgrade("/closing"))?;
    socket.send("close, please")?;
    let (code, reason) = socket.closed()?;
    ensure!((code, reason.as_str()) == (4001, "the server has enough"), "{code} {reason}");
    let mut socket = server.open(&Request::upgrade("/faulty"))?;
    socket.send("fail")?;
    let (code, _) = socket.closed()?;
    ensure!(code == 1011, "{code}");

    let session = server.open(&Request::upgrade("/session/write?value=remembered"))?;
    let session = session.headers.cookie("astro-session").context("no session cookie")?.to_owned();
    let read = Request::get("/session/read").header("Cookie", &format!("astro-session={session}"));
    let response = server.fetch(&read)?;
    ensure!(response.text() == "remembered", "{response}");

    let response = server.reject(&Request::upgrade("/reject"))?;
    ensure!(response.status == 401 && response.text() == "who are you?", "{response}");
    ensure!(response.headers.cookie("by-context") == Some("one"), "{response}");
    let response = server.reject(&Request::upgrade("/abandoned"))?;
    ensure!(response.status == 403 && response.text() == "changed its mind", "{response}");
    let response = server.reject(&Request::upgrade("/nowhere"))?;
    ensure!(response.status == 404, "{response}");
    let other = Request::upgrade("/echo").header("Origin", "https://evil.example");
    let response = server.reject(&other)?;
    ensure!(response.status == 403, "{response}");
    let response = server.get("/both")?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");
    let response = server.get("/public.txt")?;
    ensure!(response.text() == "A public file.\n", "{response}");
    server.check_alive()
}

fn leads_into_a_room(server: &Server) -> Result<()> {
    let mut socket = server.open(&Request::upgrade("/rooms/entry?name=ada"))?;
    ensure!(socket.headers.cookie("last-room") == Some("entry"), "{:?}", socket.headers);
    ensure!(socket.text()? == "ada came");
    let response = server.reject(&Request::upgrade("/rooms/entry?name=ada"))?;
    ensure!(response.status == 409, "{response}");
    Ok(())
}
