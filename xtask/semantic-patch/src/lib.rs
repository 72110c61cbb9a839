//! Structural patches for JavaScript and TypeScript modules.
//!
//! A patch file holds edits. An edit names a place in a module, a pattern that must match there,
//! and its replacement:
//!
//! ```toml
//! [[edit]]
//! id      = "answer-upgrades"
//! why     = "Every server the adapter creates has to answer upgrade requests."
//! in      = "function createServer"
//! pattern = "return $SERVER"
//! rewrite = "return withUpgrade($SERVER)"
//! import  = { withUpgrade = "./websocket/server.js" }
//! ```
//!
//! The pipeline:
//!
//! ```text
//! patch file ─ raw_edit, patch_file ─► edits ─┐
//!                                             ├─ place ─► pattern ─► template, import ─► splice ─► check ─► text
//! module ─ parse ─► tree ─────────────────────┘
//! ```
//!
//! - [`PatchFile`] reads and validates a maintainer's patch file.
//! - [`rewrite()`] applies the edits of one module. oxc parses the module into a tree that ignores
//!   spelling and types, so that one edit fits both a TypeScript module and its compiled
//!   JavaScript. Splices change the text, so no byte outside an edit moves.
//! - An edit must have its expected number of matches. Otherwise [`PatchError`] shows what the
//!   module has instead.
//! - [`watch()`] returns the code that edits depend on, for comparison with the reviewed code.
//! - [`Rename`] renames a package and finds leftovers of the old name.
//!
//! # Example
//!
//! ```
//! use diagnostics::Source;
//! use semantic_patch::{Language, PatchFile, rewrite};
//!
//! let patch = PatchFile::read("server", "patches/server.toml", r#"
//!     [[edit]]
//!     id      = "wrap"
//!     why     = "To show how."
//!     in      = "function create"
//!     pattern = "return $SERVER"
//!     rewrite = "return wrap($SERVER)"
//!     import  = { wrap = "./wrap.js" }
//! "#).expect("the patch file is valid");
//! let module = Source::new("server.ts", "export function create() {\n\treturn listen() as Server;\n}\n");
//! let edits: Vec<_> = patch.edits.iter().collect();
//! let rewritten = rewrite(&module, Language::TypeScript, &edits).expect("the edit fits");
//! assert_eq!(
//!     rewritten.text,
//!     "import { wrap } from \"./wrap.js\";\nexport function create() {\n\treturn wrap(listen() as Server);\n}\n"
//! );
//! ```

mod apply;
mod check;
mod edit;
mod error;
mod import;
mod parentheses;
mod parse;
mod patch_file;
mod pattern;
mod place;
mod raw_edit;
mod rename;
mod splice;
mod template;
mod tree;
mod watch;
mod words;

pub use apply::{Applied, Rewritten, rewrite};
pub use edit::Edit;
pub use error::PatchError;
pub use javascript::Language;
pub use patch_file::{PatchFile, check_ids, check_versions};
pub use rename::{Allowance, Rename, Renamed};
pub use watch::{Watched, watch};
pub use words::Words;
