//! The result of a command that finished without an error.

/// The result of a command, which determines the exit code.
pub enum Answer {
    /// Exit code 0.
    Fine,
    /// Exit code 1: a check failed.
    No,
}
