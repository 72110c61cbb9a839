//! The engine from outside: patch files and modules go in, text or errors come out.

#![expect(clippy::expect_used, reason = "what a test builds on has to be there")]

mod common;
mod errors;
mod matching;
mod renaming;
mod rewriting;
mod watching;
