//! The test suites, and their environment variables.

use diagnostics::Explain;

/// The suite of everything except the runtimes.
pub const TOOLCHAIN: &str = "toolchain";

/// Names the Astro major for the suites.
pub const MAJOR: &str = "TEST_ASTRO";

/// Checks that every name is known.
pub fn check_names(names: &[String], known: &[String]) -> Result<(), SuiteError> {
    match names.iter().find(|name| !known.contains(name)) {
        Some(name) => Err(SuiteError::NoSuite { name: name.clone(), known: known.join(", ") }),
        None => Ok(()),
    }
}

/// The requested suite does not exist.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 2)]
pub enum SuiteError {
    /// No such suite
    ///
    /// The test suites are `toolchain` and one per runtime. Benchmarks have their own names.
    #[error("the suite `{name}` does not exist")]
    #[explain(code = "B022", help = "choose one of: {known}")]
    NoSuite { name: String, known: String },
}
