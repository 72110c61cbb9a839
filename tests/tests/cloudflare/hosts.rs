//! The ways in which the Cloudflare adapter serves a site.

use std::fs;

use anyhow::Result;
use serde_json::{Map, Value};
use tests::once::Once;
use tests::project::{App, Project};
use tests::server::Server;
use tests::site::Site;

pub use tests::site::Cloudflare as Host;

/// Where a build leaves the Worker and its configuration.
const BUILT: &str = "dist/server";

/// The server of every host, each started once, by whoever needs it first.
#[derive(Default)]
pub struct Sites {
    project: Once<Project>,
    dev: Once<App>,
    built: Once<App>,
    edited: Once<(App, Server)>,
    sites: [Once<Site>; Host::ALL.len()],
}

impl tests::suite::Sites for Sites {
    type Host = Host;
    const HOSTS: &'static [Host] = &Host::ALL;

    fn get(&self, host: Host) -> Result<&Site> {
        self.sites[host as usize].get(|| Ok(Site { host: host.into(), server: self.start(host)? }))
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

    /// Wrangler's harness for tests, around what was built, with a configuration beside it.
    pub fn start_harness(&self, configuration: &str) -> Result<Server> {
        start_harness(self.built()?, configuration)
    }

    /// The same, with another compatibility date.
    pub fn start_harness_on(&self, date: &str) -> Result<Server> {
        let folder = self.built()?.root().join(BUILT);
        let text = fs::read_to_string(folder.join("wrangler.json"))?;
        let mut configuration: Map<String, Value> = serde_json::from_str(&text)?;
        configuration.insert("compatibility_date".to_owned(), date.into());
        let name = format!("wrangler-{date}.json");
        fs::write(folder.join(&name), serde_json::to_string(&configuration)?)?;
        self.start_harness(&name)
    }

    /// A root that one case has to itself.
    pub fn app(&self, name: &str) -> Result<App> {
        self.project()?.app(name)
    }

    /// `astro dev` of a site whose pages may be changed while it runs.
    pub fn edited(&self) -> Result<&(App, Server)> {
        self.edited.get(|| self.start_dev("dev-edited"))
    }

    /// `astro dev` in a root that one case has to itself.
    pub fn start_dev(&self, name: &str) -> Result<(App, Server)> {
        let app = self.app(name)?;
        let server = Server::start(&mut app.astro_server(["dev", "--port", "0"]))?;
        Ok((app, server))
    }

    pub fn project(&self) -> Result<&Project> {
        self.project.get(|| Project::install("cloudflare"))
    }

    fn dev(&self) -> Result<&App> {
        self.dev.get(|| self.project()?.app("dev"))
    }

    pub fn built(&self) -> Result<&App> {
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
    let mut command = app.wrangler_server(["dev", "--ip", "127.0.0.1", "--port", "0"]);
    command
        .args(["--inspector-port", "0", "--show-interactive-dev-session", "false"])
        .arg("--persist-to")
        .arg(folder.join("state"))
        .env("XDG_CONFIG_HOME", folder);
    Server::start(&mut command)
}

/// Wrangler's harness for tests, around what was built in a root.
pub fn start_harness(app: &App, configuration: &str) -> Result<Server> {
    let mut command = app.node_server("hosts/harness.mjs");
    Server::start(command.arg(format!("{BUILT}/{configuration}")))
}
