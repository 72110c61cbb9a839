//! `cargo xtask bench`: measures, as ratios against a peer in the same run.

use diagnostics::Failure;

use crate::{answer::Answer, checkout, program};

/// Run benchmarks
///
/// Each prints a table. A benchmark is not a test: it fails only if it cannot measure.
#[derive(clap::Args)]
pub struct Bench {
    /// The benchmarks to run, for example `build`; all of them if none is named
    #[arg(value_name = "SUITE")]
    suites: Vec<String>,
    /// Print the figures as JSON
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
        let status = cargo.status().map_err(|error| program::failed(&cargo, error))?;
        Ok(if status.success() { Answer::Fine } else { Answer::No })
    }
}
