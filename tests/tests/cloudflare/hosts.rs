//! The hosts of the Cloudflare adapter.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};
use tests::app::App;
use tests::installation::Installation;
use tests::once::Once;
use tests::pins::major;
use tests::project::Project;
use tests::server::Server;
use tests::site::Site;
use tests::suite::NotApplicable;

pub use tests::site::Cloudflare as Host;

/// Wrangler's configuration file before it read JSON.
const EARLY_CONFIGURATION: &str = "wrangler.toml";

/// The manifest of an installed package.
#[derive(Deserialize)]
struct Versioned {
    version: String,
}

/// Up to Astro 5 the adapter leaves Cloudflare's own runtime to wrangler. Its dev server runs the
/// site in Node, and the site's own configuration serves a build.
pub fn is_before_workerd() -> Result<bool> {
    Ok(major()? < 6)
}

/// The configuration of a built Worker, relative to its root.
pub fn configuration() -> Result<&'static str> {
    Ok(if is_before_workerd()? { "wrangler.jsonc" } else { "dist/server/wrangler.json" })
}

/// The servers of all hosts. Each starts once, on first use.
#[derive(Default)]
pub struct Sites {
    installation: Installation,
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

    fn installed(installation: Installation) -> Self {
        Self { installation, ..Self::default() }
    }

    fn get(&self, host: Host) -> Result<&Site> {
        if host == Host::Preview && is_before_workerd()? {
            return Err(NotApplicable("the adapter has a preview since Astro 6").into());
        }
        self.sites[host as usize].get(|| Site::warm(host.into(), self.start(host)?))
    }
}

impl Sites {
    fn start(&self, host: Host) -> Result<Server> {
        match host {
            Host::Dev => Server::start(&mut self.dev()?.astro_server(["dev", "--port", "0"])),
            Host::Preview => {
                Server::start(&mut self.built()?.astro_server(["preview", "--port", "0"]))
            }
            Host::Wrangler if self.installation == Installation::Floor && is_before_workerd()? => {
                wrangler_dev(self.built()?, EARLY_CONFIGURATION)
            }
            Host::Wrangler => wrangler_dev(self.built()?, configuration()?),
        }
    }

    /// Wrangler's test harness around a build.
    pub fn start_harness(&self) -> Result<Server> {
        start_harness(self.built()?, configuration()?)
    }

    /// The same with another compatibility date.
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

    /// A root for a single case.
    pub fn app(&self, name: &str) -> Result<App> {
        let app = self.project()?.app(name)?;
        if self.installation == Installation::Floor {
            self.configure_as_on_the_day_of_workerd(&app)?;
        }
        Ok(app)
    }

    /// Writes the configuration of a site that was begun with these versions.
    fn configure_as_on_the_day_of_workerd(&self, app: &App) -> Result<()> {
        let path = app.root().join("wrangler.jsonc");
        let mut configuration: Map<String, Value> =
            serde_json::from_str(&fs::read_to_string(&path)?)?;
        configuration.insert("compatibility_date".to_owned(), self.date_of_workerd()?.into());
        if is_before_workerd()? {
            // wrangler 3.82 reads TOML, and its proxy for `astro dev` rejects a site's own Durable
            // Objects.
            configuration.retain(|key, _| !["durable_objects", "migrations"].contains(&&**key));
            fs::write(path.with_file_name(EARLY_CONFIGURATION), toml::to_string(&configuration)?)?;
        }
        Ok(fs::write(path, serde_json::to_string(&configuration)?)?)
    }

    /// The newest compatibility date that the installed workerd supports. Its version contains it:
    /// `1.20260114.0`.
    fn date_of_workerd(&self) -> Result<String> {
        let manifest = self.project()?.folder().join("node_modules/workerd/package.json");
        let Versioned { version } = serde_json::from_slice(&fs::read(manifest)?)?;
        let digits = version.split('.').nth(1).filter(|digits| digits.len() == 8);
        let digits = digits.with_context(|| format!("workerd {version} names no day"))?;
        Ok(format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]))
    }

    /// `astro dev` of a site whose pages may change while it runs.
    pub fn edited(&self) -> Result<&(App, Server)> {
        self.edited.get(|| self.start_dev("dev-edited"))
    }

    /// `astro dev` in a root for a single case.
    pub fn start_dev(&self, name: &str) -> Result<(App, Server)> {
        let app = self.app(name)?;
        let server = Server::start(&mut app.astro_server(["dev", "--port", "0"]))?;
        Ok((app, server))
    }

    pub fn project(&self) -> Result<&Project> {
        self.project.get(|| Project::install_by("cloudflare", self.installation))
    }

    fn dev(&self) -> Result<&App> {
        self.dev.get(|| self.app("dev"))
    }

    pub fn built(&self) -> Result<&App> {
        self.built.get(|| {
            let app = self.app("built")?;
            app.build(&[])?;
            Ok(app)
        })
    }
}

/// `wrangler dev` of a build with this configuration. Its state is separate from that of `astro
/// preview` and other servers that may run at the same time.
fn wrangler_dev(app: &App, configuration: impl AsRef<Path>) -> Result<Server> {
    let configuration = configuration.as_ref();
    let name = configuration.file_stem().unwrap_or_default();
    let folder = app.root().join(".wrangler/of-wrangler").join(name);
    let mut command = app.wrangler_server(["dev", "--ip", "127.0.0.1", "--port", "0"]);
    command
        .args(["--inspector-port", "0", "--show-interactive-dev-session", "false"])
        .arg("--config")
        .arg(configuration)
        .arg("--persist-to")
        .arg(folder.join("state"))
        .env("XDG_CONFIG_HOME", folder);
    Server::start(&mut command)
}

/// Wrangler's test harness around a build in a root with this configuration. Up to Astro 5 the
/// adapter's wrangler has no harness, so it is `wrangler dev` there.
pub fn start_harness(app: &App, configuration: impl AsRef<Path>) -> Result<Server> {
    if is_before_workerd()? {
        return wrangler_dev(app, configuration);
    }
    let mut command = app.node_server("hosts/harness.mjs");
    Server::start(command.arg(configuration.as_ref()))
}
