//! `astro dev` picks up changes while it runs: another hooks file, another configuration.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tests::app::App;
use tests::cases;
use tests::client::{Request, Response, Socket};
use tests::patience::{PATIENCE, at_last, within};
use tests::port::free_port;
use tests::server::Server;
use tests::suite::not_applicable;

use super::Case;
use crate::hosts::{Alone, Settings, Sites};

pub const CASES: &[Case] = cases![
    asks_the_hooks_as_they_are_now_in_dev,
    restarts_in_dev_without_leaving_anything_behind,
    keeps_the_dev_server_that_a_wrong_configuration_would_replace,
    listens_once_however_often_the_listening_module_was_edited,
    refuses_a_path_that_cannot_be_decoded_with_400_in_dev,
];

/// A dev server that changes while it runs.
struct Dev(Alone);

impl Dev {
    fn start(sites: &Sites, name: &'static str) -> Result<Self> {
        sites.start_dev_alone(&Settings { name, options: "{}" }).map(Self)
    }

    /// Starts with the configuration that [`configure`] writes.
    fn configured(sites: &Sites, name: &str) -> Result<Self> {
        let app = sites.app(name)?;
        configure(&app, "{}")?;
        // If it may choose the port, Astro 4 takes another one at every restart.
        let port = free_port()?.to_string();
        let server = Server::start_dev(&mut app.astro_server(["dev", "--port", &port]))?;
        Ok(Self(Alone { server, app }))
    }

    /// Whether a restart has failed through no fault of ours. Astro's modules import each other in
    /// a cycle. On a busy machine Vite's runner may evaluate `core/app/app.js` before its base
    /// class, or a module that calls a function that does not exist yet.
    fn has_failed_by_itself(&self) -> bool {
        let failed = |printed: &str| {
            let (before, _) = printed.split_once("server restart failed")?;
            ["Class extends value undefined", "undefined is not a function"]
                .iter()
                .find(|error| before.contains(**error))
                .map(drop)
        };
        self.0.server.wait_for_output(Duration::ZERO, failed).is_ok()
    }

    fn write(&self, file: &str, text: &str) -> Result<()> {
        Ok(fs::write(self.0.app.root().join(file), text)?)
    }

    /// Writes the hooks file until handshakes get this status.
    fn rejects_by(&self, hooks: &str, status: u16) -> Result<Response> {
        seen(|| self.write(HOOKS, hooks), || self.rejects(status))
            .with_context(|| format!("{status} was expected\n{}", self.0.server))
    }

    fn rejects(&self, status: u16) -> Result<Response> {
        let response = self.0.server.reject(&Request::upgrade("/echo"))?;
        ensure!(response.status == status, "{response}");
        Ok(response)
    }

    /// Opens a socket and checks its echo.
    fn accepts(&self) -> Result<Socket> {
        let mut socket = self.0.server.open(&Request::upgrade("/echo"))?;
        socket.send("hello")?;
        ensure!(socket.text()? == "hello");
        Ok(socket)
    }
}

/// Repeats a change until its effect is visible. The server's watcher misses changes within 50 ms
/// of others, and changes from before it starts watching.
fn seen<T>(change: impl Fn() -> Result<()>, mut effect: impl FnMut() -> Result<T>) -> Result<T> {
    at_last(|| {
        change()?;
        within(Duration::from_secs(1), &mut effect)
    })
}

const HOOKS: &str = "src/websocket.ts";

