//! `cargo xtask build`: from the pins to packages.

use camino::Utf8PathBuf;
use diagnostics::Failure;

use crate::{
    answer::Answer,
    build_packages::{self, Selection},
    output::{Mode, ModeFlags, Outcome},
    pipeline::Workshop,
};

/// Build the npm packages
///
/// Takes the pinned release of every official adapter, applies the patches, adds the runtime,
/// stamps the version and writes the package and its tarball to `adapters/<runtime>/pkg/`. What
/// was built before stays if anything fails.
///
/// Upstream is read from `--upstream`, else from the submodule if it is there, else from the npm
/// registry. Tarballs are verified against the pins and cached, so a second build needs no network.
#[derive(clap::Args)]
pub struct Build {
    /// The runtimes to build, for example `node`; all of them if none is named
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only the line of this Astro major, for example 6; all lines if it is not given
    #[arg(long, value_name = "MAJOR")]
    astro: Option<u64>,
    /// Read upstream from this clone of Astro's repository, at the pinned commit
    #[arg(long, value_name = "PATH")]
    upstream: Option<Utf8PathBuf>,
    #[command(flatten)]
    mode: ModeFlags,
}

impl Build {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(self.upstream.as_deref())?;
        let selection = Selection { runtimes: self.runtimes, astro: self.astro };
        let mode = self.mode.mode();
        let outcome = build_packages::build(&workshop, &selection, mode)?;
        let is_no = mode == Mode::Check && outcome == Outcome::Written;
        Ok(if is_no { Answer::No } else { Answer::Fine })
    }
}
