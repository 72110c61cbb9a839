//! A site, created as users create theirs.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::app::node_in;
use tests::locations::{repository, target};
use tests::pins::last_moment;
use tests::project::begin_site;
use tests::registry::Registry;
use tests::server::Server;
use tests::tools::{Tools, run};

use super::{Manager, Package, Trial};
use crate::pages::{README, blocks, commands};

/// The paths of the adapter's wrangler, as installed by npm and by pnpm.
const WRANGLER: [&str; 2] = ["node_modules/wrangler", "node_modules/.pnpm/node_modules/wrangler"];

/// What the page of the Cloudflare package runs up to Astro 5.
const BUILT: &str = "built.jsonc";

/// What the pages of the packages begin with.
const ADD: &str = "npx astro add";

/// Creates a new site outside of this repository with one package, builds and runs it, and checks
/// its echo.
pub fn echoes(tools: &Tools, registry: &Registry, trial: &Trial<'_>) -> Result<()> {
    let Trial { package, manager } = *trial;
    let folder = tempfile::tempdir()?;
    let site = Site { tools, root: folder.path(), package };
    site.write()?;
    site.begin(manager)?;
    if let Some(command) = site.told()? {
        run(&mut site.add(registry, &command)?)?;
        site.configure_wrangler()?;
    } else {
        site.takes_no_tag(registry)?;
        site.install(registry, manager)?;
    }
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

/// Makes npm install from the registry in this folder, and nothing younger than the pins of a package.
pub fn configure_npm(root: &Path, registry: &Registry, package: &Package) -> Result<()> {
    let settings = format!(
        "registry=http://{}/\nbefore={}\nignore-scripts=true\nprefer-offline=true\naudit=false\nfund=false\n",
        registry.server().address(),
        last_moment(&package.pin.as_of)
    );
    Ok(fs::write(root.join(".npmrc"), settings)?)
}

struct Site<'s> {
    tools: &'s Tools,
    root: &'s Path,
    package: &'s Package,
}

