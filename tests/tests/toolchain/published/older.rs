//! The older packages with these names on npm: the state they leave in a registry, and the
//! migration of a site to ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};
use tests::app::node_in;
use tests::client::Request;
use tests::locations::{repository, target};
use tests::pins::last_moment;
use tests::registry::Registry;
use tests::server::Server;
use tests::tools::{Tools, run};

use super::Package;
use crate::pages::{Block, blocks};

/// The older package on npm.
const NAME: &str = "zastro-websockets-cloudflare";
const VERSION: &str = "12.6.12-11";
const INTEGRITY: &str = "sha512-9fp1fKI8oXJmTR4InY+cqCl80Cg4x5uQg6Yf0wAbD5KTgC0NOhKfx4QyOD3onfXaSn8NF4WZs2gQ6Vx7/jrSOA==";

/// A version in the style of the older packages: the adapter's version, then a commit.
const OF_ADAPTER: (&str, &str) = ("zastro-websockets-node", "9.4.2-abc1234");

/// The release line of the older package's Astro.
const LINE: &str = "astro5";

/// Exports that exist only for compatibility with the older package, each in one file.
const PARTS: &str =
    "import { onRequest as sockets } from 'zastro-websockets-cloudflare/websocket/middleware.js';
import { WebSocket as Whole } from 'zastro-websockets-cloudflare/websocket';
import { WebSocket, attach } from 'zastro-websockets-cloudflare/websocket/websocket.js';
import { createWebSocketHandler } from 'zastro-websockets-cloudflare/websocket/server.js';
import { defineMiddleware, sequence } from 'astro:middleware';

const isOpen = (socket: WebSocket): boolean => socket.readyState === WebSocket.OPEN;

export const onRequest = sequence(
  sockets,
  defineMiddleware(async (context, next) => {
    if (context.url.pathname !== '/gone') return await next();
    const gone = [];
    for (const call of [
      () => isOpen(new Whole('/')),
      () => attach(context.locals as never, {} as never),
      () => createWebSocketHandler({} as never),
    ]) {
      try {
        call();
      } catch (error) {
        gone.push((error as Error).message);
      }
    }
    return new Response(gone.join('\\n'));
  }),
);
";

/// Publishes the older packages to a registry as `latest`.
pub fn publish(tools: &Tools, registry: &Registry) -> Result<()> {
    upload(tools, registry, &tarball(tools)?)?;
    let other = tempfile::tempdir()?;
    let (name, version) = OF_ADAPTER;
    let manifest =
        json!({ "name": name, "version": version, "peerDependencies": { "astro": "^5.7.0" } });
    fs::write(other.path().join("package.json"), manifest.to_string())?;
    upload(tools, registry, other.path())
}

fn upload(tools: &Tools, registry: &Registry, package: &Path) -> Result<()> {
    let address = registry.server().address();
    let mut npm = tools.npm();
    npm.env(format!("npm_config_//{address}/:_authToken"), registry.token());
    npm.arg("publish").arg(package).args(["--ignore-scripts", "--tag=latest"]);
    run(npm.arg(format!("--registry=http://{address}")))
}

/// A tarball with the content of the older package on npm.
fn tarball(tools: &Tools) -> Result<PathBuf> {
    let folder = target().join("older-package");
    fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{NAME}-{VERSION}.tgz"));
    if !path.exists() {
        run(tools.npm().current_dir(&folder).args(["pack", &format!("{NAME}@{VERSION}")]))?;
    }
    let integrity = format!("sha512-{}", STANDARD.encode(Sha512::digest(fs::read(&path)?)));
    ensure!(integrity == INTEGRITY, "another package is in {}: {integrity}", path.display());
    Ok(path)
}

/// The range that npm wrote for the older package matches no version of ours.
pub fn its_range_stays_at_it(tools: &Tools, registry: &Registry) -> Result<()> {
    let address = registry.server().address();
    for (name, version) in [(NAME, VERSION), OF_ADAPTER] {
        let mut npm = tools.npm();
        npm.args(["view", &format!("{name}@^{version}"), "version", "--json"]);
        let output = npm.arg(format!("--registry=http://{address}")).output()?;
        let told = String::from_utf8(output.stdout)?;
        ensure!(told.trim() == format!("\"{version}\""), "^{version} matches {told}");
    }
    Ok(())
}

