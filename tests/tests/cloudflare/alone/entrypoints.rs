//! The possible entrypoints of a Worker. Wrangler's harness serves a build of each.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::app::App;
use tests::client::Request;
use tests::locations::repository;
use tests::pins::major;
use tests::server::Server;
use tests::suite::not_applicable;

use super::{Case, cases};
use crate::hosts::{Sites, configuration, is_before_workerd, start_harness};

pub const CASES: &[Case] = cases![
    starts_at_the_entrypoint_of_the_adapter,
    starts_at_the_entrypoint_when_the_official_adapter_is_named,
    starts_at_a_worker_that_calls_fetch,
    starts_at_a_hono_app,
    starts_at_the_sites_own_fetch_file,
    starts_at_an_entry_point_with_named_exports,
];

/// Astro 6 creates a `FetchState` only inside its own pipeline, and does not read `src/fetch.ts`.
const COMPOSED_LATER: &str = "a site can compose Astro's handlers itself since Astro 7";

fn starts_at_the_entrypoint_of_the_adapter(sites: &Sites) -> Result<()> {
    let app = sites.app("entry-default")?;
    let configuration = without_own_worker(&app)?;
    let server = built(&app, configuration)?;
    upgrades_and_rejects(&server)?;
    sets_cookies_by_the_context(&server)
}

/// The configuration that `astro add cloudflare` writes.
fn starts_at_the_entrypoint_when_the_official_adapter_is_named(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable("up to Astro 5 the build determines the Worker");
    }
    let app = sites.app("entry-official")?;
    let configuration = without_own_worker(&app)?;
    let official = r#"{ "main": "@astrojs/cloudflare/entrypoints/server", "#;
    app.edit("wrangler.jsonc", "{ ", official)?;
    upgrades_and_rejects(&built(&app, configuration)?)
}

fn starts_at_a_worker_that_calls_fetch(sites: &Sites) -> Result<()> {
    if major()? < 7 {
        return not_applicable(COMPOSED_LATER);
    }
    let app = sites.app("entry-fetch")?;
    with_main(&app, "./src/entries/fetch.ts")?;
    let server = built(&app, configuration()?)?;
    upgrades_and_rejects(&server)?;
    leads_into_a_room(&server)
}

fn starts_at_a_hono_app(sites: &Sites) -> Result<()> {
    if major()? < 7 {
        return not_applicable(COMPOSED_LATER);
    }
    let app = sites.app("entry-hono")?;
    with_main(&app, "./src/entries/hono.ts")?;
    let server = built(&app, configuration()?)?;
    upgrades_and_rejects(&server)?;
    leads_into_a_room(&server)?;
    let response = server.reject(&Request::upgrade("/guarded"))?;
    ensure!(response.status == 403 && response.text() == "guarded by the host", "{response}");
    ensure!(response.headers.get("x-guard") == Some("host"), "{response}");
    Ok(())
}

fn starts_at_the_sites_own_fetch_file(sites: &Sites) -> Result<()> {
    if major()? < 7 {
        return not_applicable(COMPOSED_LATER);
    }
    let app = sites.app("entry-fetch-file")?;
    let configuration = without_own_worker(&app)?;
    fs::rename(app.root().join("src/entries/fetch-file.ts"), app.root().join("src/fetch.ts"))?;
    let server = built(&app, configuration)?;
    ensure!(server.get("/both")?.headers.get("x-fetch-file") == Some("yes"), "it was not asked");
    upgrades_and_rejects(&server)?;
    sets_cookies_by_the_context(&server)
}

/// The adapter's option `workerEntryPoint`.
fn starts_at_an_entry_point_with_named_exports(sites: &Sites) -> Result<()> {
    if major()? != 5 {
        return not_applicable("the adapter has `workerEntryPoint` for Astro 5");
    }
    let app = sites.app("entry-point")?;
    app.edit("wrangler.jsonc", OWN_WORKER, BUILT_WORKER)?;
    let option = block_on_page("js", "astro.config.mjs, on Astro 5")?;
    let told = "workerEntryPoint: { path: 'src/worker.ts', namedExports: ['Room'] }";
    ensure!(option.contains(told), "the page does not say `{told}`:\n{option}");
    let worker = block_on_page("ts", "src/worker.ts, on Astro 5")?;
    fs::write(app.root().join("src/worker.ts"), worker)?;
    let entry = r#"{ "path": "src/worker.ts", "namedExports": ["Room"] }"#;
    app.build(&[("WORKER_ENTRY_POINT", entry), IN_TIME])?;
    let server = start_harness(&app, configuration()?)?;
    upgrades_and_rejects(&server)?;
    sets_cookies_by_the_context(&server)?;
    leads_into_a_room(&server)
}

