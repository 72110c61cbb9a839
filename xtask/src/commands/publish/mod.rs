//! `cargo xtask publish`: publishes tested packages on npm.

mod error;
mod npm;
mod proof;
mod published;
mod tags;

use std::{
    collections::{BTreeMap, btree_map::Entry},
    thread,
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};

use diagnostics::Failure;
pub use error::PublishError;
use npm::Npm;
use published::{Need, Published};

use crate::{
    adapter::Adapter,
    answer::Answer,
    checkout,
    output::{self, Mode, ModeFlags},
    pipeline::{self, Job, Package, Workshop},
    upstream::{Cache, Registry},
};

/// The delays before the second and third attempt of an upload that failed.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// Publish the packages on npm
///
/// Builds the packages as `build` does. Uploads those with tarballs that have passed the suites,
/// each under the dist-tag of its line. Published versions are not uploaded again: after an
/// interruption, run the command again. If any package has an error, or the work tree has changes,
/// nothing is uploaded.
///
/// npm uploads with its own credentials: those of `npm login`, a token, or a workflow that the
/// registry trusts. If CI can provide provenance, the package carries it.
#[derive(clap::Args)]
pub struct Publish {
    /// Runtimes to publish, for example `node`; default: all
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only the line of this Astro major, for example 6; default: all lines
    #[arg(long, value_name = "MAJOR")]
    astro: Option<u64>,
    /// Registry to publish to; default: the one in npm's configuration
    #[arg(long, value_name = "URL", value_parser = url)]
    registry: Option<String>,
    /// Dist-tag instead of the line's own; for one line only
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    #[command(flatten)]
    mode: ModeFlags,
}

/// A package to publish.
struct Release<'j> {
    job: &'j Job<'j>,
    package: Package,
    tag: String,
    need: Need,
    /// The tag's current version, if another toolchain published it.
    foreign: Option<String>,
    /// The CI that provides provenance.
    provenance: Option<&'static str>,
}

impl Publish {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(None)?;
        let root = &workshop.root;
        let adapters = Adapter::select(root, &self.runtimes)?;
        let registry = match &self.registry {
            Some(url) => Registry::at(root, Cache::of_user()?, url),
            None => Registry::new(root, Cache::of_user()?),
        };
        let mut jobs = workshop.jobs(&adapters, self.astro)?;
        // A registry gives the tag `latest` to the first version of a new package, whatever its
        // tag. So the newest line goes first.
        jobs.sort_by_key(|job| (job.adapter.runtime.clone(), u64::MAX - job.line.major));
        let tags = tags::choose(&workshop.pins, &jobs, self.tag.as_deref())?;

        let releases = jobs.iter().zip(pipeline::build(&jobs)?).zip(tags);
        let releases: Vec<_> =
            releases.map(|((job, (_, package)), tag)| (job, package, tag)).collect();
        let checks = releases.iter().map(|(job, package, _)| proof::is_tested(root, job, package));
        let wrong = std::iter::once(proof::is_committed(root)).chain(checks);
        Failure::all(wrong.filter_map(Result::err).collect()).map_or(Ok(()), Err)?;

        let releases = compare(&registry, releases)?;
        let is_needed = releases.iter().any(|release| release.need != Need::Nothing);
        let mode = self.mode.mode();
        if mode != Mode::Write {
            releases.iter().for_each(|release| release.print(release.need.would()));
            let is_no = mode == Mode::Check && is_needed;
            return Ok(if is_no { Answer::No } else { Answer::Fine });
        }
        let npm = if is_needed { Some(Npm::bring(root, &registry)?) } else { None };
        let folder = checkout::target(root).join(format!("publish-{}", std::process::id()));
        let published = upload(&releases, npm.as_ref(), &registry, &folder);
        // The copies for npm are no longer needed.
        let _ = output::remove(&folder);
        published?;
        Ok(Answer::Fine)
    }
}

