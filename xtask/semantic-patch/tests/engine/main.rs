//! Tests of the engine's public interface: patch files and modules in, text or errors out.

#![expect(clippy::expect_used, reason = "what a test builds on has to be there")]

mod common;
mod errors;
mod matching;
mod renaming;
mod rewriting;
mod watching;
