//! Tools that are Python packages with native programs in them.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use bring_tools::lock;

use crate::locations;
use crate::tools::run;

/// What the wheels need, and a module that Debian ships apart (`python3-venv`).
const PROBE: &str = "import ensurepip, sys; sys.exit(sys.version_info < (3, 10))";

/// Installs the wheels that a file of `tests/tools/` pins, once, and gives the folder of their
/// environment; nothing on a machine without Python 3.10 and `venv`.
pub fn install(requirements: &str) -> Result<Option<PathBuf>> {
    if !Command::new("python3").args(["-c", PROBE]).output().is_ok_and(|it| it.status.success()) {
        return Ok(None);
    }
    let requirements = locations::repository().join("tests/tools").join(requirements);
    let name = lock::fingerprint([fs::read(&requirements)?.as_slice()]);
    let folder = locations::target().join("tools").join(format!("python-{name}"));
    lock::folder_once(&folder, |unfinished| {
        run(Command::new("python3").args(["-m", "venv"]).arg(unfinished))?;
        run(Command::new(unfinished.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(["--require-hashes", "--only-binary", ":all:", "--requirement"])
            .arg(&requirements))
    })?;
    Ok(Some(folder))
}