/// Determines the action for every package. Reports all errors at once.
fn compare<'j>(
    registry: &Registry,
    releases: Vec<(&'j Job<'j>, Package, String)>,
) -> Result<Vec<Release<'j>>, Failure> {
    let (mut compared, mut errors) = (Vec::new(), Vec::new());
    let mut all_published = BTreeMap::new();
    for (job, package, tag) in releases {
        let published = match all_published.entry(package.name.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(Published::ask(registry, &package.name)?),
        };
        let provenance = npm::provenance(registry, &registry.url(&package.name)?)?;
        match published.need(job, &package, &tag) {
            Ok(need) => {
                let foreign = published.foreign(&tag).map(str::to_owned);
                compared.push(Release { job, package, tag, need, foreign, provenance });
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(compared) } else { Err(Failure::of(errors)) }
}

/// Publishes the packages in order. Stops at the first failure.
fn upload(
    releases: &[Release<'_>],
    npm: Option<&Npm<'_>>,
    registry: &Registry,
    folder: &Utf8Path,
) -> Result<(), Failure> {
    for (done, release) in releases.iter().enumerate() {
        if let Some(npm) = npm {
            output::progress(&format!("{} {}", release.need.doing(), release.package.release()));
            release.place(npm, registry, folder).inspect_err(|_| {
                if done > 0 {
                    output::hint(&format!("{done} of {} packages are published", releases.len()));
                }
            })?;
        }
        release.print(release.need.done());
    }
    Ok(())
}

impl Release<'_> {
    /// Publishes the package, and sets its tag.
    fn place(&self, npm: &Npm<'_>, registry: &Registry, folder: &Utf8Path) -> Result<(), Failure> {
        let package = &self.package;
        let path: Utf8PathBuf = folder.join(self.job.tarball_name());
        if self.need == Need::Upload {
            output::write_file(&path, &package.tarball)?;
        }
        let mut need = self.need;
        let mut waits = WAITS.iter();
        loop {
            let refusal = match need {
                Need::Nothing => return Ok(()),
                Need::Tag => npm.tag(package, &self.tag)?,
                Need::Upload => npm.publish(package, &path, &self.tag, self.provenance)?,
            };
            let Err(refusal) = refusal else { return Ok(()) };
            // An upload may have arrived even without an answer.
            need = Published::ask(registry, &package.name)?.need(self.job, package, &self.tag)?;
            if need == Need::Nothing {
                return Ok(());
            }
            let url = registry.url(&package.name)?;
            if let Some(error) = refusal.error(package, &url) {
                return Err(error.into());
            }
            let Some(wait) = waits.next() else {
                let (release, reason) = (package.release(), refusal.reason());
                return Err(PublishError::Interrupted { release, registry: url, reason }.into());
            };
            thread::sleep(*wait);
        }
    }

    fn print(&self, outcome: &str) {
        let Package { name, version, integrity, .. } = &self.package;
        output::line!("{name} {version}");
        let Self { tag, foreign, .. } = self;
        let taken =
            foreign.as_ref().map(|at| format!(", now at {at}, published by another toolchain"));
        output::line!("  tag        {tag}{}", taken.unwrap_or_default());
        output::line!("  integrity  {integrity}");
        if let Some(ci) = self.provenance.filter(|_| self.need == Need::Upload) {
            output::line!("  provenance {ci}");
        }
        output::line!("  {outcome}");
    }
}

impl Need {
    fn would(self) -> &'static str {
        match self {
            Self::Upload => "would be published",
            Self::Tag => "is published already, would be tagged",
            Self::Nothing => "is published already",
        }
    }

    fn doing(self) -> &'static str {
        match self {
            Self::Upload => "publishing",
            Self::Tag => "tagging",
            Self::Nothing => "leaving",
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Upload => "published",
            Self::Tag => "is published already, tagged",
            Self::Nothing => "is published already",
        }
    }
}

fn url(text: &str) -> Result<String, &'static str> {
    let is_url = ["https://", "http://"].iter().any(|scheme| {
        text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
    });
    if is_url { Ok(text.to_owned()) } else { Err("expected a URL, https://… or http://…") }
}
