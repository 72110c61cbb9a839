//! A site that is made as a page says.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use tests::locations::{repository, target};
use tests::pins::{Pin, last_moment, pinned};
use tests::project::{begin_site, without_debugger};
use tests::server::Server;
use tests::tools::{Tools, run};

use crate::pages::{Block, README, blocks};

/// A new site beside a checkout, created with the commands of the page.
pub struct Site {
    pub folder: PathBuf,
    pub tools: Tools,
    pin: Pin,
}

impl Site {
    /// Creates a site with the package for this runtime.
    pub fn new(name: &str, runtime: &str) -> Result<Self> {
        let tools = Tools::get()?;
        let beside = target().join("sites").join(name);
        if beside.exists() {
            fs::remove_dir_all(&beside)?;
        }
        let folder = beside.join("site");
        fs::create_dir_all(folder.join("src/pages"))?;
        symlink(repository(), beside.join("zastro-websockets"))?;
        fs::write(
            folder.join("src/pages/index.astro"),
            "<script is:inline src=\"/client.js\"></script>\n",
        )?;
        let site = Self { folder, tools, pin: pinned()? };
        begin_site(&site.folder, &site.pin)?;
        for block in blocks(README)?.iter().filter(|block| block.language == "sh") {
            for line in block.text.lines().filter(|line| line.starts_with("npm ")) {
                // The page uses one of the packages as its example.
                run(&mut site
                    .shell(&line.replace("adapters/node/", &format!("adapters/{runtime}/"))))?;
            }
        }
        Ok(site)
    }

    /// Writes every file of a page. Returns its configurations instead, to be tried one by one.
    pub fn write_all(&self, page: &str) -> Result<Vec<Block>> {
        let mut configurations = Vec::new();
        for block in blocks(page)? {
            match block.language.as_str() {
                // The suite of Cloudflare runs them, on that Astro.
                "js" | "ts" if block.is_for_an_older_astro() => {}
                "js" if block.file()? == "astro.config.mjs" => configurations.push(block),
                "js" | "ts" | "jsonc" => self.write(&block)?,
                // `published` runs it, with a registry that has the package.
                "sh" => {}
                other => bail!("nobody has said how a block of `{other}` is tested"),
            }
        }
        ensure!(configurations.len() == 2, "{} configurations", configurations.len());
        Ok(configurations)
    }

    /// Runs a shell line with the pinned Node in front.
    pub fn shell(&self, line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.current_dir(&self.folder).env("PATH", self.tools.path()).args(["-c", line]);
        shell
            .env("npm_config_before", last_moment(&self.pin.as_of))
            // Releases from before that day do not change.
            .env("npm_config_prefer_offline", "true")
            .env("npm_config_ignore_scripts", "true");
        shell.env("npm_config_audit", "false").env("npm_config_fund", "false");
        shell
    }

    pub fn write(&self, block: &Block) -> Result<()> {
        let path = self.folder.join(block.file()?);
        fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
        Ok(fs::write(path, without_debugger(&block.text))?)
    }

    pub fn node(&self, script: &str) -> Command {
        let mut node = self.tools.node();
        node.current_dir(&self.folder).env("ASTRO_TELEMETRY_DISABLED", "1").arg(script);
        node
    }

    pub fn build(&self) -> Result<()> {
        run(self.node("node_modules/astro/bin/astro.mjs").arg("build"))
    }

    /// Starts the site in one of the three ways on the page.
    pub fn start(&self, way: Way) -> Result<Server> {
        self.start_with(way, &[])
    }

    /// The same with environment variables.
    pub fn start_with(&self, way: Way, variables: &[(&str, &str)]) -> Result<Server> {
        let mut command = match way {
            Way::Standalone => self.node("dist/server/entry.mjs"),
            Way::Dev | Way::Preview => self.node("node_modules/astro/bin/astro.mjs"),
        };
        command.envs(variables.iter().copied());
        match way {
            Way::Standalone => command.env("HOST", "127.0.0.1").env("PORT", "0"),
            Way::Dev => command.args(["dev", "--port", "0"]),
            Way::Preview => command.args(["preview", "--port", "0"]),
        };
        let start = if matches!(way, Way::Dev) { Server::start_dev } else { Server::start };
        start(&mut command).with_context(|| format!("{way:?}"))
    }
}

#[derive(Clone, Copy, Debug)]
pub enum Way {
    Dev,
    Preview,
    Standalone,
}

/// Type-checks the site's sources with the types that Astro generates, and with further ones.
pub fn type_check(site: &Site, further: &[&str]) -> Result<()> {
    let include: Vec<&str> =
        [".astro/types.d.ts", "src"].into_iter().chain(further.iter().copied()).collect();
    let config = serde_json::json!({
        "extends": "astro/tsconfigs/strict",
        "compilerOptions": { "noEmit": true },
        "include": include,
    });
    fs::write(site.folder.join("tsconfig.json"), config.to_string())?;
    run(site.tools.tsc().current_dir(&site.folder).args(["--pretty", "false", "-p", "."]))
}
