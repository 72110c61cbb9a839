//! The ways in which the Cloudflare adapter serves a site.

use std::ffi::OsStr;
use std::process::Command;

use anyhow::Result;
use tests::once::Once;
use tests::project::{App, Project};
use tests::server::Server;
use tests::site::{self, Site};

pub use tests::site::Cloudflare as Host;

/// Wrangler's command line, seen from a root. Its `bin` starts a second process.
const WRANGLER: &str = "../node_modules/wrangler/wrangler-dist/cli.js";

/// The server of every host, each started once, by whoever needs it first.
#[derive(Default)]
pub struct Sites {
    project: Once<Project>,
    dev: Once<App>,
    built: Once<App>,
    sites: [Once<Site>; Host::ALL.len()],
}

impl tests::suite::Sites for Sites {
    type Host = Host;
    const HOSTS: &'static [Host] = &Host::ALL;

    fn get(&self, host: Host) -> Result<&Site> {
        self.sites[host as usize]
            .get(|| Ok(Site { host: site::Host::Cloudflare(host), server: self.start(host)? }))
    }
}

impl Sites {
    fn start(&self, host: Host) -> Result<Server> {
        match host {
            Host::Dev => Server::start(&mut self.dev()?.astro_server(["dev", "--port", "0"])),
            Host::Preview => {
                Server::start(&mut self.built()?.astro_server(["preview", "--port", "0"]))
            }
            Host::Wrangler => wrangler_dev(self.built()?),
        }
    }

    fn project(&self) -> Result<&Project> {
        self.project.get(|| Project::install("cloudflare"))
    }

    fn dev(&self) -> Result<&App> {
        self.dev.get(|| self.project()?.app("dev"))
    }

    fn built(&self) -> Result<&App> {
        self.built.get(|| {
            let app = self.project()?.app("built")?;
            app.build(&[])?;
            Ok(app)
        })
    }
}

/// `wrangler dev` of what was built. What it keeps it keeps apart from what `astro preview` does,
/// which may run at the same time.
fn wrangler_dev(app: &App) -> Result<Server> {
    let folder = app.root().join(".wrangler/of-wrangler");
    let mut command = wrangler(app, ["dev", "--ip", "127.0.0.1", "--port", "0"]);
    command
        .args(["--inspector-port", "0", "--show-interactive-dev-session", "false"])
        .arg("--persist-to")
        .arg(folder.join("state"))
        .env("XDG_CONFIG_HOME", folder);
    Server::start(&mut command)
}

/// `wrangler <arguments>`.
fn wrangler<I: AsRef<OsStr>>(app: &App, arguments: impl IntoIterator<Item = I>) -> Command {
    let mut command = app.node_server(WRANGLER);
    command.args(arguments);
    command
}
