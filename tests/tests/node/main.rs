//! The suite of the Node adapter: the shared cases on every host, and cases with a server of their
//! own.

mod alone;
mod cases;
mod hosts;

use std::process::ExitCode;

use hosts::Sites;

fn main() -> ExitCode {
    tests::suite::run::<Sites>("node", cases::all(), alone::all())
}
