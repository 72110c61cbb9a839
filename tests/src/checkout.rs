//! A copy of this repository, for tests that change files.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::locations;
use crate::tools::run;

/// The tracked files as they are now, in a folder below the target folder.
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// Recreates the copy.
    pub fn copy(name: &str) -> Result<Self> {
        let root = locations::target().join("checkouts").join(name);
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        for file in tracked()? {
            let source = locations::repository().join(&file);
            // The submodule is a folder, and a deleted file may still be tracked.
            if source.is_file() {
                let copy = root.join(&file);
                fs::create_dir_all(copy.parent().unwrap_or(&root))?;
                fs::copy(&source, &copy)?;
            }
        }
        Ok(Self { root })
    }

    /// The root of the copy.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Runs `xtask <arguments>` in this copy, with the binary of the repository's own `cargo
    /// xtask`.
    pub fn xtask<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = Command::new(locations::target().join("debug/xtask"));
        command.current_dir(&self.root).args(arguments);
        command
    }

    /// Makes the copy a git repository with everything committed.
    pub fn commit(&self) -> Result<()> {
        for arguments in [
            &["init", "--quiet"] as &[&str],
            &["add", "--all"],
            &["commit", "--quiet", "--message", "As it is in the work tree"],
        ] {
            let mut git = Command::new("git");
            git.current_dir(&self.root);
            git.args(["-c", "user.name=Tests", "-c", "user.email=tests@example.invalid"]);
            run(git.args(arguments))?;
        }
        Ok(())
    }

    /// Builds all packages and records that they passed every suite, as `xtask test` does.
    pub fn build_as_tested(&self) -> Result<()> {
        run(&mut self.xtask(["build"]))?;
        let packed = self.xtask(["pack", "--dry-run"]).output()?;
        let packed = String::from_utf8(packed.stdout)?;
        for runtime in self.runtimes()? {
            for folder in self.packages(&runtime)?.values() {
                let manifest: Value = read(&folder.join("package.json"))?;
                let record: Value = read(&folder.join("upstream.json"))?;
                let (name, version) = (text(&manifest["name"])?, text(&manifest["version"])?);
                let upstream = &record["upstream"];
                let (_, told) = packed
                    .split_once(&format!("{name} {version}\n"))
                    .with_context(|| format!("{name} is not packed"))?;
                let integrity = told.split_whitespace().nth(1).context("no integrity")?;
                let tested = json!({
                    "release": format!("{name}@{version}"),
                    "upstream": format!("{}@{}", text(&upstream["package"])?, text(&upstream["version"])?),
                    "integrity": integrity,
                });
                for suite in ["toolchain", &runtime] {
                    let record = folder.with_extension(format!("passed-{suite}.json"));
                    fs::write(record, tested.to_string())?;
                }
            }
        }
        Ok(())
    }

    /// The names of the runtimes.
    pub fn runtimes(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.root.join("adapters"))? {
            names.push(entry?.file_name().to_string_lossy().into_owned());
        }
        Ok(names)
    }

    /// The built packages of a runtime, by release line.
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

fn read(path: &Path) -> Result<Value> {
    let text = fs::read(path).with_context(|| format!("cannot read: {}", path.display()))?;
    Ok(serde_json::from_slice(&text)?)
}

fn text(value: &Value) -> Result<&str> {
    value.as_str().with_context(|| format!("not a text: {value}"))
}

/// The files that git tracks, and the untracked ones that it does not ignore.
pub fn tracked() -> Result<Vec<PathBuf>> {
    let git = Command::new("git")
        .current_dir(locations::repository())
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .output()
        .context("git is needed")?;
    ensure!(git.status.success(), "git ls-files ended with {}", git.status);
    let names = String::from_utf8(git.stdout)?;
    Ok(names.split('\0').filter(|name| !name.is_empty()).map(PathBuf::from).collect())
}
