//! The suite of the Cloudflare adapter: the shared cases on every host, the cases for Cloudflare's
//! own features, and cases with a server of their own.

mod alone;
mod cases;
mod hosts;

use std::process::ExitCode;

use hosts::Sites;

fn main() -> ExitCode {
    tests::suite::run::<Sites>("cloudflare", cases::all(), alone::all())
}
