//! `cargo xtask build`: builds packages from the pins.

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
/// For each official adapter: takes the pinned release, applies the patches, adds the runtime, and
/// stamps the version. Writes the package and its tarball to `adapters/<runtime>/pkg/`. If anything
/// fails, the previous build stays.
///
/// Upstream is read from `--upstream` if given, otherwise from the submodule if it is checked out,
/// otherwise from the npm registry. Tarballs are verified against the pins and cached, so a second
/// build needs no network.
#[derive(clap::Args)]
pub struct Build {
    /// Runtimes to build, for example `node`; default: all
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only the line of this Astro major, for example 6; default: all lines
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
