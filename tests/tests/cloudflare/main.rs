//! The Cloudflare adapter: what holds on every runtime, held against every way in which it serves a
//! site, what only Cloudflare has, and some that need a server of their own.

mod alone;
mod cases;
mod hosts;

use std::process::ExitCode;

use hosts::Sites;

fn main() -> ExitCode {
    tests::suite::run::<Sites>("cloudflare", cases::all(), alone::all())
}
