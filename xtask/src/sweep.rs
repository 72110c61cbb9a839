//! `cargo xtask sweep`: which published releases of upstream the patches fit.

use std::sync::Mutex;

use semver::Version;
use serde::Serialize;

use crate::{
    Answer,
    adapter::Adapter,
    error::{Failure, UsageError},
    output::{self, Progress},
    package::ours::Ours,
    parallel,
    pipeline::Workshop,
    upstream::{Line, Release, UpstreamError},
};

/// How many releases are fetched and looked at at a time.
const WORKERS: usize = 8;

/// Try the patches on every published release
///
/// Takes every release of the majors that are pinned, matches the patches, runs the post-checks and
/// puts the package together in memory. Prints what fits; for what does not, the first release that
/// moved, and why. Every tarball is fetched once and kept in the cache, so a sweep that was
/// interrupted goes on where it was.
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

/// How a trial ended.
struct Tried<'w> {
    package: &'w str,
    version: Version,
    verdict: Verdict,
}

enum Verdict {
    /// With so many edits.
    Fits(usize),
    /// The patches do not fit.
    Moved(Failure),
    /// The release could not be read.
    NotHad(Failure),
}

impl Sweep {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(None)?;
        let adapters = Adapter::select(&workshop.root, &self.runtimes)?;
        let shared = adapters.iter().map(|adapter| Ok((adapter, workshop.ours(adapter)?)));
        let shared = shared.collect::<Result<Vec<(&Adapter, Ours)>, Failure>>()?;
        let mut trials = Vec::new();
        for (adapter, ours) in &shared {
            trials.extend(self.trials(&workshop, adapter, ours)?);
        }
        if let (true, Some(since)) = (trials.is_empty(), self.since) {
            return Err(UsageError::NoRelease { since }.into());
        }

        let progress = Progress::start("releases", trials.len());
        let unreachable = Mutex::new(None);
        let tried = parallel::bounded(&trials, WORKERS, |trial| {
            let verdict = match trial.run(&workshop) {
                Ok(verdict) => verdict,
                // Nothing else will be had either.
                Err(failure) => {
                    unreachable.lock().map(|mut first| first.get_or_insert(failure).exit()).ok();
                    return None;
                }
            };
            progress.step();
            let (package, version) = (trial.package(), trial.release.version.clone());
            Some(Tried { package, version, verdict })
        });
        progress.end();
        if let Ok(Some(failure)) = unreachable.into_inner() {
            let (done, all) = (tried.len(), trials.len());
            output::hint(&format!("{done} of {all} releases were tried; what was fetched is kept"));
            return Err(failure);
        }
        if self.json {
            output::json(&tried.iter().map(Row::from).collect::<Vec<Row<'_>>>());
        } else {
            print_table(&tried);
        }
        let stretches = tried.chunk_by(is_alike).filter_map(|stretch| stretch.first());
        let failures = stretches.filter_map(Tried::failure).collect();
        Failure::all(failures).map_or(Ok(Answer::Fine), Err)
    }

    /// The releases of a runtime's upstream package that belong to a line.
    fn trials<'w>(
        &self,
        workshop: &'w Workshop,
        adapter: &'w Adapter,
        ours: &'w Ours,
    ) -> Result<Vec<Trial<'w>>, Failure> {
        let package = &adapter.upstream.package;
        let lines = workshop.of_adapter(adapter, &workshop.lines(None)?)?;
        let releases = workshop.registry.releases(package)?;
        for line in &lines {
            workshop.registry.confirm(package, line.package(package)?)?;
        }
        let mut trials = Vec::new();
        for release in releases.iter() {
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
        failure.of_release(self.package(), &self.release.version)
    }
}

impl Tried<'_> {
    fn fits(&self) -> bool {
        matches!(self.verdict, Verdict::Fits(_))
    }

    fn failure(&self) -> Option<Failure> {
        match &self.verdict {
            Verdict::Fits(_) => None,
            Verdict::Moved(failure) | Verdict::NotHad(failure) => Some(failure.clone()),
        }
    }

    /// What is wrong, without the name of the release.
    fn problems(&self) -> Vec<Problem> {
        let failure = match &self.verdict {
            Verdict::Fits(_) => return Vec::new(),
            Verdict::Moved(failure) | Verdict::NotHad(failure) => failure,
        };
        let release = format!("{}@{}: ", self.package, self.version);
        let problem = |report: &semantic_patch::Report| Problem {
            code: report.code,
            message: report.message.trim_start_matches(&release).to_owned(),
        };
        failure.reports().iter().map(problem).collect()
    }
}

/// One thing that is wrong.
#[derive(PartialEq, Serialize)]
struct Problem {
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
struct Row<'t> {
    package: &'t str,
    version: String,
    /// `null` where the release could not be read.
    fits: Option<bool>,
    edits: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
}

impl<'t> From<&Tried<'t>> for Row<'t> {
    fn from(tried: &Tried<'t>) -> Self {
        let (fits, edits) = match tried.verdict {
            Verdict::Fits(edits) => (Some(true), edits),
            Verdict::Moved(_) => (Some(false), 0),
            Verdict::NotHad(_) => (None, 0),
        };
        let version = tried.version.to_string();
        Self { package: tried.package, version, fits, edits, problems: tried.problems() }
    }
}

/// One line for each major; below it, the stretches of releases that do not fit.
fn print_table(tried: &[Tried<'_>]) {
    let width = tried.iter().map(|tried| tried.package.len()).max().unwrap_or(0);
    let of_one_major = |one: &Tried<'_>, other: &Tried<'_>| {
        one.package == other.package && one.version.major == other.version.major
    };
    for major in tried.chunk_by(of_one_major) {
        let Some(first) = major.first() else { continue };
        let fitting = major.iter().filter(|tried| tried.fits()).count();
        anstream::println!(
            "{:<width$}  {:>4}  {fitting} of {} fit, {}",
            first.package,
            format!("{}.x", first.version.major),
            major.len(),
            range(major)
        );
        for stretch in major.chunk_by(is_alike) {
            for problem in stretch.first().map(Tried::problems).unwrap_or_default() {
                let Problem { code, message } = problem;
                anstream::println!("{:width$}  {}: {code} {message}", "", range(stretch));
            }
        }
    }
    let fitting = tried.iter().filter(|tried| tried.fits()).count();
    anstream::println!("{fitting} of {} releases fit", tried.len());
}

/// Whether two releases of a package moved in the same way.
fn is_alike(one: &Tried<'_>, other: &Tried<'_>) -> bool {
    one.package == other.package && one.problems() == other.problems()
}

fn range(releases: &[Tried<'_>]) -> String {
    match releases {
        [] => String::new(),
        [only] => only.version.to_string(),
        [first, .., last] => format!("{} to {}", first.version, last.version),
    }
}
