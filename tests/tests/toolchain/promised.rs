//! Sites written from the documentation of an older package: they type-check and run on every
//! release line.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use tests::app::App;
use tests::client::{Request, Socket};
use tests::patience::at_last;
use tests::pins::major;
use tests::project::{Project, add_pinned};
use tests::server::Server;
use tests::tools::run;

use crate::types::errors_of;

/// The folder of `tests/projects` with a folder for each site.
const SITES: &str = "promised";

/// A site below the installed project for this runtime.
fn site(runtime: &str, folder: &str, name: &str) -> Result<(Project, App)> {
    let project = Project::install(runtime)?;
    let app = project.app_of(&format!("{SITES}/{folder}"), name)?;
    if folder == "fastify" {
        add_pinned(&app, runtime, &["@fastify/middie", "fastify"])?;
    }
    Ok((project, app))
}

#[test]
fn the_sites_type_check() -> Result<()> {
    for (runtime, folder) in [("node", "node"), ("node", "fastify"), ("cloudflare", "cloudflare")] {
        let (project, app) = site(runtime, folder, &format!("promised-{folder}-types"))?;
        run(&mut app.astro(["sync"]))?;
        let errors = errors_of(project.tools().tsc().current_dir(app.root()).args(["-p", "."]))?;
        ensure!(errors.is_empty(), "{folder}: {errors:#?}");
    }
    Ok(())
}

