//! The tools that the tests bring: Node, TypeScript, Biome, esbuild, pnpm and a registry.
//!
//! `tests/tools/package-lock.json` and that of `bring-tools` pin them with their integrity; a machine
//! needs nothing but npm.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use bring_tools::{Node, install, machine_npm, platform};

use crate::locations;

/// The installed tools.
pub struct Tools {
    folder: PathBuf,
    node: Node,
}

impl Tools {
    /// Installs the tools on the first call on this machine; finds them on every later one.
    pub fn get() -> Result<Self> {
        let source = locations::repository().join("tests/tools");
        let manifest = fs::read(source.join("package.json"))?;
        let lockfile = fs::read(source.join("package-lock.json"))?;
        let target = locations::target();
        let folder = install(&manifest, &lockfile, &target)?;
        Ok(Self { folder, node: Node::bring(&target)? })
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
        let mut command =
            Command::new(self.modules().join(format!("@pnpm/exe.{}/pnpm", platform())));
        command.env("PATH", self.path());
        command
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
