//! Tests of the command line: every command in a small checkout of its own, with a test registry
//! and a test clone.
//!
//! The checkout holds one runtime, `toy`, which no Rust code of xtask knows.

#![expect(clippy::unwrap_used, reason = "what cannot be had fails the test")]

mod adapters_alone;
mod attestation;
mod build;
mod canary;
mod catalogue;
mod check_and_diff;
mod checkout;
mod clean;
mod completions;
mod explain_and_help;
mod fake_registry;
mod fetch;
mod follow;
mod from_git;
mod from_registry;
mod lines;
mod lint;
mod matrix;
mod notes;
mod npm_configuration;
mod packing;
mod pins;
mod printing;
mod propose;
mod provenance;
mod publishing;
mod repository;
mod review;
mod server;
mod stamps;
mod status;
mod sweep;
mod sync_version;
mod tarball;
mod templates;
mod test_records;
mod upstream;
mod vendor;
mod wrong_input;
