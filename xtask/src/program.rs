//! Handing work to another program.

use std::process::{Command, Stdio};

use camino::Utf8Path;
use diagnostics::Explain;

/// The cargo that runs this program, or the one on the PATH.
pub fn cargo(root: &Utf8Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).stdin(Stdio::null());
    command
}

/// The error for a program that could not be started, or that ended badly.
pub fn failed(command: &Command, reason: impl ToString) -> ProgramError {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    ProgramError::Failed { command: words.join(" "), reason: reason.to_string() }
}

/// Another program did not do what it was called for.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum ProgramError {
    /// Another program failed
    ///
    /// A command hands work to another program: tests and benchmarks to `cargo`, the submodule to
    /// `git`. It could not be started, or it ended with an error of its own.
    #[error("`{command}` failed: {reason}")]
    #[explain(code = "B010", help = "run it by hand: `{command}`")]
    Failed { command: String, reason: String },
}
