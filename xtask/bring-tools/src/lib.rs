//! Installs tools from registries, so that no machine needs them in advance.
//!
//! A `package.json` and its `package-lock.json` pin the tools. The machine's npm, of any version,
//! installs them once, checks every tarball against the lockfile's sha512 and runs no install
//! scripts. [`Node`] is pinned by the lockfile beside this crate: Node.js, and the npm for
//! publishing packages.

pub mod lock;
mod wheels;

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

pub use wheels::wheels;

const MANIFEST: &str = include_str!("../package.json");
const LOCKFILE: &str = include_str!("../package-lock.json");

/// The oldest supported Node.js major of this npm and of the test projects.
const OLDEST_NODE: u32 = 24;

/// The reason for a missing tool.
#[derive(Debug, thiserror::Error)]
pub enum BringError {
    /// A folder cannot be written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// npm could not be started, or it failed.
    #[error("`{command}` failed: {reason}")]
    Npm {
        /// The command.
        command: &'static str,
        /// Its output.
        reason: String,
    },
    /// Python could not be started, or pip failed.
    #[error("`{command}` failed: {reason}")]
    Python {
        /// The command.
        command: &'static str,
        /// Its output.
        reason: String,
    },
    /// There is no Node.js for this platform.
    #[error("no Node.js is pinned for {platform}, and {found}")]
    NoNode {
        /// The platform, as in npm's package names.
        platform: String,
        /// The alternative that was found.
        found: String,
    },
}

/// Node.js, and npm.
#[derive(Debug, Clone)]
pub struct Node {
    program: PathBuf,
    npm: PathBuf,
}

impl Node {
    /// Installs both below cargo's target folder on the first call; later calls reuse them.
    ///
    /// # Errors
    ///
    /// Any error of the installation.
    pub fn bring(target: &Path) -> Result<Self, BringError> {
        let folder = install(MANIFEST.as_bytes(), LOCKFILE.as_bytes(), target)?;
        let brought = program(&folder);
        let program = if brought.is_file() { brought } else { node_of_the_machine()? };
        Ok(Self { program, npm: folder.join("node_modules/npm/bin/npm-cli.js") })
    }

    /// Uses another Node.js, from a folder of [`install`], with the same npm.
    ///
    /// # Errors
    ///
    /// [`BringError::NoNode`] if the folder has none for this platform.
    pub fn replaced_by(self, folder: &Path) -> Result<Self, BringError> {
        let program = program(folder);
        if program.is_file() {
            return Ok(Self { program, ..self });
        }
        let found = "no other version is accepted".to_owned();
        Err(BringError::NoNode { platform: platform(), found })
    }

    /// Node.js.
    #[must_use]
    pub fn command(&self) -> Command {
        Command::new(&self.program)
    }

    /// The pinned npm.
    #[must_use]
    pub fn npm(&self) -> Command {
        let mut command = self.command();
        command.arg(&self.npm);
        command
    }

    /// `PATH` with this Node.js in front.
    #[must_use]
    pub fn path(&self) -> OsString {
        let machine = env::var_os("PATH").unwrap_or_default();
        let own = self.program.parent().map(Path::to_path_buf);
        let folders = own.into_iter().chain(env::split_paths(&machine));
        env::join_paths(folders).unwrap_or(machine)
    }
}

/// Installs the packages of a manifest and its lockfile into a folder below cargo's target folder,
/// and returns the folder. Installs once per content.
///
/// # Errors
///
/// Any error of the installation.
pub fn install(manifest: &[u8], lockfile: &[u8], target: &Path) -> Result<PathBuf, BringError> {
    let folder = target.join("tools").join(lock::fingerprint([manifest, lockfile]));
    lock::folder_once(&folder, |unfinished| {
        fs::write(unfinished.join("package.json"), manifest)?;
        fs::write(unfinished.join("package-lock.json"), lockfile)?;
        npm_ci(unfinished)
    })?;
    Ok(folder)
}

/// The binaries are plain files of the platform packages, so no install script is needed.
fn npm_ci(folder: &Path) -> Result<(), BringError> {
    let failed = |reason| BringError::Npm { command: "npm ci", reason };
    let output = machine_npm()
        .current_dir(folder)
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

/// The npm of the machine.
#[must_use]
pub fn machine_npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// The path of the binary in this platform's package.
fn program(folder: &Path) -> PathBuf {
    folder.join(format!("node_modules/node-{}/bin/node", platform()))
}

/// The machine's own Node.js, for platforms without a pinned Node.js on npm.
fn node_of_the_machine() -> Result<PathBuf, BringError> {
    let none = |found: &str| BringError::NoNode { platform: platform(), found: found.to_owned() };
    let question =
        "console.log(process.versions.node.split('.')[0]); console.log(process.execPath)";
    let output = Command::new("node").args(["-e", question]).output();
    let output = output.map_err(|_| none("there is none on PATH"))?;
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut lines = answer.lines();
    let major = lines.next().and_then(|line| line.parse::<u32>().ok());
    match (major, lines.next()) {
        (Some(OLDEST_NODE..), Some(path)) => Ok(PathBuf::from(path)),
        _ => Err(none(&format!("the one on PATH is older than {OLDEST_NODE}"))),
    }
}

/// The platform, as in npm's package names.
#[must_use]
pub fn platform() -> String {
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
