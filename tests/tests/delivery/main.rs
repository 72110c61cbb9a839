//! The way to npm: workflows, what goes with a package, and what the toolchain is made of.

mod materials;
mod release;
mod runner;
mod shell;
mod supply_chain;
mod workflow;
mod workflows;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cases = workflows::CASES
        .iter()
        .chain(supply_chain::CASES)
        .chain(materials::CASES)
        .chain(release::CASES);
    tests::suite::run_plain(cases)
}
