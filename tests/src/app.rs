//! The root of a site: its sources below an installed project, and the commands that run there.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};
use bring_tools::lock;

use crate::locations;
use crate::tools::{Tools, run};

/// A root to build or to serve. Astro 7 allows one dev server per root.
pub struct App {
    root: PathBuf,
    tools: Tools,
    /// Makes other test processes wait for this root.
    _lock: File,
}

/// Astro's command line, relative to a root.
const ASTRO: &str = "../node_modules/astro/bin/astro.mjs";

/// The same up to Astro 5.
const EARLIER_ASTRO: &str = "../node_modules/astro/astro.js";

/// Wrangler's command line, relative to a root. Its `bin` starts a second process.
const WRANGLER: &str = "../node_modules/wrangler/wrangler-dist/cli.js";

/// The file in which `astro dev` records that it serves a root, to prevent a second server.
const DEV_SERVER: &str = ".astro/dev.json";

/// What servers of an earlier run have stored.
const STORED: [&str; 2] = [".wrangler/state", ".wrangler/of-wrangler"];

/// The outputs of Astro, Vite and wrangler in a root.
const OUTPUTS: [&str; 4] = [".astro", ".wrangler", "dist", "node_modules"];

impl App {
    /// Makes a root equal to its sources, and waits for every other test process that has it open.
    pub(crate) fn open(root: PathBuf, sources: &[PathBuf], tools: &Tools) -> Result<Self> {
        let lock = lock::exclusive(&root)?;
        mirror(sources, &root)?;
        // A killed dev server leaves the file, and another process may have its process id by now.
        match fs::remove_file(root.join(DEV_SERVER)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        for stored in STORED.map(|folder| root.join(folder)) {
            match fs::remove_dir_all(stored) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(Self { root, tools: tools.clone(), _lock: lock })
    }

    /// The folder of this root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Runs `astro <arguments>` to its end.
    pub fn astro<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = self.node();
        command.arg(self.command_line()).args(arguments);
        command
    }

    /// `astro <arguments>` for `Server::start`. It uses neither a shell nor npm: the started
    /// process must be the one to kill.
    pub fn astro_server<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = self.node_server(self.command_line());
        command.args(arguments);
        command
    }

    /// Runs `wrangler <arguments>` to its end.
    pub fn wrangler<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = self.node();
        command.arg(WRANGLER).args(arguments);
        command
    }

    /// `wrangler <arguments>` for `Server::start`.
    pub fn wrangler_server<I: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = I>,
    ) -> Command {
        let mut command = self.node_server(WRANGLER);
        command.args(arguments);
        command
    }

    fn command_line(&self) -> &'static str {
        if self.root.join(ASTRO).exists() { ASTRO } else { EARLIER_ASTRO }
    }

    /// `node <script>` for `Server::start`.
    pub fn node_server(&self, script: &str) -> Command {
        let mut command = self.node();
        // The server ends with the test process, even if that is killed.
        command.arg("--require").arg(locations::repository().join("tests/projects/leash.cjs"));
        command.arg(script);
        command
    }

    /// The same on another runtime. Its command must take a preload module next.
    pub fn server_on(&self, runtime: Command, script: &str) -> Command {
        let mut command = in_root(runtime, &self.tools, &self.root);
        command.arg(locations::repository().join("tests/projects/leash.mjs")).arg(script);
        command
    }

    /// Runs `node <script>` to its end.
    pub fn node_script(&self, script: &str) -> Command {
        let mut command = self.node();
        command.arg(script);
        command
    }

    /// Replaces `old` with `new` in one of this root's own copies of the sources.
    pub fn edit(&self, file: &str, old: &str, new: &str) -> Result<()> {
        let path = self.root.join(file);
        let text = fs::read_to_string(&path)?;
        ensure!(text.contains(old), "not in {}: {old}", path.display());
        Ok(fs::write(path, text.replace(old, new))?)
    }

    fn node(&self) -> Command {
        node_in(&self.tools, &self.root)
    }

    /// Runs `astro build` with these environment variables, unless the last build had the same
    /// sources.
    pub fn build(&self, variables: &[(&str, &str)]) -> Result<()> {
        let mut inputs = Vec::new();
        for file in files(&self.root)? {
            inputs.push(file.as_os_str().as_encoded_bytes().to_vec());
            inputs.push(fs::read(self.root.join(file))?);
        }
        inputs.push(format!("{variables:?}").into_bytes());
        let fingerprint = lock::fingerprint(inputs.iter().map(Vec::as_slice));
        let stamp = self.root.join("dist/.built-from");
        if fs::read_to_string(&stamp).is_ok_and(|built| built == fingerprint) {
            return Ok(());
        }
        run(self.astro(["build"]).envs(variables.iter().copied()))?;
        fs::write(stamp, fingerprint)?;
        Ok(())
    }
}

/// Node in the root of a site.
pub fn node_in(tools: &Tools, root: &Path) -> Command {
    in_root(tools.node(), tools, root)
}

/// A runtime in the root of a site. The environment holds only variables that every machine has:
/// Astro behaves differently in CI, on a terminal, and when it detects an agent.
fn in_root(mut command: Command, tools: &Tools, root: &Path) -> Command {
    command
        .current_dir(root)
        .env_clear()
        .env("PATH", tools.path())
        .env("ASTRO_TELEMETRY_DISABLED", "1")
        .env("NO_COLOR", "1")
        // Wrangler's registry of local servers, and its log.
        .env("XDG_CONFIG_HOME", root.join(".wrangler/config"))
        .env("WRANGLER_SEND_METRICS", "false")
        // Deno's cache of compiled code. The value below disables the update check.
        .env("DENO_DIR", locations::target().join("deno"))
        .env("DENO_NO_UPDATE_CHECK", "1")
        // Uses a placeholder for `request.cf` instead of fetching it.
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false");
    if let Some(home) = std::env::var_os("HOME") {
        command.env("HOME", home);
    }
    command
}

/// Makes `target` equal to the sources, where later ones override earlier ones. Leaves outputs
/// alone.
pub(crate) fn mirror(sources: &[PathBuf], target: &Path) -> Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(target)? {
        let entry = entry?;
        if OUTPUTS.iter().any(|output| entry.file_name() == *output) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    for source in sources {
        for file in files(source)? {
            let copy = target.join(&file);
            if let Some(parent) = copy.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(source.join(&file), copy)?;
        }
    }
    Ok(())
}

/// The files below `folder`, sorted, as paths relative to it. Outputs are left out.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    fn walk(folder: &Path, prefix: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if OUTPUTS.iter().any(|output| name == *output) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                walk(&entry.path(), &prefix.join(name), found)?;
            } else {
                found.push(prefix.join(name));
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    walk(folder, Path::new(""), &mut found)?;
    found.sort();
    Ok(found)
}