impl Site<'_> {
    /// Writes the site of the page, without an adapter.
    fn write(&self) -> Result<()> {
        fs::create_dir_all(self.root.join("src/pages"))?;
        let echo = blocks(README)?
            .into_iter()
            .find(|block| block.file().is_ok_and(|file| file == "src/pages/echo.ts"));
        fs::write(self.root.join("src/pages/echo.ts"), echo.context("no echo")?.text)?;
        let manifest = r#"{ "name": "site", "private": true, "type": "module" }"#;
        fs::write(self.root.join("package.json"), manifest)?;
        if self.major()? < 5 {
            // Later versions ask each route.
            fs::write(
                self.root.join("astro.config.mjs"),
                "import { defineConfig } from 'astro/config';\n\
                 export default defineConfig({ output: 'server' });\n",
            )?;
        }
        Ok(())
    }

    /// Writes the adapter into the configuration, as users write it.
    fn configure(&self) -> Result<()> {
        let Package { name, runtime, .. } = self.package;
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
        if runtime != "node" {
            self.write_for_wrangler()?;
        }
        Ok(())
    }

    /// As `astro add cloudflare` writes it, for the official adapter. Up to Astro 5 it is what the page of
    /// the package says: the Worker of a build is named by the site, and what is around it are its assets.
    fn write_for_wrangler(&self) -> Result<()> {
        if self.major()? < 6 {
            let page = blocks(&self.page())?;
            let built = page.iter().find(|block| block.file().is_ok_and(|file| file == BUILT));
            let built = &built.with_context(|| format!("the page has no {BUILT}"))?.text;
            fs::write(self.root.join(BUILT), built)?;
            fs::create_dir_all(self.root.join("public"))?;
            let ignore = commands(&self.page(), "printf ")?.pop();
            let mut shell = Command::new("sh");
            shell.arg("-c").arg(ignore.context("the page does not say what is no asset")?);
            return run(shell.current_dir(self.root));
        }
        let configuration = json!({
            "name": "site",
            "main": "@astrojs/cloudflare/entrypoints/server",
            "compatibility_date": "2026-04-15",
            "compatibility_flags": ["nodejs_compat"],
        });
        Ok(fs::write(self.root.join("wrangler.jsonc"), configuration.to_string())?)
    }

    /// Installs Astro from the configured registry of npm.
    fn begin(&self, manager: Manager) -> Result<()> {
        let pin = &self.package.pin;
        if manager == Manager::Npm {
            return begin_site(self.root, pin);
        }
        self.configure_pnpm(&pin.as_of)?;
        run(self.manager(manager).arg(format!("astro@{}", pin.astro)))
    }

    /// Adds the adapter to the configuration and installs it by its tag from the registry.
    fn install(&self, registry: &Registry, manager: Manager) -> Result<()> {
        let Package { name, tag, runtime, .. } = self.package;
        let of_registry = format!("--registry=http://{}", registry.server().address());
        self.configure()?;
        let mut install = self.manager(manager);
        install.arg(of_registry).arg(format!("{name}@{tag}"));
        // wrangler is a peer dependency since Astro 6. npm installs it, and pnpm leaves it to the
        // site.
        if runtime != "node" && manager == Manager::Pnpm && self.major()? >= 6 {
            install.arg("wrangler");
        }
        run(&mut install)
    }

    /// The steps that `astro add` leaves to the site if the adapter does not depend on wrangler.
    fn configure_wrangler(&self) -> Result<()> {
        if self.package.runtime == "node" || self.major()? >= 6 {
            return Ok(());
        }
        self.write_for_wrangler()
    }

    /// The command on the package's page for this Astro. Returns `None` if the page says that this
    /// Astro accepts no tag.
    fn told(&self) -> Result<Option<String>> {
        let Package { name, tag, is_newest, .. } = self.package;
        let asked = if *is_newest { name.clone() } else { format!("{name}@{tag}") };
        let command = format!("{ADD} {asked}");
        Ok(commands(&self.page(), ADD)?.into_iter().find(|told| *told == command))
    }

    fn page(&self) -> String {
        format!("adapters/{}/README.md", self.package.runtime)
    }

    /// A command of the page, without its questions.
    fn add(&self, registry: &Registry, command: &str) -> Result<Command> {
        // The commands that Astro runs read only npm's and pnpm's own settings.
        configure_npm(self.root, registry, self.package)?;
        let mut astro = self.astro();
        astro.args(command.split_whitespace().skip(2)).arg("--yes");
        astro.env("PATH", self.tools.path_with_pnpm()?);
        // Astro 4 still asks.
        fs::write(self.root.join("answers"), "y")?;
        astro.stdin(File::open(self.root.join("answers"))?);
        Ok(astro)
    }

    /// Checks the page's claim that this Astro accepts no tag, and its workaround.
    fn takes_no_tag(&self, registry: &Registry) -> Result<()> {
        let Package { name, tag, .. } = self.package;
        let output = self.add(registry, &format!("{ADD} {name}@{tag}"))?.output()?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(
            !output.status.success() && complaint.contains("Invalid package name"),
            "it takes a tag, which the page does not say: {complaint}"
        );
        let instead = format!("npm install {name}@{tag}");
        let told = commands(&self.page(), "npm install")?;
        ensure!(told.contains(&instead), "the page does not say `{instead}`");
        Ok(())
    }

    fn major(&self) -> Result<u64> {
        let (major, _) = self.package.pin.astro.split_once('.').context("no major")?;
        Ok(major.parse()?)
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
                .args(["--prefer-offline".to_owned(), format!("--before={}", last_moment(as_of))]),
            Manager::Pnpm => command.args(["add", "--ignore-scripts"]),
        };
        command
    }

    /// pnpm accepts a minimum age of releases instead of a day.
    fn configure_pnpm(&self, day: &str) -> Result<()> {
        let until = last_moment(day);
        let age = format!("Math.max(0, Math.floor((Date.now() - Date.parse('{until}')) / 60_000))");
        let output = self.tools.node().args(["-p", &age]).output()?;
        let minutes = String::from_utf8(output.stdout)?;
        let store = target().join("pnpm-store");
        let settings = format!(
            "minimumReleaseAge: {}\nstoreDir: {}\nignoreScripts: true\n",
            minutes.trim(),
            store.display()
        );
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
            let wrangler = WRANGLER.iter().map(|folder| self.root.join(folder));
            let wrangler = wrangler.into_iter().find(|folder| folder.is_dir());
            command.arg(wrangler.context("no wrangler")?.join("wrangler-dist/cli.js"));
            command.args(["dev", "--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0"]);
            command.args(["--show-interactive-dev-session", "false"]);
            if self.major()? < 6 {
                let told = commands(&self.page(), &format!("wrangler dev --config {BUILT}"))?;
                ensure!(!told.is_empty(), "the page does not say how {BUILT} is run");
                command.args(["--config", BUILT]);
            }
        }
        Server::start(&mut command)
    }

    fn read(&self, file: &str) -> Result<Value> {
        Ok(serde_json::from_str(&fs::read_to_string(self.root.join(file))?)?)
    }
}
