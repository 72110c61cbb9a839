//! `cargo xtask status`: shows the pins, and newer releases of upstream.

use std::collections::BTreeSet;

use diagnostics::Failure;

use crate::{
    adapter::Adapter, answer::Answer, output, pin_status::Report, pipeline::Workshop,
    upstream::ASTRO,
};

/// Show the pins, and newer releases of upstream
///
/// For each line, prints the stamp, the dist-tag and the day of the pin. For each package, prints
/// the pin, the newest release for the line, the number of edits, the build state, and code changed
/// since its review. If the registry is unreachable, the releases come from its last answer.
#[derive(clap::Args)]
pub struct Status {
    /// Exit with 1 if upstream is ahead of a pin
    #[arg(long)]
    check: bool,
    /// Print as JSON
    #[arg(long)]
    json: bool,
}

impl Status {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(None)?;
        let adapters = Adapter::select(&workshop.root, &[])?;
        let mut packages: BTreeSet<&str> = BTreeSet::from([ASTRO]);
        let pinned = workshop.pins.lines.iter().flat_map(|line| line.packages.keys());
        packages.extend(pinned.map(String::as_str));
        workshop.ask(&packages.into_iter().collect::<Vec<&str>>())?;
        let report = Report::of(&workshop, &adapters)?;
        if self.json {
            output::json(&report);
        } else {
            output::text!("{report}");
        }
        Ok(if self.check && report.is_ahead() { Answer::No } else { Answer::Fine })
    }
}