/// Shorter than the slow routes of the site, which take five seconds.
const IN_TIME: (&str, &str) = ("WEBSOCKET", r#"{ "handshakeTimeout": 4000 }"#);

/// The Workers in configurations up to Astro 5: a wrapper around the built one, and the built one
/// itself.
const OWN_WORKER: &str = "./worker.mjs";
const BUILT_WORKER: &str = "./dist/_worker.js/index.js";

/// Gives the site a Worker that does not call `/handler`. Such a Worker cannot prerender in
/// workerd, with upstream's adapter or ours, so pages prerender in Node.
fn with_main(app: &App, main: &str) -> Result<()> {
    app.edit("wrangler.jsonc", "./src/worker.ts", main)?;
    app.edit("astro.config.mjs", "cloudflare({", "cloudflare({ prerenderEnvironment: 'node',")
}

/// Leaves the Worker to the adapter; then there is no Durable Object either. Returns the
/// configuration that serves the build.
fn without_own_worker(app: &App) -> Result<&'static str> {
    if !is_before_workerd()? {
        let text = r#"{ "name": "site", "compatibility_date": "2026-04-15" }"#;
        fs::write(app.root().join("wrangler.jsonc"), text)?;
        return configuration();
    }
    fs::write(app.root().join(ON_PAGE), block_on_page("jsonc", ON_PAGE)?)?;
    Ok(ON_PAGE)
}

/// The block of the package's page that begins with this comment.
fn block_on_page(language: &str, comment: &str) -> Result<String> {
    let page = fs::read_to_string(repository().join("adapters/cloudflare/README.md"))?;
    let start = format!("```{language}\n// {comment}\n");
    let (_, block) = page.split_once(&start).with_context(|| format!("no block `{comment}`"))?;
    let (block, _) = block.split_once("```").context("the block has no end")?;
    Ok(block.to_owned())
}

/// The name of the configuration that the page of the package has for Astro 5 and 4.
const ON_PAGE: &str = "built.jsonc";

fn built(app: &App, configuration: &str) -> Result<Server> {
    app.build(&[IN_TIME])?;
    start_harness(app, configuration)
}

fn upgrades_and_rejects(server: &Server) -> Result<()> {
    let mut socket = server.open(&Request::upgrade("/headers-and-hello"))?;
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

    let response = server.reject(&Request::upgrade("/reject"))?;
    ensure!(response.status == 401 && response.text() == "who are you?", "{response}");
    let response = server.reject(&Request::upgrade("/abandoned"))?;
    ensure!(response.status == 403 && response.text() == "changed its mind", "{response}");
    let response = server.reject(&Request::upgrade("/nowhere"))?;
    ensure!(response.status == 404, "{response}");
    let other = Request::upgrade("/echo").header("Origin", "https://evil.example");
    let response = server.reject(&other)?;
    ensure!(response.status == 403, "{response}");
    answers_late_handshakes(server)?;
    let response = server.get("/both")?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");
    let response = server.get("/public.txt")?;
    ensure!(response.text() == "A public file.\n", "{response}");
    server.check_alive()
}

/// Tests every slow part of the site.
fn answers_late_handshakes(server: &Server) -> Result<()> {
    let host = server.address().to_string();
    let mut waiting = Vec::new();
    for target in ["/slow?journal=nobody", "/middleware/slow"] {
        let mut connection = server.connection()?;
        connection.write(&Request::upgrade(target).to_bytes(&host))?;
        waiting.push((target, connection));
    }
    for (target, mut connection) in waiting {
        let response = connection.response("GET")?;
        ensure!(response.status == 503, "{target}: {response}");
    }
    Ok(())
}

/// A Worker that calls `/fetch` or `/hono` gets no such cookies on any response, with upstream's
/// adapter or ours. The adapter appends them where it renders.
fn sets_cookies_by_the_context(server: &Server) -> Result<()> {
    let socket = server.open(&Request::upgrade("/headers"))?;
    ensure!(socket.headers.cookie("by-context") == Some("one"), "{:?}", socket.headers);
    let response = server.reject(&Request::upgrade("/reject"))?;
    ensure!(response.headers.cookie("by-context") == Some("one"), "{response}");
    if major()? < 5 {
        // Astro has sessions since version 5.
        return Ok(());
    }
    let session = server.open(&Request::upgrade("/session/write?value=remembered"))?;
    let session = session.headers.cookie("astro-session").context("no session cookie")?.to_owned();
    let read = Request::get("/session/read").header("Cookie", &format!("astro-session={session}"));
    let response = server.fetch(&read)?;
    ensure!(response.text() == "remembered", "{response}");
    Ok(())
}

fn leads_into_a_room(server: &Server) -> Result<()> {
    let mut socket = server.open(&Request::upgrade("/rooms/entry?name=ada"))?;
    ensure!(socket.text()? == "ada came");
    let response = server.reject(&Request::upgrade("/rooms/entry?name=ada"))?;
    ensure!(response.status == 409, "{response}");
    Ok(())
}