#[test]
fn a_site_with_a_connection_manager_runs_as_it_was_written() -> Result<()> {
    let (_project, app) = site("node", "node", "promised-node")?;
    app.build(&[])?;
    let mut command = app.node_server("dist/server/entry.mjs");
    let server = Server::start(command.env("HOST", "127.0.0.1").env("PORT", "0"))?;
    speaks(&server)?;
    let unknown = server.reject(&Request::upgrade("/api/nowhere"))?;
    ensure!(unknown.status == 404, "{unknown}");

    // The site's cleanup policy closes temporary connections.
    let (_, mut temporary) = managed(&server, "temporary")?;
    let (code, _) = temporary.closed()?;
    ensure!(code == 1001, "{code}");
    drop(temporary);
    at_last(|| {
        ensure!(connections(&server, "live")?["active"] == 0);
        Ok(())
    })?;

    let (ada, mut first) = managed(&server, "user-session")?;
    let (bob, mut second) = managed(&server, "user-session")?;
    let (_, mut idle) = managed(&server, "idle")?;
    let data = json!({ "page": "/api/managed", "userId": "ada", "since": 1_700_000_000 });
    let told = thread::scope(|scope| {
        // A client that waits answers pings.
        for socket in [&mut first, &mut second, &mut idle] {
            scope.spawn(|| socket.text_within(Duration::from_secs(2)));
        }
        let healthy = server.get(&format!("/api/health?id={ada}"))?.text();
        ensure!(healthy == format!("Connection {ada} is healthy"), "{healthy}");
        connections(&server, "user-session")
    })?;
    let expected = json!([{ "id": ada, "data": data }, { "id": bob, "data": data }]);
    ensure!(told["active"] == 3 && told["status"] == "full", "{told}");
    ensure!(sorted(&told["sessions"]) == sorted(&expected), "{told}");
    let unhealthy = server.get("/api/health?id=nobody")?.text();
    ensure!(unhealthy.starts_with("Connection nobody is unhealthy: There is no"), "{unhealthy}");

    let full = server.reject(&Request::upgrade("/api/managed"))?;
    ensure!(full.status == 503, "{full}");
    is_told(&server, "pool full, rejected 127.0.0.1")?;
    at_last(|| {
        let closed = server.get("/api/cleanup?idle=10&tag=idle")?.text();
        ensure!(closed == r#"{"closedCount":1}"#, "{closed}");
        Ok(())
    })?;
    ensure!(idle.closed()?.0 == 1001);
    drop(idle);

    // There is room again, but this client has used up its handshakes.
    at_last(|| {
        let response = server.reject(&Request::upgrade("/api/managed"))?;
        ensure!(response.status == 429, "{response}");
        Ok(())
    })?;
    is_told(&server, "rate limit exceeded by 127.0.0.1, handshake 7")?;
    is_told(&server, &format!("added {ada}"))?;

    let closes = thread::scope(|scope| {
        let clients = [first, second].map(|mut socket| scope.spawn(move || socket.closed()));
        let down = server.get("/api/shutdown")?.text();
        ensure!(down == "down", "{down}");
        let ended = clients.map(|client| client.join().map_err(|_| anyhow!("a client panicked")));
        ended.into_iter().map(Result::flatten).collect::<Result<Vec<_>>>()
    })?;
    let asked = (4001, "Moving house".to_owned());
    ensure!(closes.iter().all(|close| *close == asked), "{closes:?}");
    ensure!(server.reject(&Request::upgrade("/api/ws"))?.status == 503);
    server.check_alive()
}

#[test]
fn the_manager_reports_a_connection_that_does_not_answer() -> Result<()> {
    let (_project, app) = site("node", "node", "promised-node-dev")?;
    let mut command = app.astro_server(["dev", "--port", "0"]);
    let server = Server::start_dev(command.env("WEBSOCKET", r#"{ "healthCheckInterval": 100 }"#))?;
    speaks(&server)?;
    // The client no longer reads.
    let (id, silent) = managed(&server, "user-session")?;
    is_told(&server, &format!("unhealthy {id}: The client did not answer a ping within 100 ms"))?;
    drop(silent);
    server.check_alive()
}

#[test]
fn a_site_under_fastify_runs_as_it_was_written() -> Result<()> {
    let (_project, app) = site("node", "fastify", "promised-fastify")?;
    app.build(&[])?;
    let server = Server::start(&mut app.node_server("server.mjs"))?;
    let upgrade = |target: &str| Request::upgrade(target).header("X-Token", "mine");
    ensure!(server.get("/hello")?.text() == r#"{"hello":"world"}"#);
    ensure!(server.get("/fastify")?.text() == "a route of Fastify");
    let mut socket = server.open(&upgrade("/hello"))?;
    ensure!(socket.text()? == "hello client");
    socket.send("echo")?;
    ensure!(socket.text()? == "echo");
    socket.send(&"x".repeat(1025))?;
    ensure!(socket.closed()?.0 == 1009, "`maxPayload` is not kept");

    let mut fallback = server.open(&upgrade("/rooms/of/nobody"))?;
    ensure!(fallback.text()? == "default: of/nobody");
    ensure!(server.reject(&upgrade("/nowhere"))?.status == 404);
    ensure!(
        server.reject(&Request::upgrade("/hello"))?.status == 403,
        "`verifyClient` lets all in"
    );

    let offer = upgrade("/hello")
        .header("Sec-WebSocket-Protocol", "other, chat")
        .header("Sec-WebSocket-Extensions", "permessage-deflate");
    let mut connection = server.connection()?;
    connection.write(&offer.to_bytes(&server.address().to_string()))?;
    let response = connection.response("GET")?;
    ensure!(response.status == 101, "{response}");
    for (name, value) in
        [("sec-websocket-protocol", "chat"), ("sec-websocket-extensions", "permessage-deflate")]
    {
        let answer = response.headers.get(name);
        ensure!(answer.is_some_and(|answer| answer.starts_with(value)), "{response}");
    }

    let mut stream = server.open(&upgrade("/stream"))?;
    stream.send("loud")?;
    ensure!(stream.text()? == "LOUD");

    let mut faulty = server.open(&upgrade("/hello?who=eve"))?;
    faulty.text()?;
    faulty.send("fail")?;
    ensure!(faulty.closed()?.0 == 1011);
    at_last(|| {
        let failures = server.get("/failures")?.text();
        ensure!(failures.contains("Error: in a handler"), "{failures}");
        ensure!(failures.contains("/hello?who=eve mine"), "{failures}");
        Ok(())
    })?;
    server.check_alive()
}

#[test]
fn a_site_on_cloudflare_runs_as_it_was_written() -> Result<()> {
    let (_project, app) = site("cloudflare", "cloudflare", "promised-cloudflare")?;
    app.build(&[])?;
    let dev = Server::start_dev(&mut app.astro_server(["dev", "--port", "0"]))?;
    works_on_cloudflare(&dev).context("astro dev")?;
    drop(dev);
    // Up to Astro 5 the adapter has no preview.
    let mut command = if major()? < 6 {
        let mut wrangler = app.wrangler_server(["dev", "--ip", "127.0.0.1", "--port", "0"]);
        wrangler.args(["--inspector-port", "0", "--show-interactive-dev-session", "false"]);
        wrangler
    } else {
        app.astro_server(["preview", "--port", "0"])
    };
    works_on_cloudflare(&Server::start(&mut command)?).context("the built Worker")
}

fn works_on_cloudflare(server: &Server) -> Result<()> {
    speaks(server)?;
    let mut faulty = server.open(&Request::upgrade("/api/faulty").header("X-Who", "ada"))?;
    faulty.send("fail")?;
    ensure!(faulty.closed()?.0 == 1011);
    at_last(|| {
        let failures = server.get("/api/failures")?.text();
        // The socket is closing or closed.
        let told = [2, 3].map(|state| format!("ada {state} Error: in a handler"));
        ensure!(told.iter().any(|told| failures.contains(told)), "{failures}");
        Ok(())
    })?;
    if major()? < 6 {
        let mut socket = server.open(&Request::upgrade("/api/runtime"))?;
        let greeting = socket.text()?;
        ensure!(greeting == "hello from a binding, from string", "{greeting}");
    }
    server.check_alive()
}

/// The first route on every page of such a package.
fn speaks(server: &Server) -> Result<()> {
    let plain = server.get("/api/ws")?;
    ensure!(plain.status == 426 && plain.text() == "Upgrade required", "{plain}");
    let mut socket = server.open(&Request::upgrade("/api/ws"))?;
    socket.send("ping")?;
    ensure!(socket.text()? == "pong");
    socket.close(1000, "")?;
    Ok(())
}

/// A connection with that tag, and its id.
fn managed(server: &Server, tag: &str) -> Result<(String, Socket)> {
    let mut socket = server.open(&Request::upgrade(&format!("/api/managed?tag={tag}")))?;
    let id = socket.text()?;
    Ok((id, socket))
}

fn connections(server: &Server, tag: &str) -> Result<Value> {
    Ok(serde_json::from_str(&server.get(&format!("/api/connections?tag={tag}"))?.text())?)
}

/// Waits until a listener of the site has reported it.
fn is_told(server: &Server, what: &str) -> Result<()> {
    at_last(|| {
        let told: Vec<String> = serde_json::from_str(&server.get("/api/told")?.text())?;
        ensure!(told.iter().any(|told| told == what), "{told:#?}");
        Ok(())
    })
}

/// Sorts them: connections with a tag come in no particular order.
fn sorted(sessions: &Value) -> Vec<String> {
    let mut texts: Vec<String> =
        sessions.as_array().into_iter().flatten().map(Value::to_string).collect();
    texts.sort();
    texts
}
