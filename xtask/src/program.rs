//! Handing work to another program.

use std::process::{Command, Stdio};

use camino::Utf8Path;

use crate::error::{BuildError, UsageError};

/// The cargo that runs this program, or the one on the PATH.
pub fn cargo(root: &Utf8Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).stdin(Stdio::null());
    command
}

/// The error for a program that could not be started, or that ended badly.
pub fn failed(command: &Command, reason: impl ToString) -> BuildError {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    BuildError::ProgramFailed { command: words.join(" "), reason: reason.to_string() }
}

/// Checks that every name is known.
pub fn check_names(names: &[String], known: &[String]) -> Result<(), UsageError> {
    match names.iter().find(|name| !known.contains(name)) {
        Some(name) => Err(UsageError::Suite { name: name.clone(), known: known.join(", ") }),
        None => Ok(()),
    }
}
