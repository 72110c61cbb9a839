//! `cargo xtask bench`: measures ratios against a baseline in the same run.

use diagnostics::Failure;

use crate::{answer::Answer, checkout, output, program};

/// Run benchmarks
///
/// Each benchmark prints a table. A benchmark is not a test: it fails only if it cannot measure.
#[derive(clap::Args)]
pub struct Bench {
    /// Benchmarks to run, for example `build`; default: all
    #[arg(value_name = "SUITE")]
    suites: Vec<String>,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
}

impl Bench {
    pub fn run(self) -> Result<Answer, Failure> {
        let root = checkout::root()?;
        let mut cargo = program::cargo(&root);
        cargo
            .args(["run", "--quiet", "--package", "tests", "--bin", "bench", "--"])
            .args(&self.suites);
        cargo.args(self.json.then_some("--json"));
        output::progress("compiling the benchmarks");
        let status = cargo.status().map_err(|error| program::failed(&cargo, error))?;
        Ok(if status.success() { Answer::Fine } else { Answer::No })
    }
}
