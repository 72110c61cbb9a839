//! `cargo xtask publish`: what was tested, to npm.

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

/// The waits before the second and the third try of an upload that did not get through.
const WAITS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];

/// Publish the packages on npm
///
/// Makes the packages as `build` does, and uploads those whose tarballs have passed the suites, each
/// under the dist-tag of its line. What the registry has already is not uploaded again, so a command that
/// was interrupted is simply run again. Nothing is uploaded if anything is wrong with one
/// of the packages, or if the work tree has changes.
///
/// It is npm that uploads, with its own credentials: those of `npm login`, a token, or the workflow
/// that the registry trusts. Where the CI can prove what a package was built from, the package
/// carries the proof.
#[derive(clap::Args)]
pub struct Publish {
    /// The runtimes to publish, for example `node`; all of them if none is named
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only the line of this Astro major, for example 6; all lines if it is not given
    #[arg(long, value_name = "MAJOR")]
    astro: Option<u64>,
    /// The registry to publish to, in place of the one that npm is configured for
    #[arg(long, value_name = "URL", value_parser = url)]
    registry: Option<String>,
    /// The dist-tag, in place of the line's own; for one line only
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    #[command(flatten)]
    mode: ModeFlags,
}

/// A package on its way to the registry.
struct Release<'j> {
    job: &'j Job<'j>,
    package: Package,
    tag: String,
    need: Need,
    /// The version that the tag is taken from, if another toolchain has published it.
    foreign: Option<String>,
    /// What proves where it was built.
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
        // A registry gives the tag `latest` to the first version of a package that it gets, whatever
        // the tag it comes with: so that has to be the newest.
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
        // Whatever happened, the copies for npm are of no more use.
        let _ = output::remove(&folder);
        published?;
        Ok(Answer::Fine)
    }
}

/// Finds out for every package what is to be done with it. Everything that is wrong is told at once.
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

/// Does what is to be done, package by package. The first that fails is the last that is tried.
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
    /// Has the registry have the package, under its tag.
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
            // What was sent may have arrived, even if its answer did not.
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
        anstream::println!("{name} {version}");
        let Self { tag, foreign, .. } = self;
        let taken = foreign.as_ref().map(|at| format!(", now at {at} of another toolchain"));
        anstream::println!("  tag        {tag}{}", taken.unwrap_or_default());
        anstream::println!("  integrity  {integrity}");
        if let Some(ci) = self.provenance.filter(|_| self.need == Need::Upload) {
            anstream::println!("  provenance {ci}");
        }
        anstream::println!("  {outcome}");
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
