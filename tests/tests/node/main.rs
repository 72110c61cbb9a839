//! The Node adapter: what holds on every runtime, held against every way in which it serves a site,
//! and some that need a server of their own.

mod alone;
mod cases;
mod hosts;

use std::process::ExitCode;

use hosts::Sites;

fn main() -> ExitCode {
    tests::suite::run::<Sites>("node", cases::all(), alone::all())
}
