//! `cargo xtask check`: checks that every patch fits.

use camino::Utf8PathBuf;
use diagnostics::Failure;

use crate::{
    adapter::Adapter,
    answer::Answer,
    build_packages::print_edits,
    output,
    pipeline::Workshop,
    review::{self, Reviewed},
};

/// Match every patch and run the post-checks, without building
///
/// Use it for quick feedback while you write a patch: it compiles and writes nothing. Exits with 1
/// if code that the edits depend on has changed since its review, and shows the difference.
#[derive(clap::Args)]
pub struct Check {
    /// Runtimes to check; default: all
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only the line of this Astro major, for example 6; default: all lines
    #[arg(long, value_name = "MAJOR")]
    astro: Option<u64>,
    /// Read upstream from this clone of Astro's repository, at the pinned commit
    #[arg(long, value_name = "PATH")]
    upstream: Option<Utf8PathBuf>,
}

impl Check {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(self.upstream.as_deref())?;
        let adapters = Adapter::select(&workshop.root, &self.runtimes)?;
        let reviewed = Reviewed::read(&workshop.root)?;
        let mut failures = Vec::new();
        let mut has_drifted = false;
        for job in workshop.jobs(&adapters, self.astro)? {
            match job.patched() {
                Err(failure) => failures.push(failure),
                Ok(patched) => {
                    let tree = &patched.tree;
                    output::line!("{} {} fits, {} form", tree.package, tree.version, tree.form);
                    print_edits(&patched.edits);
                    has_drifted |= review::print(&job, &reviewed.drift(&job)?);
                }
            }
        }
        if let Some(failure) = Failure::all(failures) {
            return Err(failure);
        }
        if has_drifted {
            output::hint(review::ADVICE);
        }
        Ok(if has_drifted { Answer::No } else { Answer::Fine })
    }
}
