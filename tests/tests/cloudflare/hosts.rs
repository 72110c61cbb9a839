//! The hosts of the Cloudflare adapter.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tempfile::NamedTempFile;
use tests::app::App;
use tests::browser::{Browser, NO_CHROMIUM};
use tests::chat::{CHAT, Place};
use tests::installation::Installation;
use tests::once::Once;
use tests::page::blocks;
use tests::pins::major;
use tests::project::{Project, without_debugger};
use tests::server::{Realtime, Server};
use tests::site::Site;
use tests::suite::{Case, NotApplicable, not_applicable};

use crate::cases;

pub use tests::site::Cloudflare as Host;

/// Wrangler's configuration file before it read JSON.
const EARLY_CONFIGURATION: &str = "wrangler.toml";

/// The page that tells how a site moves to another runtime.
const START: &str = "docs/start.md";

/// Why a case about channels says nothing about an older Astro.
pub const NO_CHANNELS: &str = "a site on Cloudflare can have channels since Astro 6";

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
    chat: Once<App>,
    chat_server: Once<(Server, Place)>,
    browser: Once<Browser>,
    sites: [Once<Site>; Host::ALL.len()],
}

impl tests::suite::Sites for Sites {
    type Host = Host;
    const HOSTS: &'static [Host] = &Host::ALL;
    const FOREMOST: &'static [Host] = &[Host::Dev, Host::Wrangler];
    const VITAL: &'static [Case<Site>] = cases::VITAL;

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
            Host::Dev => self.serve_dev(self.dev()?),
            Host::Preview => start(&mut self.built()?.astro_server(["preview", "--port", "0"])),
            Host::Wrangler if is_before_workerd()? => {
                let is_early = self.installation == Installation::Floor;
                let path = if is_early { EARLY_CONFIGURATION } else { configuration()? };
                wrangler_dev(self.built()?, path)
            }
            // The lowest versions may not know how to evict.
            Host::Wrangler if self.installation == Installation::Floor => {
                wrangler_dev(self.built()?, configuration()?)
            }
            Host::Wrangler => self.start_hibernating(),
        }
    }

    /// Wrangler's test harness around a build.
    pub fn start_harness(&self) -> Result<Server> {
        start_harness(self.built()?, configuration()?)
    }

    /// The same with another compatibility date.
    pub fn start_harness_on(&self, date: &str) -> Result<Server> {
        let path = self.configure_build(date, |configuration| {
            configuration.insert("compatibility_date".to_owned(), date.into());
        })?;
        start_harness(self.built()?, path)
    }

    /// `wrangler dev` of a build, where each step of a realtime case evicts an object from memory. One
    /// way of running a site is enough for that: the objects are the same in all.
    fn start_hibernating(&self) -> Result<Server> {
        let server = wrangler_dev(self.built()?, self.configure_evictable("hibernating")?)?;
        let realtime = Realtime { hibernates: true, ..server.realtime() };
        Ok(server.with_realtime(realtime))
    }

    /// Configures the build so that its page can evict objects.
    pub fn configure_evictable(&self, name: &str) -> Result<PathBuf> {
        self.configure_build(name, |configuration| {
            let flags = configuration.entry("compatibility_flags").or_insert(json!([]));
            flags.as_array_mut().into_iter().for_each(|flags| flags.push("unsafe_module".into()));
        })
    }

    /// Writes another configuration for the same build, and returns its path.
    pub fn configure_build(
        &self,
        name: &str,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<PathBuf> {
        configure(self.built()?, configuration()?, name, change)
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
    pub fn date_of_workerd(&self) -> Result<String> {
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
        let server = self.serve_dev(&app)?;
        Ok((app, server))
    }

    /// `astro dev` of an app.
    pub fn serve_dev(&self, app: &App) -> Result<Server> {
        Ok(per_channel(Server::start_dev(&mut app.astro_server(["dev", "--port", "0"]))?))
    }

    /// A root with the chat of `examples/`, and with this adapter.
    pub fn chat_app(&self, name: &str) -> Result<App> {
        if is_before_workerd()? {
            return not_applicable(NO_CHANNELS).map(|()| unreachable!("it is an error"));
        }
        let [example, pages] = CHAT;
        self.project()?.app_of_all(&[example, pages, "tests/projects/chat-on-cloudflare"], name)
    }

    /// The built chat.
    pub fn chat(&self) -> Result<&App> {
        self.chat.get(|| {
            let app = self.chat_app("chat")?;
            app.build(&[])?;
            Ok(app)
        })
    }

    /// `wrangler dev` of the built chat, with nothing in its state.
    pub fn chat_server(&self) -> Result<&Server> {
        let served = self.chat_server.get(|| {
            let place = Place::new()?;
            let server = wrangler_dev_at(self.chat()?, configuration()?, &place)?;
            Ok((server, place))
        });
        served.map(|(server, _)| server)
    }

    /// A root with an example. Its configuration is changed as the page says, and nothing else.
    pub fn example_app(&self, name: &str) -> Result<App> {
        if is_before_workerd()? {
            return not_applicable(NO_CHANNELS).map(|()| unreachable!("it is an error"));
        }
        let app = self.project()?.app_of_all(&[&format!("examples/{name}")], name)?;
        let mut changed = 0;
        let pages = blocks(START)?;
        let mut configurations = pages.iter().filter(|block| block.language == "js");
        let (node, cloudflare) =
            configurations.next().zip(configurations.next()).context("no configurations")?;
        for (old, new) in node.text.lines().zip(cloudflare.text.lines()) {
            if old != new {
                app.edit("astro.config.mjs", old.trim(), &without_debugger(new.trim()))?;
                changed += 1;
            }
        }
        ensure!(changed == 2, "{START} changes {changed} lines of the configuration");
        Ok(app)
    }

    /// The browser of all examples.
    pub fn browser(&self) -> Result<&Browser> {
        self.browser
            .get(|| Browser::open("examples-on-cloudflare", "about:blank")?.context(NO_CHROMIUM))
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

/// Writes a changed copy of a configuration beside it, and returns its path. All paths are relative
/// to the root.
///
/// Other servers of the build may run: a file that changes in its folder makes wrangler load the
/// Worker again, which ends all connections. A file that appears whole does not.
pub fn configure(
    app: &App,
    path: impl AsRef<Path>,
    name: &str,
    change: impl FnOnce(&mut Map<String, Value>),
) -> Result<PathBuf> {
    let text = fs::read_to_string(app.root().join(&path))?;
    let mut configuration: Map<String, Value> = serde_json::from_str(&text)?;
    change(&mut configuration);
    let path = path.as_ref().with_file_name(format!("wrangler-{name}.json"));
    let (target, text) = (app.root().join(&path), serde_json::to_string(&configuration)?);
    if fs::read_to_string(&target).is_ok_and(|known| known == text) {
        return Ok(path);
    }
    let mut file = NamedTempFile::new_in(app.root())?;
    file.write_all(text.as_bytes())?;
    file.persist(target)?;
    Ok(path)
}

/// `wrangler dev` of a build with this configuration. Its state is separate from that of `astro
/// preview` and other servers that may run at the same time.
pub fn wrangler_dev(app: &App, configuration: impl AsRef<Path>) -> Result<Server> {
    let configuration = configuration.as_ref();
    start(&mut wrangler_command(app, &[configuration], &state_of_wrangler(app, configuration), 0))
}

/// The same at a place.
pub fn wrangler_dev_at(
    app: &App,
    configuration: impl AsRef<Path>,
    place: &Place,
) -> Result<Server> {
    wrangler_dev_with(app, configuration, place, &[])
}

/// The same with variables of the site.
pub fn wrangler_dev_with(
    app: &App,
    configuration: impl AsRef<Path>,
    place: &Place,
    variables: &[(&str, &str)],
) -> Result<Server> {
    let folder = place.state.path();
    let mut command = wrangler_command(app, &[configuration.as_ref()], folder, place.port);
    for (name, value) in variables {
        command.arg("--var").arg(format!("{name}:{value}"));
    }
    start(&mut command)
}

/// The same of two Workers. The first one gets the requests. The second one continues what it has
/// stored when it was alone.
pub fn wrangler_dev_of_two(app: &App, first: &Path, second: &Path) -> Result<Server> {
    start(&mut wrangler_command(app, &[first, second], &state_of_wrangler(app, second), 0))
}

/// The folder for what the server with this configuration keeps.
fn state_of_wrangler(app: &App, configuration: &Path) -> PathBuf {
    app.root().join(".wrangler/of-wrangler").join(configuration.file_stem().unwrap_or_default())
}

/// `wrangler dev` that keeps its files in this folder. Port 0 is any free one.
fn wrangler_command(app: &App, configurations: &[&Path], folder: &Path, port: u16) -> Command {
    let mut command = app.wrangler_server(["dev", "--ip", "127.0.0.1", "--port"]);
    command.arg(port.to_string()).args([
        "--inspector-port",
        "0",
        "--show-interactive-dev-session",
        "false",
    ]);
    for configuration in configurations {
        command.arg("--config").arg(configuration);
    }
    command.arg("--persist-to").arg(folder.join("state")).env("XDG_CONFIG_HOME", folder);
    command
}

/// Starts a server whose channels are Durable Objects.
pub fn start(command: &mut Command) -> Result<Server> {
    Ok(per_channel(Server::start(command)?))
}

fn per_channel(server: Server) -> Server {
    server.with_realtime(Realtime { is_per_channel: true, hibernates: false })
}

/// Wrangler's test harness around a build in a root with this configuration. Up to Astro 5 the
/// adapter's wrangler has no harness, so it is `wrangler dev` there.
pub fn start_harness(app: &App, configuration: impl AsRef<Path>) -> Result<Server> {
    if is_before_workerd()? {
        return wrangler_dev(app, configuration);
    }
    let mut command = app.node_server("hosts/harness.mjs");
    start(command.arg(configuration.as_ref()))
}
