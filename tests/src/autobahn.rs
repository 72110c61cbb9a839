//! Runs Autobahn's cases with kosoku, a Python package that bundles a native client.

use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::tools::wheels;

/// The installed kosoku.
pub struct Autobahn {
    python: PathBuf,
}

/// The outcome of one case.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    behavior: String,
    behavior_close: String,
    /// Milliseconds.
    #[serde(default)]
    duration: u64,
}

/// kosoku 0.1.0 ends a case after 30 seconds and ignores Autobahn's own timeout. A case that fails
/// after this long was slow because of the machine, so it is run again.
const CUT_OFF_MS: u64 = 25_000;

/// The number of extra runs for cut-off cases. They run one at a time.
const MORE_RUNS: usize = 3;

impl Autobahn {
    /// Installs the pinned wheel once. Returns `None` on a machine without Python 3.10 and `venv`.
    pub fn get() -> Result<Option<Self>> {
        // Not `bin/kosoku`: its first line holds the path of the folder before the rename.
        let installed = wheels("requirements.txt")?;
        Ok(installed.map(|folder| Self { python: folder.join("bin/python") }))
    }

    /// Runs these cases against an echo server, or all cases if the list is empty. Returns one line
    /// per case, for example `1.1.1 OK`. A group with a single outcome becomes one line, for
    /// example `12.1.* UNIMPLEMENTED (18)`. A line includes the close behaviour unless it is OK.
    /// Autobahn's own reports stay in `folder`.
    pub fn run(
        &self,
        address: SocketAddr,
        route: &str,
        cases: &[&str],
        folder: &Path,
    ) -> Result<String> {
        // Most machines have at least two processors.
        let mut outcomes = self.run_once(address, route, cases, 2, folder)?;
        for run in 1..=MORE_RUNS {
            let cut_off: Vec<String> = outcomes
                .iter()
                .filter(|(_, outcome)| outcome.was_cut_off())
                .map(|(case, _)| case.clone())
                .collect();
            if cut_off.is_empty() {
                break;
            }
            let cut_off: Vec<&str> = cut_off.iter().map(String::as_str).collect();
            let folder = folder.join(format!("run-{}", run + 1));
            for (case, outcome) in self.run_once(address, route, &cut_off, 1, &folder)? {
                if let Some((_, earlier)) = outcomes.iter_mut().find(|(known, _)| *known == case) {
                    *earlier = outcome;
                }
            }
        }
        let outcomes = outcomes.into_iter().map(|(case, outcome)| (case, outcome.to_string()));
        Ok(lines(&outcomes.collect::<Vec<(String, String)>>()))
    }

    /// The outcomes in the order of the report, which is the order of the cases.
    fn run_once(
        &self,
        address: SocketAddr,
        route: &str,
        cases: &[&str],
        parallelism: usize,
        folder: &Path,
    ) -> Result<Vec<(String, Outcome)>> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        let mut command = Command::new(&self.python);
        command
            .args(["-c", "from kosoku._cli import main; main()"])
            .args(cases.iter().flat_map(|case| ["--include", case]))
            .args(["--parallelism", &parallelism.to_string(), "--outdir"])
            .arg(folder)
            .arg(format!("ws://{address}{route}"));
        // It exits with 1 if a case failed, but still writes the index.
        let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
        let index = fs::read(folder.join("index.json")).with_context(|| {
            format!("no report was written:\n{}", String::from_utf8_lossy(&output.stderr))
        })?;
        let servers: Map<String, Value> = serde_json::from_slice(&index)?;
        let found = servers.values().next().and_then(Value::as_object);
        let found = found.context("the report names no server")?.iter();
        found.map(|(case, outcome)| Ok((case.clone(), Outcome::deserialize(outcome)?))).collect()
    }
}

impl Outcome {
    fn was_cut_off(&self) -> bool {
        self.behavior == "FAILED" && self.duration > CUT_OFF_MS
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
