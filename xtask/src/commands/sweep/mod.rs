//! `cargo xtask sweep`: tries the patches on the published releases of upstream.

mod error;
mod report;

use std::{panic::resume_unwind, sync::Mutex, thread};

use diagnostics::Failure;
use rayon::{ThreadPoolBuilder, prelude::*};
use semver::Version;

pub use self::error::SweepError;
use self::report::{Tried, Verdict};
use crate::{
    adapter::Adapter,
    answer::Answer,
    output::{self, Progress},
    package::additions::Additions,
    pipeline::Workshop,
    upstream::{Line, Release, UpstreamError},
};

/// The number of releases handled at the same time.
const WORKERS: usize = 8;

/// Try the patches on every published release
///
/// For every release of the pinned majors: matches the patches, runs the post-checks, and builds
/// the package in memory. Prints the releases that fit. For the others, prints the first release
/// that broke, and the reason. Releases under `[[unfit]]` in `adapter.toml` are printed with their
/// reason and do not fail the sweep.
///
/// Tarballs are cached, so an interrupted sweep continues where it stopped. If the registry is
/// unreachable, the releases come from its last answer.
#[derive(clap::Args)]
pub struct Sweep {
    /// Runtimes to sweep, for example `node`; default: all
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only releases from this version on
    #[arg(long, value_name = "VERSION")]
    since: Option<Version>,
    /// Include prereleases
    #[arg(long)]
    pre: bool,
    /// Print every release as JSON
    #[arg(long)]
    json: bool,
}

/// A release to try.
struct Trial<'w> {
    adapter: &'w Adapter,
    additions: &'w Additions,
    /// The line of its major.
    line: &'w Line,
    release: Release,
}

impl Sweep {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(None)?;
        let adapters = Adapter::select(&workshop.root, &self.runtimes)?;
        let packages: Vec<&str> =
            adapters.iter().map(|adapter| adapter.upstream.package.as_str()).collect();
        output::progress("asking the registry for releases");
        // Ask the registry and compile our own code in parallel: both are slow.
        let (known, additions) = thread::scope(|scope| {
            let known = scope.spawn(|| workshop.ask(&packages));
            let additions = workshop.additions();
            (known.join(), additions)
        });
        // A panicking thread has printed its reason.
        let (known, additions) = (known.unwrap_or_else(|panic| resume_unwind(panic))?, additions?);
        let mut trials = Vec::new();
        for (adapter, releases) in adapters.iter().zip(&known) {
            trials.extend(self.trials(&workshop, adapter, &additions, releases)?);
        }
        if let (true, Some(since)) = (trials.is_empty(), self.since) {
            return Err(SweepError::NoRelease { since }.into());
        }

        let progress = Progress::start("releases", trials.len());
        let unreachable = Mutex::new(None);
        let all = || {
            let tried = trials.par_iter().with_max_len(1).map(|trial| {
                let verdict = match trial.run(&workshop) {
                    Ok(verdict) => verdict,
                    // The other releases would fail the same way.
                    Err(failure) => {
                        unreachable
                            .lock()
                            .map(|mut first| first.get_or_insert(failure).exit())
                            .ok();
                        return None;
                    }
                };
                progress.step();
                Some(trial.tried(verdict))
            });
            tried.while_some().collect()
        };
        // More threads than processors: fetching a release uses no processor.
        let pool = ThreadPoolBuilder::new().num_threads(WORKERS).build();
        let tried: Vec<Tried<'_>> = pool.map_or_else(|_| all(), |pool| pool.install(all));
        progress.end();
        if let Ok(Some(failure)) = unreachable.into_inner() {
            let (done, all) = (tried.len(), trials.len());
            output::hint(&format!(
                "{done} of {all} releases were tried; their tarballs stay in the cache"
            ));
            return Err(failure);
        }
        if self.json {
            report::print_json(&tried);
        } else {
            report::print_table(&tried);
        }
        let mut failures = report::failures(&tried);
        failures.extend(idle(&adapters, &tried).into_iter().map(Failure::from));
        Failure::all(failures).map_or(Ok(Answer::Fine), Err)
    }

    /// The releases of a runtime's upstream package that belong to a line.
    fn trials<'w>(
        &self,
        workshop: &'w Workshop,
        adapter: &'w Adapter,
        additions: &'w Additions,
        releases: &[Release],
    ) -> Result<Vec<Trial<'w>>, Failure> {
        let package = &adapter.upstream.package;
        let lines = workshop.of_adapter(adapter, &workshop.lines(None)?)?;
        for line in &lines {
            workshop.registry.confirm(package, line.package(package)?)?;
        }
        let mut trials = Vec::new();
        for release in releases {
            let Version { major, pre, .. } = &release.version;
            let is_wanted = (self.pre || pre.is_empty())
                && self.since.as_ref().is_none_or(|since| release.version >= *since);
            let line = lines.iter().find(|line| {
                line.packages.get(package).is_some_and(|pin| pin.version.major == *major)
            });
            if let (true, Some(line)) = (is_wanted, line) {
                trials.push(Trial { adapter, additions, line, release: release.clone() });
            }
        }
        Ok(trials)
    }
}

impl<'w> Trial<'w> {
    fn package(&self) -> &'w str {
        &self.adapter.upstream.package
    }

    /// Tries the release. Returns an error if the registry is unreachable.
    fn run(&self, workshop: &Workshop) -> Result<Verdict, Failure> {
        let job = workshop.job(self.adapter, self.line);
        let published = self.release.pin(self.package()).and_then(|pin| job.published(&pin));
        let tree = match published {
            Ok(tree) => tree,
            Err(error @ (UpstreamError::Unreachable { .. } | UpstreamError::Cache { .. })) => {
                return Err(error.into());
            }
            Err(error) => return Ok(Verdict::NotHad(self.named(error.into()))),
        };
        let fitted = job.patch(tree).and_then(|patched| {
            job.verify(&patched, self.additions)?;
            Ok(patched.edits.len())
        });
        Ok(match fitted {
            Ok(edits) => Verdict::Fits(edits),
            Err(failure) => Verdict::Moved(self.named(failure)),
        })
    }

    fn named(&self, failure: Failure) -> Failure {
        failure.about(&format!("{}@{}", self.package(), self.release.version))
    }

    fn tried(&self, verdict: Verdict) -> Tried<'w> {
        let version = &self.release.version;
        let unfit = self.adapter.unfit.iter().find(|unfit| unfit.versions.matches(version));
        Tried { package: self.package(), version: version.clone(), verdict, unfit }
    }
}

/// `[[unfit]]` entries with only releases that fit.
fn idle(adapters: &[Adapter], tried: &[Tried<'_>]) -> Vec<SweepError> {
    let mut idle = Vec::new();
    for adapter in adapters {
        for unfit in &adapter.unfit {
            let mut meant = tried
                .iter()
                .filter(|tried| tried.unfit.is_some_and(|other| std::ptr::eq(other, unfit)))
                .peekable();
            if meant.peek().is_some() && meant.all(Tried::fits) {
                idle.push(SweepError::FitsAfterAll {
                    runtime: adapter.runtime.clone(),
                    versions: unfit.versions.to_string(),
                    places: vec![unfit.place.clone()],
                });
            }
        }
    }
    idle
}
