//! `cargo xtask lint`: the form of the Rust.

use diagnostics::Failure;

use crate::{answer::Answer, checkout, program};

/// What is run, one after the other.
const PROGRAMS: [&[&str]; 2] = [
    &["fmt", "--all", "--check"],
    &["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"],
];

/// Check the format of the Rust, and lint it
///
/// The TypeScript is held to its own by `cargo xtask test toolchain`.
#[derive(clap::Args)]
pub struct Lint {}

impl Lint {
    pub fn run(self) -> Result<Answer, Failure> {
        let root = checkout::root()?;
        let mut answer = Answer::Fine;
        for arguments in PROGRAMS {
            let mut cargo = program::cargo(&root);
            cargo.args(arguments);
            let status = cargo.status().map_err(|error| program::failed(&cargo, error))?;
            if !status.success() {
                answer = Answer::No;
            }
        }
        Ok(answer)
    }
}
