//! The tools that the tests bring: Node, TypeScript, Biome, esbuild.
//!
//! `tests/tools/package-lock.json` pins them with their integrity; a machine needs nothing but npm.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{locations, lock};

/// Where the tools are pinned.
const TOOLS: &str = "tests/tools";

/// Names the major of the Node that the suites run on, as `cargo xtask test --node` does.
const NODE: &str = "TEST_NODE";

/// The installed tools.
pub struct Tools {
    folder: PathBuf,
    node: PathBuf,
}

impl Tools {
    /// Installs the tools on the first call on this machine; finds them on every later one. Their Node
    /// is the one that `cargo xtask test --node` asks for.
    pub fn get() -> Result<Self> {
        let source = locations::repository().join(TOOLS);
        let folder = install(&source)?;
        let other = env::var_os(NODE).map(|major| source.join("nodes").join(major));
        let node = match other.filter(|other| other.is_dir()) {
            Some(other) => brought_node(&install(&other)?),
            None => brought_node(&folder),
        };
        let node = node.map_or_else(node_of_the_machine, Ok)?;
        Ok(Self { folder, node })
    }

    /// The `node_modules` folder of what workflows and bills of materials are checked with.
    pub fn checks() -> Result<PathBuf> {
        let source = locations::repository().join(TOOLS).join("checks");
        Ok(install(&source)?.join("node_modules"))
    }

    /// The `node_modules` folder of the tools, where type checking finds `@types`.
    pub fn modules(&self) -> PathBuf {
        self.folder.join("node_modules")
    }

    /// Node.
    pub fn node(&self) -> Command {
        Command::new(&self.node)
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
        let package = format!("@biomejs/cli-{}/biome", platform());
        Command::new(self.modules().join(package))
    }

    /// npm, with the brought Node first on `PATH`, so that `engines` and install scripts see that
    /// one.
    pub fn npm(&self) -> Command {
        let mut command = npm();
        command.env("PATH", self.path());
        command
    }

    /// `PATH` with the brought Node in front.
    pub fn path(&self) -> OsString {
        let machine = env::var_os("PATH").unwrap_or_default();
        let folders =
            self.node.parent().map(Path::to_path_buf).into_iter().chain(env::split_paths(&machine));
        env::join_paths(folders).unwrap_or(machine)
    }

    fn script(&self, path: &str) -> Command {
        let mut command = self.node();
        command.arg(self.modules().join(path));
        command
    }
}

/// Installs what a folder pins, once for each of its contents.
fn install(source: &Path) -> Result<PathBuf> {
    let manifest = fs::read(source.join("package.json"))?;
    let lockfile = fs::read(source.join("package-lock.json"))?;
    let name = lock::fingerprint([manifest.as_slice(), lockfile.as_slice()]);
    let folder = locations::target().join("tools").join(name);
    lock::folder_once(&folder, |unfinished| {
        fs::write(unfinished.join("package.json"), &manifest)?;
        fs::write(unfinished.join("package-lock.json"), &lockfile)?;
        // The binaries are files of the platform packages: no install script has to run.
        run(npm().current_dir(unfinished).args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ]))
    })?;
    Ok(folder)
}

/// Runs a command to its end; what it printed is in the error where it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| {
        format!("cannot run {:?}; is it installed, and on PATH?", command.get_program())
    })?;
    ensure!(
        output.status.success(),
        "{command:?} ended with {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    Ok(())
}

fn npm() -> Command {
    Command::new("npm")
}

fn brought_node(folder: &Path) -> Option<PathBuf> {
    let node = folder.join(format!("node_modules/node-{}/bin/node", platform()));
    node.is_file().then_some(node)
}

/// On a platform for which no Node of this version is on npm, the machine's own has to do.
fn node_of_the_machine() -> Result<PathBuf> {
    let output = Command::new("node")
        .args(["-p", "process.versions.node.split('.')[0] >= 24 ? process.execPath : ''"])
        .output()
        .with_context(|| {
            format!("the tests bring no Node for {}, and there is none on PATH", platform())
        })?;
    let path = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    ensure!(
        !path.is_empty(),
        "the tests bring no Node for {}, and the one on PATH is older than 24",
        platform()
    );
    Ok(PathBuf::from(path))
}

/// The platform, in the words that npm packages use.
fn platform() -> String {
    let system = match env::consts::OS {
        "macos" => "darwin",
        system => system,
    };
    let processor = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        processor => processor,
    };
    format!("{system}-{processor}")
}
