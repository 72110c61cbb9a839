//! How a command ends that did not fail.

/// The answer of a command; the exit code of the process follows from it.
pub enum Answer {
    /// Exit code 0.
    Fine,
    /// Exit code 1: the question was answered, with no.
    No,
}
