//! `cargo xtask pack`: writes the tarballs alone into one folder.

use std::fs;

use camino::Utf8PathBuf;
use diagnostics::Failure;

use crate::{
    adapter::Adapter,
    answer::Answer,
    checkout,
    output::{self, Mode, ModeFlags, Outcome},
    pipeline::{self, Workshop},
};

/// Write the tarballs of the packages into one folder
///
/// Builds as `build` does. The tarballs are byte for byte the ones that `publish` uploads: the same
/// sources give the same bytes on every machine. Other files in the folder are left alone.
#[derive(clap::Args)]
pub struct Pack {
    /// Runtimes to pack, for example `node`; default: all
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only the line of this Astro major, for example 6; default: all lines
    #[arg(long, value_name = "MAJOR")]
    astro: Option<u64>,
    /// Output folder; default: `packages` in cargo's target folder
    #[arg(long, value_name = "DIR")]
    out: Option<Utf8PathBuf>,
    #[command(flatten)]
    mode: ModeFlags,
}

impl Pack {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(None)?;
        let adapters = Adapter::select(&workshop.root, &self.runtimes)?;
        let out = self.out.unwrap_or_else(|| checkout::target(&workshop.root).join("packages"));
        let mode = self.mode.mode();

        let jobs = workshop.jobs(&adapters, self.astro)?;
        let mut differs = false;
        for (job, (_, package)) in jobs.iter().zip(pipeline::build(&jobs)?) {
            let path = out.join(job.tarball_name());
            let is_there = fs::read(&path).is_ok_and(|found| found == package.tarball);
            if mode == Mode::Write && !is_there {
                output::write_file(&path, &package.tarball)?;
            }
            let outcome = if is_there { Outcome::Unchanged } else { Outcome::Written };
            differs |= !is_there;
            output::line!("{} {}", package.name, package.version);
            output::line!("  integrity  {}", package.integrity);
            output::line!("  tarball    {path}");
            output::line!("  {}", outcome.describe(mode));
        }
        Ok(if mode == Mode::Check && differs { Answer::No } else { Answer::Fine })
    }
}
