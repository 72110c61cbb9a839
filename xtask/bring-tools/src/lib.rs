//! Tools from the registries that no machine has to have.
//!
//! A `package.json` and its `package-lock.json` pin them; the machine's npm, of whatever version,
//! installs them once, compares every tarball with the lockfile's sha512 and runs no install
//! scripts. [`Node`] is what the lockfile beside this crate pins: Node.js, and the npm that packages
//! are published with.

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

/// The oldest major of Node.js that npm of this version and the projects of the tests run on.
const OLDEST_NODE: u32 = 24;

/// Why a tool could not be brought.
#[derive(Debug, thiserror::Error)]
pub enum BringError {
    /// A folder cannot be written.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// npm could not be started, or it failed.
    #[error("`{command}` failed: {reason}")]
    Npm {
        /// What was run.
        command: &'static str,
        /// What it said.
        reason: String,
    },
    /// Python could not be started, or pip failed.
    #[error("`{command}` failed: {reason}")]
    Python {
        /// What was run.
        command: &'static str,
        /// What it said.
        reason: String,
    },
    /// There is no Node.js for this platform.
    #[error("no Node.js is pinned for {platform}, and {found}")]
    NoNode {
        /// The platform, in the words of npm.
        platform: String,
        /// What there is instead.
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
    /// Installs both below cargo's target folder on the first call on this machine; finds them on
    /// every later one.
    ///
    /// # Errors
    ///
    /// Whatever keeps them from being had.
    pub fn bring(target: &Path) -> Result<Self, BringError> {
        let folder = install(MANIFEST.as_bytes(), LOCKFILE.as_bytes(), target)?;
        let brought = program(&folder);
        let program = if brought.is_file() { brought } else { node_of_the_machine()? };
        Ok(Self { program, npm: folder.join("node_modules/npm/bin/npm-cli.js") })
    }

    /// Another Node.js, out of a folder that [`install`] has given, with the same npm.
    ///
    /// # Errors
    ///
    /// [`BringError::NoNode`] where the folder has none for this platform.
    pub fn replaced_by(self, folder: &Path) -> Result<Self, BringError> {
        let program = program(folder);
        if program.is_file() {
            return Ok(Self { program, ..self });
        }
        let found = "no other will do".to_owned();
        Err(BringError::NoNode { platform: platform(), found })
    }

    /// Node.js.
    #[must_use]
    pub fn command(&self) -> Command {
        Command::new(&self.program)
    }

    /// npm of the pinned version.
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

/// Installs what a manifest and its lockfile pin, once for each of their contents, into a folder
/// below cargo's target folder, which is given back.
///
/// # Errors
///
/// Whatever keeps it from being installed.
pub fn install(manifest: &[u8], lockfile: &[u8], target: &Path) -> Result<PathBuf, BringError> {
    let folder = target.join("tools").join(lock::fingerprint([manifest, lockfile]));
    lock::folder_once(&folder, |unfinished| {
        fs::write(unfinished.join("package.json"), manifest)?;
        fs::write(unfinished.join("package-lock.json"), lockfile)?;
        npm_ci(unfinished)
    })?;
    Ok(folder)
}

/// The binaries are files of the platform packages: no install script has to run.
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

/// The npm that is on the machine.
#[must_use]
pub fn machine_npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// Where the package for this platform has the binary.
fn program(folder: &Path) -> PathBuf {
    folder.join(format!("node_modules/node-{}/bin/node", platform()))
}

/// On a platform for which no Node.js of this version is on npm, the machine's own has to do.
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

/// The platform, in the words that npm packages use.
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
