//! One site, made as people make theirs.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::locations::{repository, target};
use tests::once::Once;
use tests::project::{Pin, node_in};
use tests::registry::Registry;
use tests::server::Server;
use tests::tools::{Tools, run};

use super::{Manager, Package};
use crate::readme::{README, blocks};

/// The version of wrangler that the projects of the tests have.
const WRANGLER: &str = "tests/projects/cloudflare/package.json";

/// A new site outside of this repository, with one package: it is built and run, and echoes.
pub fn echoes(
    tools: &Tools,
    registry: &Registry,
    package: &Package,
    manager: Manager,
    begun: &Once<TempDir>,
) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let site = Site { tools, root: folder.path(), package, begun };
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
    /// A site of this line with nothing but Astro.
    begun: &'s Once<TempDir>,
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
        let astro = format!("astro@{}", pin.astro);
        if manager == Manager::Npm {
            // Sites of one line begin alike.
            let begun = self.begun.get(|| {
                let begun = tempfile::tempdir()?;
                fs::copy(self.root.join("package.json"), begun.path().join("package.json"))?;
                run(self.manager(manager).current_dir(begun.path()).arg(&astro))?;
                Ok(begun)
            })?;
            run(Command::new("cp").arg("-a").arg(begun.path().join(".")).arg(self.root))?;
        } else {
            run(self.manager(manager).arg(&astro))?;
        }
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
