//! `cargo xtask status`: what is pinned, and what upstream has released since.

use std::collections::BTreeSet;

use diagnostics::Failure;

use crate::{
    adapter::Adapter, answer::Answer, output, pin_status::Report, pipeline::Workshop,
    upstream::ASTRO,
};

/// Show what is pinned, and what upstream has released since
///
/// For each line: the stamp, its dist-tag, the day on which it was pinned; for each package: the
/// pin and the newest release that belongs to the line, how many edits it gets, what is built, and
/// what of its code was changed since it was reviewed. Where the registry cannot be reached, the releases are
/// those that it named last.
#[derive(clap::Args)]
pub struct Status {
    /// Exit with 1 if upstream is ahead of a pin
    #[arg(long)]
    check: bool,
    /// Print it as JSON
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
            anstream::print!("{report}");
        }
        Ok(if self.check && report.is_ahead() { Answer::No } else { Answer::Fine })
    }
}
