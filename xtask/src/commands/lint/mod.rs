//! `cargo xtask lint`: the form of the Rust, and the imports between the rooms of the code.

mod error;
mod rooms;
mod rust_imports;

use diagnostics::Failure;

pub use self::error::RoomError;
use crate::{answer::Answer, checkout, program};

/// What is run, one after the other.
const PROGRAMS: [&[&str]; 2] = [
    &["fmt", "--all", "--check"],
    &["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"],
];

/// Check the format of the Rust, lint it, and check imports between rooms
///
/// A room is a folder of `templates/`, or a module of the toolchain. It imports only rooms that stand
/// below it in `xtask/rooms.toml`. Other than that the TypeScript is held to its own by
/// `cargo xtask test toolchain`.
#[derive(clap::Args)]
pub struct Lint {}

impl Lint {
    pub fn run(self) -> Result<Answer, Failure> {
        let root = checkout::root()?;
        let imports = rooms::check(&root);
        let mut answer = Answer::Fine;
        for arguments in PROGRAMS {
            let mut cargo = program::cargo(&root);
            cargo.args(arguments);
            let status = cargo.status().map_err(|error| program::failed(&cargo, error))?;
            if !status.success() {
                answer = Answer::No;
            }
        }
        imports?;
        Ok(answer)
    }
}
