//! Wrong usage that more than one command finds.

use diagnostics::Explain;

/// A command is called in a way that its grammar permits and that makes no sense.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 2)]
pub enum UsageError {
    /// What is asked for contradicts itself
    ///
    /// A version of Astro belongs to the line of its major, and a commit to one release.
    #[error("{message}")]
    #[explain(code = "B025", help = "{advice}")]
    Contradiction { message: String, advice: String },
}
