//! What `astro dev` has to see while it runs: another hooks file, another configuration.

use std::cell::RefCell;
use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tests::cases;
use tests::client::{Request, Response, Socket};
use tests::patience::at_last;
use tests::project::App;
use tests::server::Server;

use super::Case;
use crate::hosts::{Alone, Settings, Sites};

pub const CASES: &[Case] = cases![
    asks_the_hooks_as_they_are_now_in_dev,
    restarts_in_dev_without_leaving_anything_behind,
    keeps_the_dev_server_that_a_wrong_configuration_would_replace
];

/// A dev server that is changed while it runs.
struct Dev {
    alone: Alone,
    /// The file that was written last, and its text.
    written: RefCell<Option<(String, String)>>,
}

impl Dev {
    fn start(sites: &Sites, name: &'static str) -> Result<Self> {
        sites.start_dev_alone(&Settings { name, options: "{}" }).map(Self::of)
    }

    /// With the configuration that [`configure`] writes.
    fn configured(sites: &Sites, name: &str) -> Result<Self> {
        let app = sites.app(name)?;
        configure(&app, "{}")?;
        let server = Server::start(&mut app.astro_server(["dev", "--port", "0"]))?;
        Ok(Self::of(Alone { server, app }))
    }

    fn of(alone: Alone) -> Self {
        Self { alone, written: RefCell::new(None) }
    }

    fn write(&self, file: &str, text: &str) -> Result<()> {
        self.written.replace(Some((file.to_owned(), text.to_owned())));
        self.write_again()
    }

    /// The watcher of Vite passes over a change that follows another within 50 milliseconds
    /// (chokidar's `_throttle`), so that a change is made until it was heard of.
    fn write_again(&self) -> Result<()> {
        if let Some((file, text)) = &*self.written.borrow() {
            fs::write(self.alone.app.root().join(file), text)?;
        }
        Ok(())
    }

    fn remove(&self, file: &str) -> Result<()> {
        self.written.replace(None);
        Ok(fs::remove_file(self.alone.app.root().join(file))?)
    }

    /// What is so as soon as the server has heard of a change.
    fn at_last<T>(&self, is_so: impl Fn() -> Result<T>) -> Result<T> {
        at_last(|| {
            let result = is_so();
            if result.is_err() {
                self.write_again()?;
            }
            result
        })
    }

    /// The answer of this status to a handshake, as soon as the server has heard of a change.
    fn rejects_at_last(&self, status: u16) -> Result<Response> {
        self.at_last(|| {
            let response = self.alone.server.reject(&Request::upgrade("/echo"))?;
            ensure!(response.status == status, "{response}");
            Ok(response)
        })
        .with_context(|| format!("{status} was expected\n{}", self.alone.server))
    }

    /// A socket that echoes, as soon as the server has heard of a change.
    fn accepts_at_last(&self) -> Result<Socket> {
        self.at_last(|| {
            let mut socket = self.alone.server.open(&Request::upgrade("/echo"))?;
            socket.send("hello")?;
            ensure!(socket.text()? == "hello");
            Ok(socket)
        })
        .with_context(|| format!("an acceptance was expected\n{}", self.alone.server))
    }
}

const HOOKS: &str = "src/websocket.ts";

fn asks_the_hooks_as_they_are_now_in_dev(sites: &Sites) -> Result<()> {
    let dev = Dev::start(sites, "dev-hooks")?;
    let mut open = dev.accepts_at_last()?;

    dev.write(HOOKS, "export const verifyClient = () => false;\n")?;
    dev.rejects_at_last(403)?;
    dev.write(HOOKS, "export const verifyClient = () => new Response('no', { status: 418 });\n")?;
    dev.rejects_at_last(418)?;

    dev.write(HOOKS, "export const verifyClient = () => {;\n")?;
    let response = dev.rejects_at_last(500)?;
    ensure!(!response.text().contains("verifyClient"), "{response}");
    dev.alone.server.wait_for_output(Duration::from_secs(5), |printed| {
        printed
            .contains("The WebSocket hooks failed")
            .then_some(())
            .filter(|()| printed.contains(HOOKS))
    })?;
    ensure!(dev.alone.server.get("/both")?.status == 200, "plain HTTP knows no hooks");

    dev.write("src/policy.ts", "export const isOpen = true;\n")?;
    dev.write(
        HOOKS,
        "import { isOpen } from './policy';\nexport const verifyClient = () => isOpen;\n",
    )?;
    dev.accepts_at_last()?;
    dev.write("src/policy.ts", "export const isOpen = false;\n")?;
    dev.rejects_at_last(403)?;

    dev.remove(HOOKS)?;
    dev.accepts_at_last()?;

    // Nothing of this concerns who has been let in.
    open.send("still open")?;
    ensure!(open.text()? == "still open");
    dev.alone.server.check_alive()
}

fn restarts_in_dev_without_leaving_anything_behind(sites: &Sites) -> Result<()> {
    let dev = Dev::configured(sites, "dev-restart")?;
    let listeners = dev.alone.server.get("/listeners")?.text();

    for limit in [1000, 100, 10] {
        let mut open = dev.accepts_at_last()?;
        let mut update = hot_update(&dev.alone.server)?;
        configure(&dev.alone.app, &format!("{{ maxPayload: {limit} }}"))?;
        let (code, _) = open.closed().with_context(|| dev.alone.server.to_string())?;
        ensure!(code == 1001, "{code}");
        // Vite ends its own without a word.
        let _ = update.closed();

        // The server before it answers until its last moment.
        at_last(|| {
            let mut limited = dev.alone.server.open(&Request::upgrade("/echo"))?;
            limited.send(&".".repeat(limit + 1))?;
            let (code, _) = limited.closed()?;
            ensure!(code == 1009, "{code}");
            Ok(())
        })?;
        let now = dev.alone.server.get("/listeners")?.text();
        ensure!(now == listeners, "{now} listeners, and {listeners} before");
    }

    let mut update = hot_update(&dev.alone.server)?;
    ensure!(dev.alone.server.get("/")?.status == 200);
    dev.write("src/pages/index.astro", "<h1>Another</h1>\n")?;
    let message = update.text().with_context(|| format!("no update came\n{}", dev.alone.server))?;
    ensure!(message.contains(r#""type":"full-reload""#), "{message}");
    dev.alone.server.check_alive()
}

fn keeps_the_dev_server_that_a_wrong_configuration_would_replace(sites: &Sites) -> Result<()> {
    let dev = Dev::configured(sites, "dev-wrong")?;
    let mut open = dev.accepts_at_last()?;
    configure(&dev.alone.app, "{ maxPayload: '1 MiB' }")?;
    let wrong =
        "`websocket.maxPayload` must be a whole number of bytes, at least 1, got: \"1 MiB\"";
    dev.alone.server.wait_for_output(Duration::from_secs(10), |printed| {
        printed.contains(wrong).then_some(()).filter(|()| printed.contains("Continuing with"))
    })?;
    open.send("still open")?;
    ensure!(open.text()? == "still open");
    dev.accepts_at_last()?;
    dev.alone.server.check_alive()
}

/// A configuration with these `websocket` options, that also tells how many listeners the server
/// has: that is how many answers an upgrade would get.
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

/// The socket over which Vite tells of updates.
fn hot_update(server: &Server) -> Result<Socket> {
    let request = Request::upgrade("/").header("Sec-WebSocket-Protocol", "vite-hmr");
    let mut socket = server.open(&request)?;
    let greeting = socket.text().context("Vite does not greet")?;
    ensure!(greeting.contains(r#""type":"connected""#), "{greeting}");
    Ok(socket)
}
