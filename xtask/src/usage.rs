//! Wrong usage found by more than one command.

use diagnostics::Explain;

/// Arguments that are valid one by one, but contradict each other.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 2)]
pub enum UsageError {
    /// The arguments contradict each other
    ///
    /// A version of Astro belongs to the line of its major, and a commit to one release.
    #[error("{message}")]
    #[explain(code = "B025", help = "{advice}")]
    Contradiction { message: String, advice: String },
}
