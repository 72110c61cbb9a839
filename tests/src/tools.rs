//! The tools that the tests bring: Node, Bun, Deno, TypeScript, Biome, esbuild, pnpm and a registry.
//!
//! `tests/tools/package-lock.json` and that of `bring-tools` pin them with their integrity; a machine
//! needs nothing but npm.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use bring_tools::{Node, install, machine_npm, platform};

use crate::locations;

/// Where the tools are pinned.
const TOOLS: &str = "tests/tools";

/// Names the major of the Node that the suites run on, as `cargo xtask test --node` does.
const NODE: &str = "TEST_NODE";

/// The installed tools.
#[derive(Clone)]
pub struct Tools {
    folder: PathBuf,
    node: Node,
}

impl Tools {
    /// Installs the tools on the first call on this machine; finds them on every later one. Their Node
    /// is the one that `cargo xtask test --node` asks for.
    pub fn get() -> Result<Self> {
        let source = locations::repository().join(TOOLS);
        let folder = install_from(&source)?;
        let node = Node::bring(&locations::target())?;
        let other = env::var_os(NODE).map(|major| source.join("nodes").join(major));
        let node = match other.filter(|other| other.is_dir()) {
            Some(other) => node.replaced_by(&install_from(&other)?)?,
            None => node,
        };
        Ok(Self { folder, node })
    }

    /// The same tools, with the Node that a project has installed among its packages.
    pub fn with_node_of(self, project: &Path) -> Result<Self> {
        Ok(Self { node: self.node.replaced_by(project)?, ..self })
    }

    /// The `node_modules` folder of what workflows and bills of materials are checked with.
    pub fn checks() -> Result<PathBuf> {
        let source = locations::repository().join(TOOLS).join("checks");
        Ok(install_from(&source)?.join("node_modules"))
    }

    /// Bun, which takes a module to run first and then a script.
    pub fn bun() -> Result<Command> {
        // The processor has a name of its own there.
        let platform = platform().replace("arm64", "aarch64");
        let mut command = runtime(&format!("@oven/bun-{platform}/bin/bun"))?;
        command.arg("--preload");
        Ok(command)
    }

    /// Deno, with every permission, which takes a module to run first and then a script.
    pub fn deno() -> Result<Command> {
        let mut command = runtime(&format!("@deno/{}-glibc/deno", platform()))?;
        command.args(["run", "--allow-all", "--no-lock", "--preload"]);
        Ok(command)
    }

    /// The `node_modules` folder of the tools, where type checking finds `@types`.
    pub fn modules(&self) -> PathBuf {
        self.folder.join("node_modules")
    }

    /// Node.
    pub fn node(&self) -> Command {
        self.node.command()
    }

    /// TypeScript's compiler.
    pub fn tsc(&self) -> Command {
        self.script("typescript/bin/tsc")
    }

    /// esbuild.
    pub fn esbuild(&self) -> Command {
        self.script("esbuild/bin/esbuild")
    }

    /// Biome, which is a native binary.
    pub fn biome(&self) -> Command {
        Command::new(self.modules().join(format!("@biomejs/cli-{}/biome", platform())))
    }

    /// pnpm, which is a native binary, with the brought Node first on `PATH`.
    pub fn pnpm(&self) -> Command {
        let mut command = Command::new(self.folder_of_pnpm().join("pnpm"));
        command.env("PATH", self.path());
        command
    }

    /// `PATH` with the brought pnpm in front, and the brought Node.
    pub fn path_with_pnpm(&self) -> Result<OsString> {
        let node = self.path();
        let folders = iter::once(self.folder_of_pnpm()).chain(env::split_paths(&node));
        Ok(env::join_paths(folders)?)
    }

    fn folder_of_pnpm(&self) -> PathBuf {
        self.modules().join(format!("@pnpm/exe.{}", platform()))
    }

    /// npm, with the brought Node first on `PATH`, so that `engines` and install scripts see that
    /// one.
    pub fn npm(&self) -> Command {
        let mut command = machine_npm();
        command.env("PATH", self.path());
        command
    }

    /// `PATH` with the brought Node in front.
    pub fn path(&self) -> OsString {
        self.node.path()
    }

    fn script(&self, path: &str) -> Command {
        let mut command = self.node();
        command.arg(self.modules().join(path));
        command
    }
}

/// A runtime that stands in for Node.
fn runtime(path: &str) -> Result<Command> {
    let folder = install_from(&locations::repository().join(TOOLS).join("runtimes"))?;
    let program = folder.join("node_modules").join(path);
    ensure!(program.is_file(), "nothing is pinned for this platform: {path}");
    Ok(Command::new(program))
}

/// Installs what a folder pins.
fn install_from(source: &Path) -> Result<PathBuf> {
    let manifest = fs::read(source.join("package.json"))?;
    let lockfile = fs::read(source.join("package-lock.json"))?;
    Ok(install(&manifest, &lockfile, &locations::target())?)
}

/// Installs the wheels that a file of `tests/tools/` pins, once, and gives the folder of their
/// environment; nothing on a machine without Python 3.10 and `venv`.
pub fn wheels(requirements: &str) -> Result<Option<PathBuf>> {
    let path = locations::repository().join("tests/tools").join(requirements);
    Ok(bring_tools::wheels(&fs::read(path)?, &locations::target())?)
}

/// Runs a command to its end; what it printed is in the error where it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| {
        format!("cannot run {:?}; is it installed, and on PATH?", command.get_program())
    })?;
    ensure!(
        output.status.success(),
        "{} {} ended with {}\n{}{}",
        command.get_program().display(),
        command.get_args().collect::<Vec<_>>().join(OsStr::new(" ")).display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    Ok(())
}
