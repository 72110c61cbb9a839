//! The ways in which the Cloudflare adapter serves a site.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use anyhow::Result;
use serde_json::{Map, Value};
use tests::once::Once;
use tests::project::{App, Project, major};
use tests::server::Server;
use tests::site::Site;
use tests::suite::NotApplicable;

pub use tests::site::Cloudflare as Host;

/// Up to Astro 5 the adapter leaves Cloudflare's own runtime to wrangler: its dev server runs the site
/// in Node, and a build of it is served with the site's own configuration.
pub fn is_before_workerd() -> Result<bool> {
    Ok(major()? < 6)
}

/// The configuration of a Worker that was built, seen from its root.
pub fn configuration() -> Result<&'static str> {
    Ok(if is_before_workerd()? { "wrangler.jsonc" } else { "dist/server/wrangler.json" })
}

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
    const FOREMOST: &'static [Host] = &[Host::Dev, Host::Wrangler];

    fn get(&self, host: Host) -> Result<&Site> {
        if host == Host::Preview && is_before_workerd()? {
            return Err(NotApplicable("the adapter has a preview since Astro 6").into());
        }
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

    /// Wrangler's harness for tests, around what was built.
    pub fn start_harness(&self) -> Result<Server> {
        start_harness(self.built()?, configuration()?)
    }

    /// The same, with another compatibility date.
    pub fn start_harness_on(&self, date: &str) -> Result<Server> {
        let built = self.built()?;
        let path = Path::new(configuration()?);
        let text = fs::read_to_string(built.root().join(path))?;
        let mut configuration: Map<String, Value> = serde_json::from_str(&text)?;
        configuration.insert("compatibility_date".to_owned(), date.into());
        let path = path.with_file_name(format!("wrangler-{date}.json"));
        fs::write(built.root().join(&path), serde_json::to_string(&configuration)?)?;
        start_harness(built, &path)
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

/// Wrangler's harness for tests, around what was built in a root with this configuration.
pub fn start_harness(app: &App, configuration: impl AsRef<OsStr>) -> Result<Server> {
    let mut command = app.node_server("hosts/harness.mjs");
    Server::start(command.arg(configuration))
}
