//! Errors of parsing a module.

#![expect(missing_docs, reason = "a variant's sentence says what its fields are")]

use std::sync::Arc;

use diagnostics::{Explain, Place, Source};

use crate::Problem;

/// A module that cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Explain)]
#[explain(exit = 4)]
pub enum JavaScriptError {
    /// An upstream module does not parse
    ///
    /// The module from upstream cannot be parsed, even before any edit. Either upstream uses syntax
    /// that the parser does not support yet, or the file is damaged.
    #[error("upstream's `{module}` cannot be parsed: {message}")]
    #[explain(code = "P018", help = "check the marked place; a newer parser may be needed")]
    Unreadable { module: String, message: String, places: Vec<Place> },
}

impl JavaScriptError {
    /// The error for a module that does not parse.
    #[must_use]
    pub fn unreadable(module: &Arc<Source>, problem: Problem) -> Self {
        Self::Unreadable {
            module: module.name.clone(),
            message: problem.message,
            places: vec![module.wrong(problem.span, "here")],
        }
    }
}
