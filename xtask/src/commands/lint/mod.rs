//! `cargo xtask lint`: checks the format of the Rust, and the imports between the rooms of the
//! code.

mod error;
mod rooms;
mod rust_imports;

use std::process::Command;

use bring_tools::wheels;
use camino::Utf8Path;
use diagnostics::Failure;

pub use self::error::RoomError;
use crate::{answer::Answer, checkout, output, program, program::ProgramError};

/// Programs to run, one after the other.
const PROGRAMS: [&[&str]; 2] = [
    &["fmt", "--all", "--check"],
    &["clippy", "--workspace", "--all-targets", "--quiet", "--", "--deny", "warnings"],
];

/// Typos, which checks the spelling of all files. It needs Python.
const REQUIREMENTS: &[u8] = include_bytes!("requirements.txt");

/// Check the Rust format, Clippy lints, spelling, and imports between rooms
///
/// Typos checks the spelling. It needs Python 3.10 with `venv` on this machine.
///
/// A room is a folder of `templates/`, or a module of the toolchain. It imports only the rooms
/// below it in `xtask/rooms.toml`. `cargo xtask test toolchain` runs the other TypeScript checks.
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
            output::progress(&format!("cargo {}", arguments.join(" ")));
            let status = cargo.status().map_err(|error| program::failed(&cargo, error))?;
            if !status.success() {
                answer = Answer::No;
            }
        }
        if !is_spelt_right(&root)? {
            answer = Answer::No;
        }
        imports?;
        Ok(answer)
    }
}

/// Whether typos finds nothing. Returns true without Python.
fn is_spelt_right(root: &Utf8Path) -> Result<bool, Failure> {
    let target = checkout::target(root);
    let brought = wheels(REQUIREMENTS, target.as_std_path()).map_err(|error| {
        ProgramError::Failed { command: "typos".to_owned(), reason: error.to_string() }
    })?;
    let Some(python) = brought else {
        output::hint("skipped spelling: install Python 3.10 with venv to check it");
        return Ok(true);
    };
    let mut typos = Command::new(python.join("bin/typos"));
    typos.current_dir(root).args(["--format", "brief"]);
    output::progress("typos");
    let status = typos.status().map_err(|error| program::failed(&typos, error))?;
    Ok(status.success())
}
