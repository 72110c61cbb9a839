//! `cargo xtask pack`: the tarballs, and nothing else, in one folder.

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

/// Write the packages' tarballs into one folder
///
/// They are made as `build` makes them, and are byte for byte what `publish` uploads: the same
/// sources make the same bytes on every machine. Other files of the folder stay as they are.
#[derive(clap::Args)]
pub struct Pack {
    /// The runtimes to pack, for example `node`; all of them if none is named
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only the line of this Astro major, for example 6; all lines if it is not given
    #[arg(long, value_name = "MAJOR")]
    astro: Option<u64>,
    /// The folder to write to; `packages` in cargo's target folder if it is not given
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
            anstream::println!("{} {}", package.name, package.version);
            anstream::println!("  integrity  {}", package.integrity);
            anstream::println!("  tarball    {path}");
            anstream::println!("  {}", outcome.describe(mode));
        }
        Ok(if mode == Mode::Check && differs { Answer::No } else { Answer::Fine })
    }
}
