//! Reads JavaScript and TypeScript by oxc: what a module imports, and what a CommonJS module
//! requires. It knows neither patches nor packages.

mod common_js;
mod error;
mod imports;
mod parse;

pub use common_js::{CommonJs, Require};
pub use error::JavaScriptError;
pub use imports::{RelativeImport, relative_imports};
pub use parse::{Language, Problem, parse, parse_as};
