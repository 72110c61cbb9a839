//! Servers that share their `upgrade` event with other code.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tests::client::Request;
use tests::patience::PATIENCE;
use tests::server::Server;

use super::{Case, cases};
use crate::hosts::{Alone, Settings, Sites};

pub const CASES: &[Case] = cases![
    lives_beside_other_upgrade_listeners,
    answers_the_upgrades_that_it_is_given,
    lives_under_sessions_logging_compression_and_helmet,
    answers_http_1_1_clients_of_an_http_2_server,
    leaves_filtered_upgrades_and_all_after_detaching,
    attaches_two_sites_to_one_server,
    attaches_with_a_filter_beside_the_standalone_server,
    handles_upgrades_of_its_filter_before_other_libraries,
    serves_a_mounted_site_beside_another_listener,
    leaves_upgrades_that_a_plugin_handles_late_in_dev,
    explains_wrong_arguments_of_attach,
    refuses_to_answer_one_connection_twice,
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
    // Open sockets survive, and so do the listeners of others.
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
        server.wait_for_output(PATIENCE, |printed| printed.contains(&line).then_some(()))
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
    // None of this middleware affects the connection once it carries frames.
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

fn leaves_filtered_upgrades_and_all_after_detaching(sites: &Sites) -> Result<()> {
    let server = sites.start_host("controlled")?;
    let handshake = Request::upgrade("/both");
    let mut open = server.open(&handshake)?;
    ensure!(server.get("/listeners")?.text() == "1");
    // A second listener with a filter does not affect the first.
    server.get("/attach?foreign=/both")?;
    ensure!(server.get("/listeners")?.text() == "1");
    server.open(&handshake)?;
    server.get("/detach")?;
    server.open(&handshake)?;

    server.get("/detach")?;
    ensure!(server.get("/listeners")?.text() == "0");
    // Without an upgrade listener, this is an ordinary request.
    let response = server.reject(&handshake)?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");

    server.get("/attach?foreign=/both")?;
    // No other listener handles it either, so this is an ordinary request, too.
    let response = server.reject(&handshake)?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");
    server.open(&Request::upgrade("/echo"))?.close(1000, "")?;

    open.send("open through all of this")?;
    ensure!(open.text()? == "open through all of this");
    server.check_alive()
}

fn attaches_two_sites_to_one_server(sites: &Sites) -> Result<()> {
    let server = sites.start_host("two-sites")?;
    let (first, second) = (Request::upgrade("/both"), Request::upgrade("/second/both"));
    let is_plain = |handshake: &Request| {
        let response = server.reject(handshake)?;
        ensure!(response.status == 200 && response.text() == "plain", "{response}");
        anyhow::Ok(())
    };

    server.get("/attach?filters")?;
    let (mut one, mut other) = (server.open(&first)?, server.open(&second)?);
    // Each site is detached separately.
    server.get("/detach?site=first")?;
    is_plain(&first)?;
    server.open(&second)?.close(1000, "")?;
    server.get("/attach?filters")?;
    server.get("/detach?site=second")?;
    is_plain(&second)?;
    server.open(&first)?.close(1000, "")?;

    for attach in ["/attach?filters", "/attach"] {
        server.get(attach)?;
        server.open(&first)?.close(1000, "")?;
        server.open(&second)?.close(1000, "")?;
        // Each site is shut down separately. The promise resolves with no value.
        ensure!(server.get("/shutdown?site=first")?.text() == "undefined");
        let response = server.reject(&first)?;
        ensure!(response.status == 503, "{response}");
        server.open(&second)?.close(1000, "")?;
        other.send("still open")?;
        ensure!(other.text()? == "still open");
    }
    let (code, _) = one.closed()?;
    ensure!(code == 1001, "{code}");

    server.get("/attach")?;
    server.get("/shutdown?site=second")?;
    let (code, _) = other.closed()?;
    ensure!(code == 1001, "{code}");
    let response = server.reject(&second)?;
    ensure!(response.status == 503, "{response}");
    server.open(&first)?.close(1000, "")?;
    server.check_alive()
}

fn attaches_with_a_filter_beside_the_standalone_server(sites: &Sites) -> Result<()> {
    stands_beside(&sites.start_standalone_host("filtered-standalone")?)
}

fn handles_upgrades_of_its_filter_before_other_libraries(sites: &Sites) -> Result<()> {
    for library in ["ws", "express-ws", "fastify-websocket", "http-proxy"] {
        let server = sites.start_host(&format!("beside-{library}"))?;
        stands_beside(&server).with_context(|| format!("beside {library}:\n{server}"))?;
    }
    Ok(())
}

fn stands_beside(server: &Server) -> Result<()> {
    for _ in 0..2 {
        let mut ours = server.open(&Request::upgrade("/echo"))?;
        ours.send("hello")?;
        ensure!(ours.text()? == "hello");
        let greeting = server.open(&Request::upgrade("/other"))?.text()?;
        ensure!(greeting == "the other server", "{greeting}");
        let response = server.reject(&Request::upgrade("/reject"))?;
        ensure!(response.status == 401, "{response}");
        let response = server.reject(&Request::upgrade("/nowhere"))?;
        ensure!(response.status == 404, "{response}");
        ensure!(server.get("/both")?.text() == "plain");
    }
    server.check_alive()
}

fn serves_a_mounted_site_beside_another_listener(sites: &Sites) -> Result<()> {
    let settings = Settings { name: "mounted", options: r#"{ "handshakeTimeout": 2000 }"# };
    let Alone { server, .. } = sites.start_host_alone(&settings, "mounted")?;
    let start = Instant::now();
    ensure!(server.open(&Request::upgrade("/site/host-locals"))?.text()? == "user: at /site");
    for target in ["/site/echo", "/old-echo"] {
        let mut ours = server.open(&Request::upgrade(target))?;
        ours.send("hello")?;
        ensure!(ours.text()? == "hello");
    }
    let response = server.reject(&Request::upgrade("/site/reject"))?;
    ensure!(response.status == 401 && response.text() == "who are you?", "{response}");
    let request = Request::upgrade("/site/echo").header("Origin", "https://evil.example");
    let response = server.reject(&request)?;
    ensure!(response.status == 403, "{response}");
    ensure!(start.elapsed() < Duration::from_secs(2), "it has waited: {:?}", start.elapsed());

    ensure!(server.open(&Request::upgrade("/other"))?.text()? == "the other server");
    for nowhere in ["/nowhere", "/site/nowhere"] {
        let response = server.reject(&Request::upgrade(nowhere))?;
        ensure!(response.status == 404, "{response}");
    }
    server.check_alive()
}

/// A configuration with a plugin that handles a handshake only after an asynchronous lookup.
const LATE_PLUGIN: &str = "import { setTimeout as wait } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import node from 'zastro-websockets-node';

const others = new WebSocketServer({ noServer: true });

export default {
	output: 'server',
	adapter: node({ mode: 'standalone', websocket: { handshakeTimeout: 2000 } }),
	devToolbar: { enabled: false },
	server: { host: '127.0.0.1' },
	vite: {
		plugins: [{
			name: 'late',
			configureServer({ httpServer }) {
				httpServer.on('upgrade', async (request, socket, head) => {
					if (request.url !== '/other') return;
					await wait(300);
					others.handleUpgrade(request, socket, head, (other) => other.send('the other server'));
				});
			},
		}],
	},
};
";

fn leaves_upgrades_that_a_plugin_handles_late_in_dev(sites: &Sites) -> Result<()> {
    let app = sites.app("dev-late-plugin")?;
    fs::write(app.root().join("astro.config.mjs"), LATE_PLUGIN)?;
    let server = Server::start_dev(&mut app.astro_server(["dev", "--port", "0"]))?;
    // The route is compiled before, which may take longer than the handshake timeout here.
    server.get("/echo")?;
    for _ in 0..2 {
        ensure!(server.open(&Request::upgrade("/other"))?.text()? == "the other server");
        let mut ours = server.open(&Request::upgrade("/echo"))?;
        ours.send("hello")?;
        ensure!(ours.text()? == "hello");
        let response = server.reject(&Request::upgrade("/reject"))?;
        ensure!(response.status == 401 && response.text() == "who are you?", "{response}");
        let response = server.reject(&Request::upgrade("/nowhere"))?;
        ensure!(response.status == 404, "{response}");
    }
    server.check_alive()
}

fn explains_wrong_arguments_of_attach(sites: &Sites) -> Result<()> {
    let server = sites.start_host("mistaken")?;
    for call in ["express", "connect", "nothing"] {
        let thrown = server.get(&format!("/{call}"))?.text();
        let says = "TypeError: `attachWebSocket()` requires an HTTP server";
        ensure!(
            thrown.starts_with(says) && thrown.contains("the result of `app.listen()`"),
            "{thrown}"
        );
    }
    let thrown = server.get("/filter")?.text();
    ensure!(thrown == "TypeError: `filter` of `attachWebSocket()` must be a function.", "{thrown}");
    server.open(&Request::upgrade("/echo"))?.close(1000, "")?;
    server.check_alive()
}

fn refuses_to_answer_one_connection_twice(sites: &Sites) -> Result<()> {
    let server = sites.start_host("routing")?;
    let response = server.reject(&Request::upgrade("/twice"))?;
    ensure!(response.status == 409 && response.text().contains("already called"), "{response}");
    server.wait_for_output(PATIENCE, |printed| {
        let says = "thrown: `upgrade()` was called for a connection that is already answered.";
        printed.contains(says).then_some(())
    })?;
    server.check_alive()
}
