//! Tools from Python packages with native programs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{BringError, lock};

/// The requirements of the wheels, and a module that Debian packages separately (`python3-venv`).
const PROBE: &str = "import ensurepip, sys; sys.exit(sys.version_info < (3, 10))";

/// Installs wheels, pinned by hash in a requirements file, into an environment below cargo's target
/// folder. Returns the environment. Installs once per content.
///
/// Returns `None` on a machine without Python 3.10 and `venv`.
///
/// # Errors
///
/// Any error of the installation.
pub fn wheels(requirements: &[u8], target: &Path) -> Result<Option<PathBuf>, BringError> {
    let probe = Command::new("python3").args(["-c", PROBE]).output();
    if !probe.is_ok_and(|output| output.status.success()) {
        return Ok(None);
    }
    let name = lock::fingerprint([requirements]);
    let folder = target.join("tools").join(format!("python-{name}"));
    lock::folder_once(&folder, |unfinished| {
        let file = unfinished.join("requirements.txt");
        fs::write(&file, requirements)?;
        let mut python = Command::new("python3");
        run("python3 -m venv", python.args(["-m", "venv"]).arg(unfinished))?;
        let mut pip = Command::new(unfinished.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            // Programs do not need the Python packages that a wheel asks for.
            .args(["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement"])
            .arg(&file);
        run("pip install", &mut pip)
    })?;
    Ok(Some(folder))
}

fn run(name: &'static str, command: &mut Command) -> Result<(), BringError> {
    let failed = |reason| BringError::Python { command: name, reason };
    let output = command.output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
