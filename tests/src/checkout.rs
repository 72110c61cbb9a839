//! A copy of this repository, to do things to that the repository itself should not see.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::locations;

/// What git tracks, as it is now, in a folder below the target folder.
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// Makes the copy anew.
    pub fn copy(name: &str) -> Result<Self> {
        let root = locations::target().join("checkouts").join(name);
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        for file in tracked()? {
            let source = locations::repository().join(&file);
            // The submodule is a folder, and a file may have been deleted and not yet committed.
            if source.is_file() {
                let copy = root.join(&file);
                fs::create_dir_all(copy.parent().unwrap_or(&root))?;
                fs::copy(&source, &copy)?;
            }
        }
        Ok(Self { root })
    }

    /// Its root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `xtask <arguments>` in this copy, by the binary that the repository's own `cargo xtask` is.
    pub fn xtask<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = Command::new(locations::target().join("debug/xtask"));
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// The names of the runtimes.
    pub fn runtimes(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.root.join("adapters"))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }

    /// The built packages of a runtime, by their lines.
    pub fn packages(&self, runtime: &str) -> Result<BTreeMap<String, PathBuf>> {
        let folder = self.root.join("adapters").join(runtime).join("pkg");
        let mut packages = BTreeMap::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.is_dir() {
                let line = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                packages.insert(line, path);
            }
        }
        ensure!(!packages.is_empty(), "nothing was built in {}", folder.display());
        Ok(packages)
    }
}

/// The files that git tracks, and those that it would if they were added.
fn tracked() -> Result<Vec<PathBuf>> {
    let git = Command::new("git")
        .current_dir(locations::repository())
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .output()
        .context("git is needed")?;
    ensure!(git.status.success(), "git ls-files ended with {}", git.status);
    let names = String::from_utf8(git.stdout)?;
    Ok(names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect())
}
