//! The release path to npm: the workflows, the contents of a package, and the dependencies of the
//! toolchain.

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
