//! `cargo xtask docs`: builds the documentation as a site.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Stdio,
};

use bring_tools::{BringError, Node, install};
use camino::Utf8Path;
use diagnostics::Failure;

use crate::{
    answer::Answer,
    checkout, output,
    program::{self, ProgramError},
};

/// The Astro project of the site.
const SITE: &str = "docs/site";

/// Build the documentation as a site
///
/// `docs/site/pages.mjs` lists its pages. Node, Astro and Starlight come from the npm registry,
/// pinned and verified. Prints the folder of the site, `docs/site/dist`. Its links are those of
/// GitHub Pages for the repository in `Cargo.toml`.
#[derive(clap::Args)]
pub struct Docs {}

impl Docs {
    pub fn run(self) -> Result<Answer, Failure> {
        let root = checkout::root()?;
        let target = checkout::target(&root);
        let site = root.join(SITE);
        output::progress("installing the tools of the site");
        let node = Node::bring(target.as_std_path()).map_err(|error| not_installed(&error))?;
        let modules = modules(&root, &target)?;
        link(&modules, site.join("node_modules").as_std_path())
            .map_err(|error| output::unwritable(&site, &error))?;
        let mut astro = node.command();
        astro
            .current_dir(&site)
            .args(["node_modules/astro/bin/astro.mjs", "build"])
            .env("ASTRO_TELEMETRY_DISABLED", "1")
            .stdin(Stdio::null())
            .stdout(io::stderr());
        let status = astro.status().map_err(|error| program::failed(&astro, error))?;
        if !status.success() {
            return Err(program::failed(&astro, status).into());
        }
        output::line!("{}", site.join("dist"));
        Ok(Answer::Fine)
    }
}

/// Installs the packages that the lockfile of the site pins. Returns their folder.
fn modules(root: &Utf8Path, target: &Utf8Path) -> Result<PathBuf, Failure> {
    let folder = Utf8Path::new(SITE);
    let manifest = checkout::read(root, &folder.join("package.json"))?;
    let lockfile = checkout::read(root, &folder.join("package-lock.json"))?;
    let installed = install(manifest.as_bytes(), lockfile.as_bytes(), target.as_std_path());
    Ok(installed.map_err(|error| not_installed(&error))?.join("node_modules"))
}

fn not_installed(error: &BringError) -> ProgramError {
    ProgramError::Failed { command: "npm ci".to_owned(), reason: error.to_string() }
}

/// Links the packages into the project. An installation by hand stays.
fn link(modules: &Path, place: &Path) -> io::Result<()> {
    match place.symlink_metadata() {
        Ok(found) if !found.is_symlink() => return Ok(()),
        Ok(_) => fs::remove_file(place)?,
        Err(_) => {}
    }
    symlink(modules, place)
}

#[cfg(unix)]
use std::os::unix::fs::symlink;
#[cfg(windows)]
use std::os::windows::fs::symlink_dir as symlink;