/// A site written from the older package's page, with the parts of that package. It type-checks and
/// builds with the older package and with ours, which then echoes.
pub fn moves_to_ours(tools: &Tools, registry: &Registry, packages: &[Package]) -> Result<()> {
    let ours = packages.iter().find(|package| package.name == NAME && package.tag == LINE);
    let package = ours.with_context(|| format!("there is no {NAME} for {LINE}"))?;
    let folder = tempfile::tempdir()?;
    let site = Site { tools, registry, package, root: folder.path() };
    let manifest = json!({ "name": "site", "private": true, "type": "module" });
    fs::write(folder.path().join("package.json"), manifest.to_string())?;
    site.install(&[&format!("astro@{}", package.pin.astro), &format!("{NAME}@{VERSION}")])?;
    site.write()?;
    site.check_types().context("with the older package")?;
    run(&mut site.astro("build"))?;

    // The command on the page.
    let told = format!("npm install --save-exact {NAME}@{LINE}");
    let page = fs::read_to_string(repository().join("adapters/cloudflare/README.md"))?;
    ensure!(page.contains(&format!("`{told}`")), "the page does not say `{told}`");
    site.install(&["--save-exact", &format!("{NAME}@{LINE}")])?;
    let manifest: Value =
        serde_json::from_str(&fs::read_to_string(site.root.join("package.json"))?)?;
    ensure!(manifest["dependencies"][NAME] == package.version.as_str(), "{manifest}");
    site.check_types().context("with ours")?;
    run(&mut site.astro("build"))?;
    let server = site.serve()?;
    let mut socket = server.open(&Request::upgrade("/api/ws"))?;
    socket.send("ping")?;
    ensure!(socket.text()? == "pong", "the socket of the page does not answer");
    ensure!(server.get("/api/ws")?.status == 426, "it takes ordinary requests");
    let gone = server.get("/gone")?.text();
    ensure!(
        gone.lines().count() == 3 && gone.lines().all(|line| line.contains("is gone. Use")),
        "{gone}"
    );
    Ok(())
}

struct Site<'s> {
    tools: &'s Tools,
    registry: &'s Registry,
    package: &'s Package,
    root: &'s Path,
}

impl Site<'_> {
    fn install(&self, arguments: &[&str]) -> Result<()> {
        let address = self.registry.server().address();
        let mut npm = self.tools.npm();
        npm.current_dir(self.root).args(["install", "--ignore-scripts", "--no-audit", "--no-fund"]);
        npm.args([
            format!("--before={}", last_moment(&self.package.pin.as_of)),
            format!("--registry=http://{address}"),
        ]);
        run(npm.args(arguments))
    }

    /// Writes the site from the older package's own README.
    fn write(&self) -> Result<()> {
        let page = self.root.join("node_modules").join(NAME).join("README.md");
        let blocks = blocks(page.to_str().context("no text")?)?;
        let block = |text: &str| -> Result<&Block> {
            let found = blocks.iter().find(|block| block.text.contains(text));
            found.with_context(|| format!("the page does not hold `{text}`"))
        };
        let config = block(&format!("import cloudflare from \"{NAME}\""))?;
        let chat = block("if (event.data === \"ping\")")?;
        let types = format!("{}\nexport {{}};\n", block("namespace App {")?.text);
        let runtime = block("ctx.locals.runtime?.env")?;
        let runtime = format!("import type {{ APIRoute }} from 'astro';\n{}", runtime.text);
        let files = [
            (config.file()?, config.text.as_str()),
            (chat.file()?, &chat.text),
            ("src/locals.d.ts", &types),
            ("src/pages/runtime.ts", &runtime),
            ("src/middleware.ts", PARTS),
            (
                "tsconfig.json",
                r#"{ "extends": "astro/tsconfigs/strict", "include": [".astro/types.d.ts", "src"] }"#,
            ),
            (
                "wrangler.jsonc",
                r#"{
                    "name": "site",
                    "main": "./dist/_worker.js/index.js",
                    "compatibility_date": "2026-01-01",
                    "compatibility_flags": ["nodejs_compat"],
                    "assets": { "directory": "./dist", "binding": "ASSETS" },
                    "kv_namespaces": [{ "binding": "SESSION", "id": "session" }]
                }"#,
            ),
            ("public/.assetsignore", "_worker.js\n_routes.json\n"),
        ];
        for (file, text) in files {
            let path = self.root.join(file);
            fs::create_dir_all(path.parent().unwrap_or(self.root))?;
            fs::write(path, text)?;
        }
        Ok(())
    }

    fn check_types(&self) -> Result<()> {
        run(&mut self.astro("sync"))?;
        run(self.tools.tsc().current_dir(self.root).args(["--noEmit", "-p", "."]))
    }

    fn astro(&self, command: &str) -> Command {
        let mut astro = node_in(self.tools, self.root);
        astro.args(["node_modules/astro/astro.js", command]);
        astro
    }

    /// Serves it with the wrangler that the package brings.
    fn serve(&self) -> Result<Server> {
        let mut command = node_in(self.tools, self.root);
        command.arg("--import").arg(repository().join("tests/projects/leash.mjs"));
        command.arg("node_modules/wrangler/wrangler-dist/cli.js");
        command.args(["dev", "--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0"]);
        command.args(["--show-interactive-dev-session", "false"]);
        Server::start(&mut command)
    }
}
