//! `cargo xtask sweep`: which published releases of upstream the patches fit.

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
    package::ours::Ours,
    pipeline::Workshop,
    upstream::{Line, Release, UpstreamError},
};

/// How many releases are fetched and looked at at a time.
const WORKERS: usize = 8;

/// Try the patches on every published release
///
/// Takes every release of the majors that are pinned, matches the patches, runs the post-checks and
/// puts the package together in memory. Prints what fits; for what does not, the first release that
/// moved, and why. Releases that `adapter.toml` says are not to fit are told with their reason, and
/// are no failure. Every tarball is fetched once and kept in the cache, so a sweep that was
/// interrupted goes on where it was; and where the registry cannot be reached, the releases are
/// those that it named last.
#[derive(clap::Args)]
pub struct Sweep {
    /// The runtimes to sweep, for example `node`; all of them if none is named
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only releases from this version on
    #[arg(long, value_name = "VERSION")]
    since: Option<Version>,
    /// Prereleases too
    #[arg(long)]
    pre: bool,
    /// Print every release as JSON
    #[arg(long)]
    json: bool,
}

/// A release that is to be tried.
struct Trial<'w> {
    adapter: &'w Adapter,
    ours: &'w Ours,
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
        // The registry takes its time, and so does compiling what is ours.
        let (known, ours) = thread::scope(|scope| {
            let known = scope.spawn(|| workshop.ask(&packages));
            let ours = workshop.ours();
            (known.join(), ours)
        });
        // A thread that panicked has said why.
        let (known, ours) = (known.unwrap_or_else(|panic| resume_unwind(panic))?, ours?);
        let mut trials = Vec::new();
        for (adapter, releases) in adapters.iter().zip(&known) {
            trials.extend(self.trials(&workshop, adapter, &ours, releases)?);
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
                    // Nothing else will be had either.
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
        // More than there are processors: a release that is fetched keeps none of them busy.
        let pool = ThreadPoolBuilder::new().num_threads(WORKERS).build();
        let tried: Vec<Tried<'_>> = pool.map_or_else(|_| all(), |pool| pool.install(all));
        progress.end();
        if let Ok(Some(failure)) = unreachable.into_inner() {
            let (done, all) = (tried.len(), trials.len());
            output::hint(&format!("{done} of {all} releases were tried; what was fetched is kept"));
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
        ours: &'w Ours,
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
                trials.push(Trial { adapter, ours, line, release: release.clone() });
            }
        }
        Ok(trials)
    }
}

impl<'w> Trial<'w> {
    fn package(&self) -> &'w str {
        &self.adapter.upstream.package
    }

    /// Tries the release; an error where the registry cannot be asked at all.
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
            job.verify(&patched, self.ours)?;
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

/// Entries that say of releases that they do not fit, where all of them do.
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
