//! The hosts of the Node adapter.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, anyhow, bail};
use tests::app::App;
use tests::browser::{Browser, NO_CHROMIUM};
use tests::cases::realtime;
use tests::chat::CHAT;
use tests::client::Certificate;
use tests::engine::{Engine, Product};
use tests::installation::Installation;
use tests::locations::{repository, target};
use tests::once::Once;
use tests::page::blocks;
use tests::processes::Process;
use tests::project::Project;
use tests::server::Server;
use tests::site::Site;
use tests::suite::Case;
use tests::tools::Tools;

pub use tests::site::Node as Host;

/// The standalone server of a build.
const STANDALONE: &str = "dist/server/entry.mjs";

/// The `realtime` option of a site on Redis.
const REDIS: &str = r#"{ "engine": "redis" }"#;

/// The same on NATS.
const NATS: &str = r#"{ "engine": "nats" }"#;

/// The folder of the journal that several processes share.
pub const JOURNAL: &str = "JOURNAL";

/// The guide about islands.
const PAGE_OF_ISLANDS: &str = "docs/islands.md";

/// The servers of all hosts. Each starts once, on first use.
#[derive(Default)]
pub struct Sites {
    installation: Installation,
    project: Once<Project>,
    isolated: Once<Project>,
    standalone: Once<App>,
    middleware: Once<App>,
    dev: Once<App>,
    chat: Once<App>,
    browser: Once<Browser>,
    islands: Once<App>,
    on_redis: Once<App>,
    on_nats: Once<App>,
    sites: [Once<Site>; Host::ALL.len()],
}

impl tests::suite::Sites for Sites {
    type Host = Host;
    const HOSTS: &'static [Host] = &Host::ALL;
    const FOREMOST: &'static [Host] = &[Host::Dev, Host::Standalone];
    const VITAL: &'static [Case<Site>] = realtime::VITAL;

    /// An engine keeps channels, and changes nothing else of a site.
    fn takes(host: Host, case: &Case<Site>) -> bool {
        host.engine().is_none() || realtime::all().any(|known| known.name == case.name)
    }

    fn installed(installation: Installation) -> Self {
        Self { installation, ..Self::default() }
    }

    fn get(&self, host: Host) -> Result<&Site> {
        self.sites[host as usize].get(|| match host.engine() {
            None => Site::warm(host.into(), self.start(host)?),
            Some((product, count)) => {
                let engine = Engine::start(product, &[])?;
                let server = self.start_on_engine(&engine, count, &host.to_string())?;
                Ok(Site { engine: Some(engine), ..Site::warm(host.into(), server)? })
            }
        })
    }
}

impl Sites {
    fn start(&self, host: Host) -> Result<Server> {
        match host {
            Host::Dev => Server::start_dev(&mut self.dev()?.astro_server(["dev", "--port", "0"])),
            Host::Preview => {
                Server::start(&mut self.standalone()?.astro_server(["preview", "--port", "0"]))
            }
            Host::Standalone => start_standalone(self.standalone()?),
            Host::Bun => start_on(Tools::bun()?, self.standalone()?),
            Host::Deno => start_on(Tools::deno()?, self.standalone()?),
            Host::Https => {
                let app = self.standalone()?;
                start_secure(app, standalone_server(app, STANDALONE))
            }
            Host::Http | Host::Express | Host::Express4 | Host::Connect | Host::Fastify => {
                self.start_host(&host.to_string())
            }
            Host::Valkey | Host::ThreeOnValkey | Host::Nats | Host::ThreeOnNats => {
                bail!("{host} needs an engine")
            }
        }
    }

    /// Starts processes of the site on one engine, behind one address.
    pub fn start_on_engine(&self, engine: &Engine, count: usize, name: &str) -> Result<Server> {
        let journal = journal(name)?;
        let start = || -> Result<Server> {
            let mut command = self.process_on(engine.product(), engine.address())?;
            Server::start(command.env(JOURNAL, &journal))
        };
        let first = start()?;
        if count == 1 {
            return Ok(first);
        }
        Server::in_turn(first, (1..count).map(|_| start()).collect::<Result<_>>()?)
    }

    /// Starts three processes of the site, each with a line of its own to the engine.
    pub fn three_on(&self, engine: &Engine, name: &str) -> Result<[Process<'_>; 3]> {
        self.three_with(engine, name, &[])
    }