fn asks_the_hooks_as_they_are_now_in_dev(sites: &Sites) -> Result<()> {
    let dev = Dev::start(sites, "dev-hooks")?;
    let mut open = dev.accepts()?;

    dev.rejects_by("export const verifyClient = () => false;\n", 403)?;
    dev.rejects_by(
        "export const verifyClient = () => new Response('no', { status: 418 });\n",
        418,
    )?;

    let response = dev.rejects_by("export const verifyClient = () => {;\n", 500)?;
    ensure!(!response.text().contains("verifyClient"), "{response}");
    dev.0.server.wait_for_output(PATIENCE, |printed| {
        let (_, error) = printed.split_once("The WebSocket hooks failed")?;
        error.contains(HOOKS).then_some(())
    })?;
    ensure!(dev.0.server.get("/both")?.status == 200, "plain HTTP knows no hooks");

    dev.write("src/policy.ts", "export const isOpen = true;\n")?;
    let hooks = "import { isOpen } from './policy';\nexport const verifyClient = () => isOpen;\n";
    seen(|| dev.write(HOOKS, hooks), || dev.accepts())?;
    let policy = "export const isOpen = false;\n";
    seen(|| dev.write("src/policy.ts", policy), || dev.rejects(403))?;

    fs::remove_file(dev.0.app.root().join(HOOKS))?;
    dev.accepts()?;

    // Changed hooks do not affect open sockets.
    open.send("still open")?;
    ensure!(open.text()? == "still open");
    dev.0.server.check_alive()
}

fn restarts_in_dev_without_leaving_anything_behind(sites: &Sites) -> Result<()> {
    for _ in 0..3 {
        let dev = Dev::configured(sites, "dev-restart")?;
        let result = restarts(&dev);
        if result.is_ok() || !dev.has_failed_by_itself() {
            return result;
        }
    }
    not_applicable("Astro's own modules were evaluated in the wrong order, three times")
}

