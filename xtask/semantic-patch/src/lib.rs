//! Structural patches for JavaScript and TypeScript modules.
//!
//! A patch file holds edits. An edit names a place in a module, a pattern that has to match there
//! and what it becomes:
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
//! The way of the data:
//!
//! ```text
//! patch file ─ raw_edit, patch_file ─► edits ─┐
//!                                             ├─ place ─► pattern ─► template, import ─► splice ─► check ─► text
//! module ─ parse ─► tree ─────────────────────┘
//! ```
//!
//! - [`PatchFile`] reads and validates what a maintainer writes.
//! - [`rewrite()`] applies the edits of one module. The module is parsed by oxc and turned into a
//!   tree that is blind to spelling and types, so that one edit fits a TypeScript module and the
//!   JavaScript made of it; the text is changed by splices, so that no byte outside an edit moves.
//! - An edit matches exactly as often as it says, or [`PatchError`] says what is there instead.
//! - [`watch()`] gives the code that edits depend on, to be held against what was reviewed.
//! - [`Rename`] gives a package another name and finds where the old one is left over.
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
mod error;
mod import;
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

pub use apply::{Applied, Rewritten, rewrite};
pub use error::PatchError;
pub use javascript::Language;
pub use patch_file::{Edit, PatchFile, check_ids, check_versions};
pub use rename::{Allowance, Rename, Renamed};
pub use watch::{Watched, watch};
