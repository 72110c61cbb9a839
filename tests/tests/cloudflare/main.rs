//! The Cloudflare adapter: what holds on every runtime, held against every way in which it serves a
//! site, and what only Cloudflare has.

mod hosts;

use std::process::ExitCode;

use hosts::Sites;

fn main() -> ExitCode {
    tests::suite::run(Sites::default(), [].iter(), [].iter())
}
