//! The hosts of the Node adapter.

use std::fs;
use std::process::Command;

use anyhow::Result;
use tests::app::App;
use tests::client::Certificate;
use tests::installation::Installation;
use tests::locations::repository;
use tests::once::Once;
use tests::project::Project;
use tests::server::Server;
use tests::site::Site;
use tests::suite::Case;
use tests::tools::Tools;

pub use tests::site::Node as Host;

/// The standalone server of a build.
const STANDALONE: &str = "dist/server/entry.mjs";

/// The sources of the chat: the example, and the pages that the tests add.
pub const CHAT: [&str; 2] = ["examples/chat", "tests/projects/chat"];

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
    islands: Once<App>,
    sites: [Once<Site>; Host::ALL.len()],
}

impl tests::suite::Sites for Sites {
    type Host = Host;
    const HOSTS: &'static [Host] = &Host::ALL;
    const FOREMOST: &'static [Host] = &[Host::Dev, Host::Standalone];
    const VITAL: &'static [Case<Site>] = tests::cases::realtime::VITAL;

    fn installed(installation: Installation) -> Self {
        Self { installation, ..Self::default() }
    }

    fn get(&self, host: Host) -> Result<&Site> {
        self.sites[host as usize].get(|| Site::warm(host.into(), self.start(host)?))
    }
}

impl Sites {
    fn start(&self, host: Host) -> Result<Server> {
        match host {
            Host::Dev => Server::start(&mut self.dev()?.astro_server(["dev", "--port", "0"])),
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
        let server = Server::start(command.env("WEBSOCKET", settings.options))?;
        server.warm()?;
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

    /// The built site with islands of several frameworks. It has packages of its own.
    pub fn islands(&self) -> Result<&App> {
        self.islands.get(|| {
            let manifest = repository().join("tests/projects/islands/package.json");
            let manifest = fs::read_to_string(manifest)?;
            let project = Project::install_with("node", "islands", &manifest)?;
            let app = project.app_of("islands", "islands")?;
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

    fn project(&self) -> Result<&Project> {
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
    Server::start(standalone_server(app, STANDALONE).env("PORT", port.to_string()))
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

fn standalone_server(app: &App, script: &str) -> Command {
    let mut command = app.node_server(script);
    on_loopback(&mut command);
    command
}

/// Makes upstream's standalone server listen on loopback.
fn on_loopback(command: &mut Command) {
    command.env("HOST", "127.0.0.1").env("PORT", "0");
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
