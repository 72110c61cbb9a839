//! Chromium, to open a page in.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::locations;

/// The names under which systems install it.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A browser with a page in it, and a profile of its own. It is closed when it is dropped.
pub struct Browser {
    process: Child,
    profile: PathBuf,
}

/// The one that this machine has.
fn program() -> Option<&'static str> {
    NAMES.into_iter().find(|name| {
        let version = Command::new(name).arg("--version").stderr(Stdio::null()).output();
        version.is_ok_and(|version| version.status.success())
    })
}

impl Browser {
    /// Whether there is one, before a server is started for it.
    pub fn is_there() -> bool {
        program().is_some()
    }

    /// Opens a page; nothing on a machine without Chromium. Every name under `.example` leads to
    /// this machine.
    pub fn open(name: &str, url: &str) -> Result<Option<Self>> {
        let Some(program) = program() else {
            return Ok(None);
        };
        let profile = locations::target().join("browsers").join(name);
        if profile.exists() {
            fs::remove_dir_all(&profile)?;
        }
        fs::create_dir_all(&profile)?;
        let process = Command::new(program)
            .args([
                "--headless",
                // The pages are ours, and in a container there may be no namespaces to build it of.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-extensions",
                "--disable-sync",
                "--no-first-run",
                "--no-proxy-server",
                "--host-resolver-rules=MAP *.example 127.0.0.1",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            // Without one headless Chromium may end as soon as the page is loaded.
            .arg("--remote-debugging-port=0")
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start: {program}"))?;
        Ok(Some(Self { process, profile }))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The group: it is many processes.
        if let Some(pid) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}
