//! The test suites, and what they are told by environment variables.

use diagnostics::Explain;

/// The suite of everything that is not a runtime.
pub const TOOLCHAIN: &str = "toolchain";

/// Names the Astro major that suites run on.
pub const MAJOR: &str = "TEST_ASTRO";

/// Checks that every name is known.
pub fn check_names(names: &[String], known: &[String]) -> Result<(), SuiteError> {
    match names.iter().find(|name| !known.contains(name)) {
        Some(name) => Err(SuiteError::NoSuite { name: name.clone(), known: known.join(", ") }),
        None => Ok(()),
    }
}

/// What is asked for is no suite.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 2)]
pub enum SuiteError {
    /// There is no such suite
    ///
    /// Test suites are `toolchain` and one per runtime; benchmarks have names of their own.
    #[error("there is no suite `{name}`")]
    #[explain(code = "B022", help = "choose one of: {known}")]
    NoSuite { name: String, known: String },
}
