//! From the pins to working sites, by way of a registry: every package is published to one on
//! loopback, by the commands of the page, and installed from there as people do it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use tests::checkout::Checkout;
use tests::cuts::{Cut, Cuts};
use tests::locations::{repository, target};
use tests::project::{Pin, node_in, pins};
use tests::registry::Registry;
use tests::server::Server;
use tests::tools::{Tools, run};

use crate::readme::{README, blocks};

/// The attempts that an upload is given.
const ATTEMPTS: usize = 3;

/// How many sites are made at a time.
const WORKERS: usize = 2;

/// The version of wrangler that the projects of the tests have.
const WRANGLER: &str = "tests/projects/cloudflare/package.json";

/// A package as it was published.
struct Package {
    runtime: String,
    name: String,
    version: String,
    tag: String,
    pin: Pin,
    /// Whether there is none for a later Astro.
    is_newest: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    Npm,
    Pnpm,
}

#[test]
fn every_package_is_published_and_installed_and_echoes() -> Result<()> {
    let tools = Tools::get()?;
    let checkout = Checkout::copy("published")?;
    checkout.commit()?;
    checkout.build_as_tested()?;
    let packages = packages(&checkout)?;
    ensure!(!packages.is_empty(), "nothing was built");
    let day = packages.iter().map(|package| package.pin.as_of.as_str()).min();
    let registry = Registry::start(&tools, day.context("no day")?)?;
    let cuts = Cuts::start(registry.server().address())?;
    let publisher = Publisher { checkout: &checkout, registry: &registry, cuts: &cuts };

    publisher.survives_a_registry_that_fails_in_the_middle(&packages)?;
    for package in &packages {
        is_there(&registry, package)?;
    }
    publisher.uploads_nothing_again()?;
    install_all(&tools, &registry, &packages)
}

/// Who publishes, through a proxy that may cut the connection.
struct Publisher<'p> {
    checkout: &'p Checkout,
    registry: &'p Registry,
    cuts: &'p Cuts,
}

impl Publisher<'_> {
    /// A command of the page, with the registry as the one that npm is configured for.
    fn run(&self, arguments: &[&str]) -> Result<Output> {
        let address = self.cuts.address();
        let mut command = self.checkout.xtask(arguments);
        command.env(format!("npm_config_//{address}/:_authToken"), self.registry.token());
        // Tools that are there are not installed once more.
        command.env("CARGO_TARGET_DIR", target()).arg(format!("--registry=http://{address}"));
        command.output().context("xtask does not start")
    }

    fn survives_a_registry_that_fails_in_the_middle(&self, packages: &[Package]) -> Result<()> {
        // The first upload needs a second try, the second is not told that it has arrived, and from
        // the third on there is no registry any more.
        let mut plan = vec![Cut::Upload, Cut::None, Cut::Answer];
        plan.extend([Cut::Upload; ATTEMPTS]);
        self.cuts.plan(&plan);
        let failed = self.run(&["publish"])?;
        let complaint = String::from_utf8_lossy(&failed.stderr);
        ensure!(failed.status.code() == Some(1), "{:?}: {complaint}", failed.status);
        ensure!(complaint.contains("error[N014]"), "{complaint}");
        let told = format!("2 of {} packages are published", packages.len());
        ensure!(complaint.contains(&told), "{complaint}");

        ensure!(self.cuts.plan(&[]) == plan.len(), "the registry was not asked as planned");
        succeeded(&self.run(&["publish"])?)?;
        let uploads = self.cuts.plan(&[]);
        ensure!(uploads == packages.len() - 2, "{uploads} uploads for what was left");
        Ok(())
    }

    fn uploads_nothing_again(&self) -> Result<()> {
        succeeded(&self.run(&["publish"])?)?;
        succeeded(&self.run(&["publish", "--check"])?)?;
        let uploads = self.cuts.plan(&[]);
        ensure!(uploads == 0, "{uploads} uploads of what was there");
        Ok(())
    }
}

fn succeeded(output: &Output) -> Result<()> {
    let Output { status, stdout, stderr } = output;
    let (stdout, stderr) = (String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr));
    ensure!(status.success(), "it ended with {status}\n{stdout}{stderr}");
    Ok(())
}

