//! The ways in which the Node adapter serves a site.

use std::fmt;
use std::fs;
use std::sync::OnceLock;

use anyhow::{Result, anyhow};
use tests::client::Certificate;
use tests::project::{App, Project};
use tests::server::Server;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    Dev,
    Preview,
    Standalone,
    Https,
    Http,
    Express,
    Express4,
    Connect,
    Fastify,
}

impl Host {
    pub const ALL: [Self; 9] = [
        Self::Dev,
        Self::Standalone,
        Self::Preview,
        Self::Https,
        Self::Http,
        Self::Express,
        Self::Express4,
        Self::Connect,
        Self::Fastify,
    ];

    /// Whether Astro's handler is a part of somebody else's server (`mode: 'middleware'`).
    pub fn is_application(self) -> bool {
        matches!(self, Self::Http | Self::Express | Self::Express4 | Self::Connect | Self::Fastify)
    }

    /// Whether it answers for prerendered pages and public files. In middleware mode that is the
    /// application's own task, and of ours only those of Express do it.
    pub fn serves_files(self) -> bool {
        !matches!(self, Self::Http | Self::Connect | Self::Fastify)
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Dev => "dev",
            Self::Preview => "preview",
            Self::Standalone => "standalone",
            Self::Https => "https",
            Self::Http => "http",
            Self::Express => "express",
            Self::Express4 => "express-4",
            Self::Connect => "connect",
            Self::Fastify => "fastify",
        })
    }
}

/// A running server, with the host that it is.
pub struct Site {
    pub host: Host,
    pub server: Server,
}

/// The server of every host, each started once, by whoever needs it first.
#[derive(Default)]
pub struct Sites {
    project: Shared<Project>,
    standalone: Shared<App>,
    middleware: Shared<App>,
    dev: Shared<App>,
    sites: [Shared<Site>; Host::ALL.len()],
}

impl Sites {
    pub fn get(&self, host: Host) -> Result<&Site> {
        self.sites[host as usize].get(|| Ok(Site { host, server: self.start(host)? }))
    }

    fn start(&self, host: Host) -> Result<Server> {
        match host {
            Host::Dev => Server::start(&mut self.dev()?.astro_server(["dev", "--port", "0"])),
            Host::Preview => {
                Server::start(&mut self.standalone()?.astro_server(["preview", "--port", "0"]))
            }
            Host::Standalone => start_standalone(self.standalone()?),
            Host::Https => {
                let app = self.standalone()?;
                let made = Certificate::generate()?;
                let folder = app.root().join("dist");
                fs::write(folder.join("certificate.pem"), &made.certificate)?;
                fs::write(folder.join("key.pem"), &made.key)?;
                let server = Server::start(
                    app.node_server("dist/server/entry.mjs")
                        .env("HOST", "127.0.0.1")
                        .env("PORT", "0")
                        .env("SERVER_CERT_PATH", folder.join("certificate.pem"))
                        .env("SERVER_KEY_PATH", folder.join("key.pem")),
                )?;
                Ok(server.with_tls(made.client))
            }
            Host::Http | Host::Express | Host::Express4 | Host::Connect | Host::Fastify => {
                self.start_host(&host.to_string())
            }
        }
    }

    /// A standalone server that is not shared, of a site with these `websocket` options.
    pub fn start_alone(&self, settings: &Settings) -> Result<Alone> {
        let app = self.project()?.app(settings.name)?;
        app.build(&[("ADAPTER_MODE", "standalone"), ("WEBSOCKET", settings.options)])?;
        Ok(Alone { server: start_standalone(&app)?, _app: app })
    }

    /// A server of `hosts/`, around the site in middleware mode.
    pub fn start_host(&self, name: &str) -> Result<Server> {
        Server::start(&mut self.middleware()?.node_server(&format!("hosts/{name}.mjs")))
    }

    fn project(&self) -> Result<&Project> {
        self.project.get(|| Project::install("node"))
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

    fn build(&self, mode: &str) -> Result<App> {
        let app = self.project()?.app(mode)?;
        app.build(&[("ADAPTER_MODE", mode)])?;
        Ok(app)
    }
}

fn start_standalone(app: &App) -> Result<Server> {
    Server::start(
        app.node_server("dist/server/entry.mjs").env("HOST", "127.0.0.1").env("PORT", "0"),
    )
}

/// Options that a site is built with.
pub struct Settings {
    /// Of the folder that it is built in.
    pub name: &'static str,
    /// The `websocket` option of the adapter, as JSON.
    pub options: &'static str,
}

/// A server that one case has to itself, and the folder with it.
pub struct Alone {
    pub server: Server,
    _app: App,
}

/// A value that the first thread to need it makes.
struct Shared<T>(OnceLock<Result<T, String>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T> Shared<T> {
    /// What `make` made. Why it could not is told in full to the first who asks; it may be long.
    fn get(&self, make: impl FnOnce() -> Result<T>) -> Result<&T> {
        let mut failure = None;
        let made = self.0.get_or_init(|| {
            make().map_err(|error| {
                let reason = format!("{error:#}");
                failure = Some(error);
                reason.lines().next().unwrap_or_default().to_owned()
            })
        });
        made.as_ref().map_err(|reason| failure.unwrap_or_else(|| anyhow!("{reason}")))
    }
}
