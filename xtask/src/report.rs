//! How a command that failed ends: every error on stderr for people, and as JSON for programs.

use std::process::ExitCode;

use camino::Utf8Path;
use diagnostics::{Failure, Report};
use serde::{Deserialize, Serialize};

use crate::output;

/// One thing that was wrong, as other programs are told it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedError {
    pub code: String,
    pub message: String,
    pub help: String,
    pub exit: u8,
    /// Whether what was asked is not known, and asking again may tell it.
    pub no_answer: bool,
}

impl From<&Report> for ReportedError {
    fn from(report: &Report) -> Self {
        Self {
            code: report.code.to_owned(),
            message: report.message.clone(),
            help: report.help.clone(),
            exit: report.exit,
            no_answer: report.no_answer,
        }
    }
}

/// Shows everything that was wrong on stderr and says how the process has to end. Programs that want
/// it get the same as JSON, in this file.
pub fn report(failure: &Failure, json: Option<&Utf8Path>) -> ExitCode {
    let written = json.map_or(Ok(()), |path| output::write_file(path, as_json(failure)));
    if let Err(error) = written {
        anstream::eprintln!("{}", Report::from(error).render(true));
    }
    let mut codes: Vec<&str> = Vec::new();
    for report in failure.reports() {
        anstream::eprintln!("{}", report.render(true));
        if !codes.contains(&report.code) {
            codes.push(report.code);
        }
    }
    let explain: Vec<String> =
        codes.iter().map(|code| format!("`cargo xtask explain {code}`")).collect();
    output::hint(&format!("more about it: {}", explain.join(", ")));
    ExitCode::from(failure.exit())
}

fn as_json(failure: &Failure) -> String {
    let errors: Vec<ReportedError> = failure.reports().iter().map(ReportedError::from).collect();
    // Strings, numbers and booleans: nothing in it can fail to serialise.
    serde_json::to_string(&errors).unwrap_or_default()
}