/// The built packages, the newest of each runtime first.
fn packages(checkout: &Checkout) -> Result<Vec<Package>> {
    let mut packages = Vec::new();
    for runtime in checkout.runtimes()? {
        let mut lines: Vec<_> = checkout.packages(&runtime)?.into_iter().collect();
        let mut pins = pins()?;
        lines.sort_by(|one, other| other.0.cmp(&one.0));
        for (index, (line, folder)) in lines.into_iter().enumerate() {
            let manifest: Value = serde_json::from_slice(&fs::read(folder.join("package.json"))?)?;
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            packages.push(Package {
                runtime: runtime.clone(),
                name: text(&manifest["name"]),
                version: text(&manifest["version"]),
                tag: text(&manifest["publishConfig"]["tag"]),
                pin: pins.remove(&line).with_context(|| format!("{line} is not pinned"))?,
                is_newest: index == 0,
            });
        }
    }
    Ok(packages)
}

/// What the registry tells of a package.
fn is_there(registry: &Registry, package: &Package) -> Result<()> {
    let Package { name, version, tag, .. } = package;
    let metadata = registry.metadata(name)?.with_context(|| format!("there is no {name}"))?;
    ensure!(metadata["dist-tags"][tag] == version.as_str(), "{name}: {}", metadata["dist-tags"]);
    let published = &metadata["versions"][version];
    ensure!(published["dist"]["integrity"].is_string(), "{name} has no {version}");
    Ok(())
}

/// Makes a site of every package, two at a time: all with npm, and the newest with pnpm as well.
fn install_all(tools: &Tools, registry: &Registry, packages: &[Package]) -> Result<()> {
    let mut sites: Vec<(&Package, Manager)> =
        packages.iter().map(|package| (package, Manager::Npm)).collect();
    let newest = packages.iter().filter(|package| package.is_newest);
    sites.extend(newest.map(|package| (package, Manager::Pnpm)));
    let (all, sites) = (sites.len(), Mutex::new(sites));
    let outcomes = thread::scope(|scope| {
        let work = || {
            let mut failures = Vec::new();
            loop {
                let next = sites.lock().ok().and_then(|mut sites| sites.pop());
                let Some((package, manager)) = next else { return failures };
                let Package { name, version, .. } = package;
                let echoed = site(tools, registry, package, manager);
                failures.extend(
                    echoed
                        .err()
                        .map(|error| format!("{name}@{version} with {manager:?}: {error:#}")),
                );
            }
        };
        let workers: Vec<_> = (0..WORKERS).map(|_| scope.spawn(work)).collect();
        workers.into_iter().map(|worker| worker.join()).collect::<Vec<_>>()
    });
    let mut failures = Vec::new();
    for outcome in outcomes {
        failures.extend(outcome.map_err(|_| anyhow!("a worker has panicked"))?);
    }
    ensure!(failures.is_empty(), "{} of {all} sites:\n{}", failures.len(), failures.join("\n"));
    Ok(())
}

/// A new site outside of this repository, with one package: it is built and run, and echoes.
fn site(tools: &Tools, registry: &Registry, package: &Package, manager: Manager) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let site = Site { tools, root: folder.path(), package };
    site.write()?;
    site.install(registry, manager)?;
    let installed: Value = site.read("package.json")?;
    let asked = installed["dependencies"][&package.name].as_str().unwrap_or_default();
    ensure!(asked.trim_start_matches('^') == package.version, "installed is {asked}");
    run(site.astro().arg("build"))?;
    let server = site.serve()?;
    let mut client = tools.node();
    client.arg(repository().join("tests/projects/echo.mjs"));
    let output = client.arg(format!("ws://{}/echo", server.address())).arg("hello").output()?;
    let (echo, error) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
    ensure!(output.status.success() && echo == "hello\n", "{echo}{error}\n{server}");
    Ok(())
}

struct Site<'s> {
    tools: &'s Tools,
    root: &'s Path,
    package: &'s Package,
}