fn restarts(dev: &Dev) -> Result<()> {
    let listeners = dev.0.server.get("/listeners")?.text();

    for limit in [1000, 100, 10] {
        let mut open = dev.accepts()?;
        let mut update = hot_update(&dev.0.server)?;
        let options = format!("{{ maxPayload: {limit} }}");
        let (code, _) = at_last(|| {
            configure(&dev.0.app, &options)?;
            let closed = open.closed_within(Duration::from_secs(2))?;
            closed.with_context(|| format!("it does not restart\n{}", dev.0.server))
        })?;
        ensure!(code == 1001, "{code}");
        // Vite closes its sockets without a close frame.
        let _ = update.closed();

        // The previous server answers until its last moment.
        at_last(|| {
            let mut limited = dev.0.server.open(&Request::upgrade("/echo"))?;
            limited.send(&".".repeat(limit + 1))?;
            let (code, _) = limited.closed()?;
            ensure!(code == 1009, "{code}");
            Ok(())
        })?;
        let now = dev.0.server.get("/listeners")?.text();
        ensure!(now == listeners, "{now} listeners, and {listeners} before");
    }

    let mut update = hot_update(&dev.0.server)?;
    ensure!(dev.0.server.get("/")?.status == 200);
    let message = at_last(|| {
        dev.write("src/pages/index.astro", "<h1>Another</h1>\n")?;
        let message = update.text_within(Duration::from_secs(1))?;
        message.with_context(|| format!("no update came\n{}", dev.0.server))
    })?;
    ensure!(message.contains(r#""type":"full-reload""#), "{message}");
    dev.0.server.check_alive()
}

fn keeps_the_dev_server_that_a_wrong_configuration_would_replace(sites: &Sites) -> Result<()> {
    let dev = Dev::configured(sites, "dev-wrong")?;
    let mut open = dev.accepts()?;
    configure(&dev.0.app, "{ maxPayload: '1 MiB' }")?;
    let wrong =
        "`websocket.maxPayload` must be a whole number of bytes, at least 1, got: \"1 MiB\"";
    dev.0.server.wait_for_output(PATIENCE, |printed| {
        printed.contains(wrong).then_some(()).filter(|()| printed.contains("Continuing with"))
    })?;
    open.send("still open")?;
    ensure!(open.text()? == "still open");
    dev.accepts()?;
    dev.0.server.check_alive()
}

const LISTENING: &str = "src/listening.ts";

fn listens_once_however_often_the_listening_module_was_edited(sites: &Sites) -> Result<()> {
    let dev = Dev::start(sites, "dev-listening")?;
    let mut handshakes = 0;
    // Returns who hears of a new handshake. Listeners are called in the order of their
    // registration.
    let mut told = |newest: &str, last: &str| -> Result<Vec<String>> {
        handshakes += 1;
        let end = format!(" of /echo?{handshakes}\n");
        dev.0.server.open(&Request::upgrade(&format!("/echo?{handshakes}")))?;
        dev.0.server.wait_for_output(Duration::from_secs(2), |printed| {
            let lines = printed.split_inclusive('\n').filter(|line| line.ends_with(&end));
            let told: Vec<String> =
                lines.filter_map(|line| line.split(' ').next().map(str::to_owned)).collect();
            let is_whole = told.last().is_some_and(|who| who == last);
            (is_whole && told.iter().any(|who| who == newest)).then_some(told)
        })
    };
    let listening = |who: &str| {
        format!(
            "import {{ getConnectionManager }} from 'zastro-websockets-node/connection-manager';
getConnectionManager().on('connection:added', ({{ socket }}) => {{
	console.log('{who} of ' + socket.url.replace(/^.*(?=\\/echo)/, ''));
}});
"
        )
    };
    // The hooks module and a module that it imports each add a listener.
    dev.write(LISTENING, &listening("imported-0"))?;
    let hooks = |who: &str| format!("import './listening';\n{}", listening(who));
    seen(|| dev.write(HOOKS, &hooks("hooks-0")), || told("hooks-0", "hooks-0"))?;
    for edit in 1..=3 {
        let newest = format!("imported-{edit}");
        let told_now =
            seen(|| dev.write(LISTENING, &listening(&newest)), || told(&newest, "hooks-0"))?;
        ensure!(told_now == [newest.as_str(), "hooks-0"], "{told_now:?}");
    }
    for edit in 1..=3 {
        let newest = format!("hooks-{edit}");
        let told_now = seen(|| dev.write(HOOKS, &hooks(&newest)), || told(&newest, &newest))?;
        ensure!(told_now.contains(&newest) && told_now.len() == 2, "{told_now:?}");
    }
    dev.0.server.check_alive()
}

/// Writes a configuration with these `websocket` options that also reports the server's number of
/// `upgrade` listeners. An upgrade would get that number of answers.
fn configure(app: &App, websocket: &str) -> Result<()> {
    let configuration = format!(
        "import node from 'zastro-websockets-node';

export default {{
	output: 'server',
	adapter: node({{ mode: 'standalone', websocket: {websocket} }}),
	devToolbar: {{ enabled: false }},
	server: {{ host: '127.0.0.1' }},
	integrations: [{{
		name: 'counting',
		hooks: {{
			'astro:server:setup': ({{ server }}) => {{
				server.middlewares.use('/listeners', ({{ socket }}, response) => {{
					response.end(String(socket.server.listenerCount('upgrade')));
				}});
			}},
		}},
	}}],
}};
"
    );
    Ok(fs::write(app.root().join("astro.config.mjs"), configuration)?)
}

/// The socket over which Vite sends updates.
fn hot_update(server: &Server) -> Result<Socket> {
    let request = Request::upgrade("/").header("Sec-WebSocket-Protocol", "vite-hmr");
    let mut socket = server.open(&request)?;
    let greeting = socket.text().context("Vite does not greet")?;
    ensure!(greeting.contains(r#""type":"connected""#), "{greeting}");
    Ok(socket)
}

/// Astro's own middleware fails with such a path, which would be a 500.
fn refuses_a_path_that_cannot_be_decoded_with_400_in_dev(sites: &Sites) -> Result<()> {
    let Alone { server, .. } = Dev::start(sites, "dev-malformed-path")?.0;
    for path in ["/_realtime/dev/%ff", "/echo/%"] {
        let response = server.reject(&Request::upgrade(path))?;
        ensure!(response.status == 400, "{path}: {response}");
        ensure!(response.text() == "The path is malformed.", "{path}: {response}");
    }
    server.check_alive()
}
