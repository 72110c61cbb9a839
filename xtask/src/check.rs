//! `cargo xtask check`: whether every patch fits.

use camino::Utf8PathBuf;

use crate::{Answer, adapter::Adapter, build::print_edits, error::Failure, pipeline::Workshop};

/// Match every patch and run the post-checks, without building
///
/// The quick answer while a patch is being written. Nothing is compiled or written.
#[derive(clap::Args)]
pub struct Check {
    /// The runtimes to check; all of them if none is named
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only the line of this Astro major, for example 6; all lines if it is not given
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
        let mut failures = Vec::new();
        for job in workshop.jobs(&adapters, self.astro)? {
            match job.patched() {
                Err(failure) => failures.push(failure),
                Ok(patched) => {
                    let tree = &patched.tree;
                    anstream::println!(
                        "{} {} fits, {} form",
                        tree.package,
                        tree.version,
                        tree.form
                    );
                    print_edits(&patched.edits);
                }
            }
        }
        Failure::all(failures).map_or(Ok(Answer::Fine), Err)
    }
}
