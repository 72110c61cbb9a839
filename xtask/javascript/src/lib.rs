//! Reads JavaScript and TypeScript with oxc: the imports of a module, and the `require` calls of a
//! CommonJS module. It knows neither patches nor packages.

mod common_js;
mod error;
mod imports;
mod parse;

pub use common_js::{CommonJs, Require};
pub use error::JavaScriptError;
pub use imports::{RelativeImport, relative_imports};
pub use parse::{Language, Problem, parse, parse_as};
