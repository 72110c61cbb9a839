//! Reports the errors of a command: on stderr for people, and as JSON for programs.

use std::process::ExitCode;

use camino::Utf8Path;
use diagnostics::{Failure, Report};
use serde::{Deserialize, Serialize};

use crate::output;

/// An error in the JSON report.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedError {
    pub code: String,
    pub message: String,
    pub help: String,
    pub exit: u8,
    /// Whether the question stays open and a retry may answer it.
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

/// Prints all errors on stderr and returns the exit code of the process. Writes them to the file
/// `json` too, if set.
pub fn report(failure: &Failure, json: Option<&Utf8Path>) -> ExitCode {
    let written = json.map_or(Ok(()), |path| output::write_file(path, as_json(failure)));
    if let Err(error) = written {
        output::note!("{}", Report::from(error).render(true));
    }
    let mut codes: Vec<&str> = Vec::new();
    for report in failure.reports() {
        output::note!("{}", report.render(true));
        if !codes.contains(&report.code) {
            codes.push(report.code);
        }
    }
    let explain: Vec<String> =
        codes.iter().map(|code| format!("`cargo xtask explain {code}`")).collect();
    output::hint(&format!("for details, run {}", explain.join(", ")));
    ExitCode::from(failure.exit())
}

fn as_json(failure: &Failure) -> String {
    let errors: Vec<ReportedError> = failure.reports().iter().map(ReportedError::from).collect();
    // Strings, numbers and booleans only: serialising cannot fail.
    serde_json::to_string(&errors).unwrap_or_default()
}
