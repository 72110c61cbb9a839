//! The way to npm: workflows, what goes with a package, and what the toolchain is made of.

mod materials;
mod shell;
mod supply_chain;
mod workflow;
mod workflows;

use std::process::ExitCode;

fn main() -> ExitCode {
    let cases = workflows::CASES.iter().chain(supply_chain::CASES).chain(materials::CASES);
    tests::suite::run_plain(cases)
}
