//! Runs other programs.

use std::process::{Command, Stdio};

use camino::Utf8Path;
use diagnostics::Explain;

/// The cargo that runs this program, or else the one on PATH.
pub fn cargo(root: &Utf8Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).stdin(Stdio::null());
    command
}

/// The error for a program that did not start, or that failed.
pub fn failed(command: &Command, reason: impl ToString) -> ProgramError {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    ProgramError::Failed { command: words.join(" "), reason: reason.to_string() }
}

/// Another program failed.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum ProgramError {
    /// Another program failed
    ///
    /// A command runs other programs: `cargo` for tests and benchmarks, `git` for the submodule.
    /// The program did not start, or it failed.
    #[error("`{command}` failed: {reason}")]
    #[explain(code = "B010", help = "run it yourself to see the error: `{command}`")]
    Failed { command: String, reason: String },
}