    /// The same with further environment variables. An empty value removes one.
    pub fn three_with(
        &self,
        engine: &Engine,
        name: &str,
        variables: &[(&'static str, String)],
    ) -> Result<[Process<'_>; 3]> {
        let product = engine.product();
        let journal = journal(&format!("{name}-on-{product:?}").to_lowercase())?;
        self.built_for(product)?;
        let start = || {
            let (journal, variables) = (journal.clone(), variables.to_vec());
            Process::start(engine.address(), move |address| {
                let mut command = self.process_on(product, address)?;
                command.env(JOURNAL, &journal).envs(variables.iter().cloned());
                Ok(command)
            })
        };
        thread::scope(|scope| {
            let started = [(); 3].map(|()| scope.spawn(start));
            let [one, two, three] = started.map(|started| {
                started.join().unwrap_or_else(|_| Err(anyhow!("the start of a process panicked")))
            });
            Ok([one?, two?, three?])
        })
    }

    /// The command for a process of the site with its channels in memory.
    pub fn process_in_memory(&self) -> Result<Command> {
        Ok(standalone_server(self.standalone()?, STANDALONE))
    }

    /// The command for a process of the site on an engine, without an address.
    pub fn process(&self, product: Product) -> Result<Command> {
        Ok(standalone_server(self.built_for(product)?, STANDALONE))
    }

    /// The command for a process of the site on an engine with this address.
    pub fn process_on(&self, product: Product, address: SocketAddr) -> Result<Command> {
        let mut command = self.process(product)?;
        command.env(product.variable(), product.url(address));
        Ok(command)
    }

    /// The site, built for an engine.
    fn built_for(&self, product: Product) -> Result<&App> {
        match product {
            Product::Valkey | Product::Redis => self.on_redis.get(|| {
                let app = self.app("on-redis")?;
                app.build(&[("ADAPTER_MODE", "standalone"), ("REALTIME", REDIS)])?;
                Ok(app)
            }),
            Product::Nats => self.on_nats.get(|| {
                let app = self.app("on-nats")?;
                app.build(&[("ADAPTER_MODE", "standalone"), ("REALTIME", NATS)])?;
                Ok(app)
            }),
        }
    }

    /// Starts an unshared standalone server of a site with these `websocket` options.
    pub fn start_alone(&self, settings: &Settings) -> Result<Alone> {
        let app = self.built(settings, "standalone")?;
        Ok(Alone { server: start_standalone(&app)?, app })
    }

    /// The same on another runtime than Node.
    pub fn start_alone_on(&self, runtime: Command, settings: &Settings) -> Result<Alone> {
        let app = self.built(settings, "standalone")?;
        Ok(Alone { server: start_on(runtime, &app)?, app })
    }

    /// The same with a server of `hosts/`.
    pub fn start_host_alone(&self, settings: &Settings, name: &str) -> Result<Alone> {
        let app = self.built(settings, "middleware")?;
        Ok(Alone { server: start_in(&app, name)?, app })
    }

    /// The same with a dev server.
    pub fn start_dev_alone(&self, settings: &Settings) -> Result<Alone> {
        let app = self.app(settings.name)?;
        let mut command = app.astro_server(["dev", "--port", "0"]);
        let server = Server::start_dev(command.env("WEBSOCKET", settings.options))?;
        Ok(Alone { server, app })
    }

    /// A root below packages in pnpm's layout.
    pub fn isolated_app(&self, name: &str) -> Result<App> {
        self.isolated.get(|| Project::install_isolated("node"))?.app(name)
    }

    /// A root for a single case, which may change and build it.
    pub fn app(&self, name: &str) -> Result<App> {
        self.project()?.app(name)
    }

    /// A root with the sources of these folders of the repository.
    pub fn app_of_all(&self, paths: &[&str], name: &str) -> Result<App> {
        self.project()?.app_of_all(paths, name)
    }

    /// The built chat of `examples/`.
    pub fn chat(&self) -> Result<&App> {
        self.chat.get(|| {
            let app = self.app_of_all(&CHAT, "chat")?;
            app.build(&[])?;
            Ok(app)
        })
    }

    /// The browser of all examples.
    pub fn browser(&self) -> Result<&Browser> {
        self.browser.get(|| Browser::open("examples", "about:blank")?.context(NO_CHROMIUM))
    }

    /// The built site with islands of several frameworks, and those of the guide. It has packages of its
    /// own.
    pub fn islands(&self) -> Result<&App> {
        self.islands.get(|| {
            let manifest = repository().join("tests/projects/islands/package.json");
            let manifest = fs::read_to_string(manifest)?;
            let project = Project::install_with("node", "islands", &manifest)?;
            let app = project.app_of("islands", "islands")?;
            for block in blocks(PAGE_OF_ISLANDS)? {
                let file = app.root().join(block.file()?);
                fs::create_dir_all(file.parent().context("no folder")?)?;
                fs::write(file, &block.text)?;
            }
            app.build(&[])?;
            Ok(app)
        })
    }

    /// A server of `hosts/` with TLS.
    pub fn start_secure_host(&self, name: &str) -> Result<Server> {
        let app = self.middleware()?;
        start_secure(app, app.node_server(&format!("hosts/{name}.mjs")))
    }

    /// A program of `hosts/` that starts the standalone server itself.
    pub fn start_standalone_host(&self, name: &str) -> Result<Server> {
        Server::start(
            standalone_server(self.standalone()?, &format!("hosts/{name}.mjs"))
                .env("ASTRO_NODE_AUTOSTART", "disabled"),
        )
    }

    /// The command for a program of `hosts/` that imports the standalone server.
    pub fn standalone_program(&self, name: &str) -> Result<Command> {
        Ok(standalone_server(self.standalone()?, &format!("hosts/{name}.mjs")))
    }

    /// A server of `hosts/`, around the site in middleware mode.
    pub fn start_host(&self, name: &str) -> Result<Server> {
        start_in(self.middleware()?, name)
    }

    /// The same with an environment variable.
    pub fn start_host_with(&self, name: &str, variable: (&str, &str)) -> Result<Server> {
        let mut command = self.middleware()?.node_server(&format!("hosts/{name}.mjs"));
        Server::start(command.env(variable.0, variable.1))
    }

    /// The installed project.
    pub fn project(&self) -> Result<&Project> {
        self.project.get(|| Project::install_by("node", self.installation))
    }

    fn dev(&self) -> Result<&App> {
        self.dev.get(|| self.project()?.app("dev"))
    }

    fn standalone(&self) -> Result<&App> {
        self.standalone.get(|| self.build("standalone"))
    }

    fn middleware(&self) -> Result<&App> {
        self.middleware.get(|| self.build("middleware"))
    }

    fn build(&self, mode: &'static str) -> Result<App> {
        self.built(&Settings { name: mode, options: "{}" }, mode)
    }

    fn built(&self, settings: &Settings, mode: &str) -> Result<App> {
        let app = self.app(settings.name)?;
        app.build(&[("ADAPTER_MODE", mode), ("WEBSOCKET", settings.options)])?;
        Ok(app)
    }
}

/// The standalone server of a build.
pub fn start_standalone(app: &App) -> Result<Server> {
    Server::start(&mut standalone_server(app, STANDALONE))
}

/// The same on a port, on which it can start again.
pub fn start_standalone_on(app: &App, port: u16) -> Result<Server> {
    start_standalone_with(app, port, &[])
}

/// The same with environment variables.
pub fn start_standalone_with(app: &App, port: u16, variables: &[(&str, &str)]) -> Result<Server> {
    let mut command = standalone_server(app, STANDALONE);
    Server::start(command.env("PORT", port.to_string()).envs(variables.iter().copied()))
}

/// The same on another runtime than Node.
fn start_on(runtime: Command, app: &App) -> Result<Server> {
    let mut command = app.server_on(runtime, STANDALONE);
    on_loopback(&mut command);
    Server::start(&mut command)
}

/// Adds a certificate, in the place where upstream's standalone server looks for one.
fn start_secure(app: &App, mut command: Command) -> Result<Server> {
    let made = Certificate::generate()?;
    let folder = app.root().join("dist");
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    fs::write(&certificate, &made.certificate)?;
    fs::write(&key, &made.key)?;
    command.env("SERVER_CERT_PATH", certificate).env("SERVER_KEY_PATH", key);
    Ok(Server::start(&mut command)?.with_tls(made.client))
}

/// The command for a standalone server, or for a program that imports it.
pub fn standalone_server(app: &App, script: &str) -> Command {
    let mut command = app.node_server(script);
    on_loopback(&mut command);
    command
}

/// Makes upstream's standalone server listen on loopback.
fn on_loopback(command: &mut Command) {
    command.env("HOST", "127.0.0.1").env("PORT", "0");
}

/// An empty folder for the journal of processes with this name.
pub fn journal(name: &str) -> Result<PathBuf> {
    let folder = target().join("journals").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn start_in(app: &App, name: &str) -> Result<Server> {
    Server::start(&mut app.node_server(&format!("hosts/{name}.mjs")))
}

/// The settings of a site.
pub struct Settings {
    /// The name of its folder.
    pub name: &'static str,
    /// The `websocket` option of the adapter, as JSON.
    pub options: &'static str,
}

/// A server for a single case, and its folder.
pub struct Alone {
    pub server: Server,
    pub app: App,
}
