//! The pinned tools of the tests: Node, Bun, Deno, TypeScript, Biome, esbuild, pnpm and a registry.
//!
//! `tests/tools/package-lock.json` and that of `bring-tools` pin them with their integrity. A
//! machine needs only npm.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use bring_tools::{Node, install, machine_npm, platform};

use crate::locations;

/// The folder with the pins of the tools.
const TOOLS: &str = "tests/tools";

/// Selects the Node major for the suites; set by `cargo xtask test --node`.
const NODE: &str = "TEST_NODE";

/// The installed tools.
#[derive(Clone)]
pub struct Tools {
    folder: PathBuf,
    node: Node,
}

impl Tools {
    /// Installs the tools on the first call on this machine, and finds them later. Their Node is
    /// the one selected by `cargo xtask test --node`.
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

    /// The same tools with the Node installed among the packages of a project.
    pub fn with_node_of(self, project: &Path) -> Result<Self> {
        Ok(Self { node: self.node.replaced_by(project)?, ..self })
    }

    /// The `node_modules` folder of the tools that check workflows and bills of materials.
    pub fn checks() -> Result<PathBuf> {
        Self::of("tests/tools/checks")
    }

    /// The `node_modules` folder of a project of this repository with a lockfile.
    pub fn of(project: &str) -> Result<PathBuf> {
        Ok(install_from(&locations::repository().join(project))?.join("node_modules"))
    }

    /// Bun. Its arguments are a preload module, then a script.
    pub fn bun() -> Result<Command> {
        // Bun's packages use another name for this processor.
        let platform = platform().replace("arm64", "aarch64");
        let mut command = runtime(&format!("@oven/bun-{platform}/bin/bun"))?;
        command.arg("--preload");
        Ok(command)
    }

    /// Deno with all permissions. Its arguments are a preload module, then a script.
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

    /// The compiler of the oldest TypeScript that the packages' types support.
    pub fn oldest_tsc(&self) -> Command {
        self.script("oldest-typescript/bin/tsc")
    }

    /// esbuild.
    pub fn esbuild(&self) -> Command {
        self.script("esbuild/bin/esbuild")
    }

    /// Biome, a native binary.
    pub fn biome(&self) -> Command {
        Command::new(self.modules().join(format!("@biomejs/cli-{}/biome", platform())))
    }

    /// pnpm, a native binary, with the pinned Node first on `PATH`.
    pub fn pnpm(&self) -> Command {
        let mut command = Command::new(self.folder_of_pnpm().join("pnpm"));
        command.env("PATH", self.path());
        command
    }

    /// `PATH` with the pinned pnpm and the pinned Node in front.
    pub fn path_with_pnpm(&self) -> Result<OsString> {
        let node = self.path();
        let folders = iter::once(self.folder_of_pnpm()).chain(env::split_paths(&node));
        Ok(env::join_paths(folders)?)
    }

    fn folder_of_pnpm(&self) -> PathBuf {
        self.modules().join(format!("@pnpm/exe.{}", platform()))
    }

    /// npm, with the pinned Node first on `PATH`, so that `engines` and install scripts use it.
    pub fn npm(&self) -> Command {
        let mut command = machine_npm();
        command.env("PATH", self.path());
        command
    }

    /// `PATH` with the pinned Node in front.
    pub fn path(&self) -> OsString {
        self.node.path()
    }

    fn script(&self, path: &str) -> Command {
        let mut command = self.node();
        command.arg(self.modules().join(path));
        command
    }
}

/// A runtime that replaces Node.
fn runtime(path: &str) -> Result<Command> {
    let folder = install_from(&locations::repository().join(TOOLS).join("runtimes"))?;
    let program = folder.join("node_modules").join(path);
    ensure!(program.is_file(), "nothing is pinned for this platform: {path}");
    Ok(Command::new(program))
}

/// Installs the pins of a folder.
fn install_from(source: &Path) -> Result<PathBuf> {
    let manifest = fs::read(source.join("package.json"))?;
    let lockfile = fs::read(source.join("package-lock.json"))?;
    Ok(install(&manifest, &lockfile, &locations::target())?)
}

/// Installs the wheels pinned by a file of `tests/tools/` once, and returns the folder of their
/// environment. Returns `None` on a machine without Python 3.10 and `venv`.
pub fn wheels(requirements: &str) -> Result<Option<PathBuf>> {
    let path = locations::repository().join("tests/tools").join(requirements);
    Ok(bring_tools::wheels(&fs::read(path)?, &locations::target())?)
}

/// Runs a command to its end. If it fails, the error contains its output.
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
