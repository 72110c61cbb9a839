//! Autobahn's cases, as kosoku runs them: a Python package with a native client in it.

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::python;

/// The installed program.
pub struct Autobahn {
    python: PathBuf,
}

/// What one case found out.
#[derive(Deserialize)]
struct Outcome {
    behavior: String,
    #[serde(rename = "behaviorClose")]
    behavior_close: String,
}

impl Autobahn {
    /// Installs the pinned wheel once; nothing on a machine without Python 3.10 and `venv`.
    pub fn get() -> Result<Option<Self>> {
        // Not `bin/kosoku`: its first line names the folder from before it was renamed.
        let installed = python::install("requirements.txt")?;
        Ok(installed.map(|folder| Self { python: folder.join("bin/python") }))
    }

    /// Puts an echo server through these cases, or through all if none is named. One line for each,
    /// `1.1.1 OK`; a group of one outcome is one line, `12.1.* UNIMPLEMENTED (18)`. How a close went
    /// is told where it was not well. Autobahn's own reports are left in `folder`.
    pub fn run(
        &self,
        address: SocketAddr,
        route: &str,
        cases: &[&str],
        folder: &Path,
    ) -> Result<String> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        let mut command = Command::new(&self.python);
        command
            .args(["-c", "from kosoku._cli import main; main()"])
            .args(cases.iter().flat_map(|case| ["--include", case]))
            // As many as most machines have processors at least: a case may take 30 seconds.
            .args(["--parallelism", "2", "--outdir"])
            .arg(folder)
            .arg(format!("ws://{address}{route}"));
        // It ends with 1 where a case failed, and with an index all the same.
        let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
        let index = fs::read(folder.join("index.json")).with_context(|| {
            format!("no report was written:\n{}", String::from_utf8_lossy(&output.stderr))
        })?;
        let servers: Map<String, Value> = serde_json::from_slice(&index)?;
        let found = servers.values().next().and_then(Value::as_object);
        let mut outcomes = Vec::new();
        for (case, outcome) in found.context("the report names no server")? {
            outcomes.push((case.clone(), Outcome::deserialize(outcome)?.to_string()));
        }
        Ok(lines(&outcomes))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.behavior)?;
        match self.behavior_close.as_str() {
            "OK" => Ok(()),
            close => write!(formatter, ", close {close}"),
        }
    }
}

/// In the order of the report, which is that of the cases.
fn lines(outcomes: &[(String, String)]) -> String {
    let group = |case: &str| case.rsplit_once('.').map(|(group, _)| group.to_owned());
    let mut text = String::new();
    for members in outcomes.chunk_by(|one, other| group(&one.0) == group(&other.0)) {
        let (case, outcome) = &members[0];
        match group(case) {
            Some(group) if members.len() > 1 && members.iter().all(|(_, it)| it == outcome) => {
                text.push_str(&format!("{group}.* {outcome} ({})\n", members.len()));
            }
            _ => members
                .iter()
                .for_each(|(case, outcome)| text.push_str(&format!("{case} {outcome}\n"))),
        }
    }
    text
}
