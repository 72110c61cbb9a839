//! From the pins to working sites through a registry. Every package is published to a registry on
//! loopback with the commands of the page, and installed from there as users install it.

mod older;
mod site;
mod template;

use std::fmt;
use std::fs;
use std::process::Output;
use std::sync::Mutex;
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;
use tests::checkout::Checkout;
use tests::cuts::{Cut, Cuts};
use tests::locations::target;
use tests::pins::{Pin, pins};
use tests::registry::Registry;
use tests::tools::Tools;

use crate::pages::{PUBLISHING, commands};

/// The maximum number of attempts per upload.
const ATTEMPTS: usize = 3;

/// The number of sites created at a time.
const WORKERS: usize = 2;

/// A published package.
struct Package {
    runtime: String,
    name: String,
    version: String,
    tag: String,
    pin: Pin,
    /// Whether no package exists for a later Astro.
    is_newest: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manager {
    Npm,
    Pnpm,
}

/// A site to create.
struct Trial<'p> {
    package: &'p Package,
    manager: Manager,
}

impl fmt::Display for Trial<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { package: Package { name, version, .. }, manager } = self;
        write!(formatter, "{name}@{version} with {manager:?}")
    }
}

#[test]
fn every_package_is_published_and_installed_and_echoes() -> Result<()> {
    let tools = Tools::get()?;
    let checkout = Checkout::copy("published")?;
    checkout.commit()?;
    checkout.build_as_tested()?;
    let packages = packages(&checkout)?;
    ensure!(!packages.is_empty(), "nothing was built");
    // Each release line has its own day, which also applies to its sites.
    let days = || packages.iter().map(|package| package.pin.as_of.as_str());
    let (first, last) = days().min().zip(days().max()).context("no day")?;
    let registry = Registry::start(&tools, first, last)?;
    older::publish(&tools, &registry)?;
    let cuts = Cuts::start(registry.server().address())?;
    let publisher = Publisher { checkout: &checkout, registry: &registry, cuts: &cuts };

    publisher.survives_a_registry_that_fails_in_the_middle(&packages)?;
    for package in &packages {
        is_there(&registry, package)?;
    }
    publisher.uploads_nothing_again()?;
    older::its_range_stays_at_it(&tools, &registry)?;
    thread::scope(|scope| {
        let moved = scope.spawn(|| older::moves_to_ours(&tools, &registry, &packages));
        install_all(&tools, &registry, &packages)?;
        template::builds(&tools, &registry, &packages)?;
        moved.join().map_err(|_| anyhow!("the move from the older package has panicked"))?
    })
}

/// Publishes through a proxy that may cut the connection.
struct Publisher<'p> {
    checkout: &'p Checkout,
    registry: &'p Registry,
    cuts: &'p Cuts,
}

impl Publisher<'_> {
    /// Runs the command line with npm configured for the registry.
    fn run(&self, arguments: &[&str]) -> Result<Output> {
        let address = self.cuts.address();
        let mut command = self.checkout.xtask(arguments);
        command.env(format!("npm_config_//{address}/:_authToken"), self.registry.token());
        command.env("npm_config_registry", format!("http://{address}"));
        // Reuses the installed tools.
        command.env("CARGO_TARGET_DIR", target()).output().context("xtask does not start")
    }

    /// Runs the commands of the page. The first one that uploads finds an almost empty registry.
    fn run_those_of_the_page(&self) -> Result<()> {
        let mut commands = commands(PUBLISHING, "cargo xtask publish")?;
        commands.retain(|command| !command.contains('['));
        ensure!(commands.len() > 2, "the page does not tell how to publish");
        for command in commands {
            let here = format!("http://{}", self.cuts.address());
            let command = command.replace("http://localhost:4873", &here);
            let words: Vec<&str> = command.split_whitespace().skip(2).collect();
            succeeded(&self.run(&words)?).context(command.clone())?;
        }
        Ok(())
    }

    fn survives_a_registry_that_fails_in_the_middle(&self, packages: &[Package]) -> Result<()> {
        // The first upload needs a second attempt. The second one arrives, but its answer is lost.
        // From the third on, every upload fails.
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
        self.run_those_of_the_page()?;
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

/// Checks the registry's metadata of a package.
fn is_there(registry: &Registry, package: &Package) -> Result<()> {
    let Package { name, version, tag, .. } = package;
    let metadata = registry.metadata(name)?.with_context(|| format!("there is no {name}"))?;
    ensure!(metadata["dist-tags"][tag] == version.as_str(), "{name}: {}", metadata["dist-tags"]);
    let published = &metadata["versions"][version];
    ensure!(published["dist"]["integrity"].is_string(), "{name} has no {version}");
    Ok(())
}

/// Creates all sites, two at a time.
fn install_all(tools: &Tools, registry: &Registry, packages: &[Package]) -> Result<()> {
    let trials = trials(packages);
    let (all, trials) = (trials.len(), Mutex::new(trials));
    let outcomes = thread::scope(|scope| {
        let work = || {
            let mut failures = Vec::new();
            loop {
                let next = trials.lock().ok().and_then(|mut trials| trials.pop());
                let Some(trial) = next else { return failures };
                let echoed = site::echoes(tools, registry, &trial);
                failures.extend(echoed.err().map(|error| format!("{trial}: {error:#}")));
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

/// Every package with npm, and the newest ones also with pnpm.
fn trials(packages: &[Package]) -> Vec<Trial<'_>> {
    let with_npm = packages.iter().map(|package| Trial { package, manager: Manager::Npm });
    let newest = packages.iter().filter(|package| package.is_newest);
    let with_pnpm = newest.map(|package| Trial { package, manager: Manager::Pnpm });
    with_npm.chain(with_pnpm).collect()
}