impl Site<'_> {
    /// The site of the page, with the adapter of this package.
    fn write(&self) -> Result<()> {
        let Package { name, runtime, pin, .. } = self.package;
        fs::create_dir_all(self.root.join("src/pages"))?;
        let echo = blocks(README)?
            .into_iter()
            .find(|block| block.file().is_ok_and(|file| file == "src/pages/echo.ts"));
        fs::write(self.root.join("src/pages/echo.ts"), echo.context("no echo")?.text)?;
        let options = if runtime == "node" {
            "{ mode: 'standalone' }"
        } else {
            "{ imageService: 'passthrough' }"
        };
        let configuration = format!(
            "import {{ defineConfig }} from 'astro/config';\n\
             import adapter from '{name}';\n\
             export default defineConfig({{ output: 'server', adapter: adapter({options}) }});\n"
        );
        fs::write(self.root.join("astro.config.mjs"), configuration)?;
        let manifest = r#"{ "name": "site", "private": true, "type": "module" }"#;
        fs::write(self.root.join("package.json"), manifest)?;
        if runtime != "node" {
            self.write_for_wrangler(pin)?;
        }
        Ok(())
    }

    /// Up to Astro 5 the Worker of a build is named by the site, and what is around it are its assets.
    fn write_for_wrangler(&self, pin: &Pin) -> Result<()> {
        let (major, _) = pin.astro.split_once('.').context("no major")?;
        let mut configuration = json!({
            "name": "site",
            "compatibility_date": "2026-04-15",
            "compatibility_flags": ["nodejs_compat"],
        });
        if major.parse::<u64>()? < 6 {
            configuration["main"] = json!("./dist/_worker.js/index.js");
            configuration["assets"] = json!({ "directory": "./dist", "binding": "ASSETS" });
            configuration["kv_namespaces"] = json!([{ "binding": "SESSION", "id": "session" }]);
            fs::create_dir_all(self.root.join("public"))?;
            fs::write(self.root.join("public/.assetsignore"), "_worker.js\n_routes.json\n")?;
        }
        Ok(fs::write(self.root.join("wrangler.jsonc"), configuration.to_string())?)
    }

    /// Astro from where npm is configured for, and then the adapter by its tag from the registry.
    fn install(&self, registry: &Registry, manager: Manager) -> Result<()> {
        let Package { name, tag, runtime, pin, .. } = self.package;
        let mut wanted = vec![format!("{name}@{tag}")];
        if runtime != "node" {
            let manifest: Value =
                serde_json::from_str(&fs::read_to_string(repository().join(WRANGLER))?)?;
            let version = manifest["dependencies"]["wrangler"].as_str().context("no wrangler")?;
            wanted.push(format!("wrangler@{version}"));
        }
        if manager == Manager::Pnpm {
            self.configure_pnpm(&pin.as_of)?;
        }
        let of_registry = format!("--registry=http://{}", registry.server().address());
        run(self.manager(manager).arg(format!("astro@{}", pin.astro)))?;
        run(self.manager(manager).arg(of_registry).args(wanted))
    }

    fn manager(&self, manager: Manager) -> Command {
        let as_of = &self.package.pin.as_of;
        let mut command = match manager {
            Manager::Npm => self.tools.npm(),
            Manager::Pnpm => self.tools.pnpm(),
        };
        command.current_dir(self.root);
        match manager {
            Manager::Npm => command
                .args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
                .args(["--prefer-offline".to_owned(), format!("--before={as_of}")]),
            Manager::Pnpm => command.args(["add", "--ignore-scripts"]),
        };
        command
    }

    /// pnpm knows no day, but how old a release has to be.
    fn configure_pnpm(&self, day: &str) -> Result<()> {
        let age = format!("Math.floor((Date.now() - Date.parse('{day}')) / 60_000)");
        let output = self.tools.node().args(["-p", &age]).output()?;
        let minutes = String::from_utf8(output.stdout)?;
        let store = target().join("pnpm-store");
        let settings =
            format!("minimumReleaseAge: {}\nstoreDir: {}\n", minutes.trim(), store.display());
        Ok(fs::write(self.root.join("pnpm-workspace.yaml"), settings)?)
    }

    fn astro(&self) -> Command {
        let paths = ["node_modules/astro/bin/astro.mjs", "node_modules/astro/astro.js"];
        let path = paths.iter().find(|path| self.root.join(path).exists());
        let mut command = node_in(self.tools, self.root);
        command.args(path);
        command
    }

    fn serve(&self) -> Result<Server> {
        let mut command = node_in(self.tools, self.root);
        command.arg("--import").arg(repository().join("tests/projects/leash.mjs"));
        if self.package.runtime == "node" {
            command.arg("dist/server/entry.mjs").env("HOST", "127.0.0.1").env("PORT", "0");
        } else {
            command.arg("node_modules/wrangler/wrangler-dist/cli.js");
            command.args(["dev", "--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0"]);
            command.args(["--show-interactive-dev-session", "false"]);
        }
        Server::start(&mut command)
    }

    fn read(&self, file: &str) -> Result<Value> {
        Ok(serde_json::from_str(&fs::read_to_string(self.root.join(file))?)?)
    }
}
