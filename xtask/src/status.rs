//! `cargo xtask status`: what is pinned, and what upstream has since released.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use semver::Version;
use serde::Serialize;

use crate::{
    Answer,
    adapter::Adapter,
    day::Day,
    error::Failure,
    output,
    package::stamp,
    pipeline::{Job, Workshop},
    review::Reviewed,
    upstream::{ASTRO, Line, Pins, Registry, UpstreamError, newest},
};

/// Show what is pinned, and what upstream has released since
///
/// For each line: the stamp, its dist-tag, the day on which it was pinned; for each package: the
/// pin and the newest release of its major, how many edits it gets, what is built, and what of its
/// code was changed since it was reviewed. Where the registry cannot be reached, the releases are
/// those that it named last.
#[derive(clap::Args)]
pub struct Status {
    /// Exit with 1 if upstream is ahead of a pin
    #[arg(long)]
    check: bool,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct LineStatus {
    line: String,
    stamp: String,
    tag: String,
    /// Days since it was pinned.
    age: Option<i64>,
    astro: Release,
    packages: Vec<PackageStatus>,
}

/// A pin and what there is.
#[derive(Serialize)]
struct Release {
    pinned: String,
    newest: String,
    /// Whether upstream is ahead.
    ahead: bool,
}

#[derive(Serialize)]
struct PackageStatus {
    package: String,
    #[serde(flatten)]
    release: Release,
    /// `None` where no runtime makes use of the package.
    runtime: Option<RuntimeStatus>,
}

#[derive(Serialize)]
struct RuntimeStatus {
    name: String,
    edits: usize,
    /// The stamp of what was built, if anything was.
    built: Option<String>,
    /// Places that have changed since they were reviewed.
    drift: Vec<String>,
}

impl Status {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(None)?;
        let adapters = Adapter::select(&workshop.root, &[])?;
        let reviewed = Reviewed::read(&workshop.root)?;
        let mut packages: BTreeSet<&str> = BTreeSet::from([ASTRO]);
        let pinned = workshop.pins.lines.iter().flat_map(|line| line.packages.keys());
        packages.extend(pinned.map(String::as_str));
        workshop.ask(&packages.into_iter().collect::<Vec<&str>>())?;

        let mut lines = Vec::new();
        for line in workshop.pins.lines.iter().rev() {
            lines.push(LineStatus::of(&workshop, &adapters, &reviewed, line)?);
        }
        let next = next_major(&workshop.registry, &workshop.pins)?;
        if self.json {
            output::json(&lines);
        } else {
            lines.iter().for_each(LineStatus::print);
            if let Some(version) = &next {
                anstream::println!("Astro {version} has no line");
            }
        }
        let is_ahead = next.is_some() || lines.iter().any(LineStatus::is_ahead);
        Ok(if self.check && is_ahead { Answer::No } else { Answer::Fine })
    }
}

/// The newest release of a major that is newer than all lines.
fn next_major(registry: &Registry, pins: &Pins) -> Result<Option<Version>, UpstreamError> {
    let releases = registry.releases(ASTRO)?;
    let mut releases = releases.iter().rev().filter(|release| release.version.pre.is_empty());
    let newest = releases.next().map(|release| release.version.clone());
    let last = pins.lines.last().map_or(0, |line| line.major);
    Ok(newest.filter(|version| version.major > last))
}

impl Release {
    /// A pin beside the newest release of its major.
    fn of(registry: &Registry, package: &str, pinned: &Version) -> Result<Self, UpstreamError> {
        let releases = registry.releases(package)?;
        let newest = newest(&releases, pinned.major).map_or(pinned, |release| &release.version);
        Ok(Self { pinned: pinned.to_string(), newest: newest.to_string(), ahead: newest > pinned })
    }

    fn describe(&self) -> String {
        let Self { pinned, newest, ahead } = self;
        if *ahead {
            format!("{pinned}, newest is {newest}")
        } else {
            format!("{pinned}, the newest")
        }
    }
}

impl LineStatus {
    fn of(
        workshop: &Workshop,
        adapters: &[Adapter],
        reviewed: &Reviewed,
        line: &Line,
    ) -> Result<Self, Failure> {
        let registry = &workshop.registry;
        let mut packages = Vec::new();
        for (package, pin) in &line.packages {
            registry.confirm(package, pin)?;
            let adapter = adapters.iter().find(|adapter| adapter.upstream.package == *package);
            let runtime = adapter
                .map(|adapter| RuntimeStatus::of(workshop, reviewed, &workshop.job(adapter, line)));
            packages.push(PackageStatus {
                package: package.clone(),
                release: Release::of(registry, package, &pin.version)?,
                runtime: runtime.transpose()?,
            });
        }
        let pinned = line.as_of.as_ref().and_then(|day| day.parse().ok());
        Ok(Self {
            line: line.name.clone(),
            stamp: stamp::of(line),
            tag: line.tag.clone(),
            age: pinned.map(|day| Day::today().days_since(day)),
            astro: Release::of(registry, ASTRO, &line.astro)?,
            packages,
        })
    }

    fn is_ahead(&self) -> bool {
        self.astro.ahead || self.packages.iter().any(|package| package.release.ahead)
    }

    fn print(&self) {
        let Self { line, stamp, tag, age, astro, packages } = self;
        let age = age.map_or_else(String::new, |days| match days {
            0 => ", pinned today".to_owned(),
            1 => ", pinned yesterday".to_owned(),
            days => format!(", pinned {days} days ago"),
        });
        anstream::println!("{line}  {stamp}, dist-tag {tag}{age}");
        let width =
            packages.iter().map(|one| one.package.len()).max().unwrap_or(0).max(ASTRO.len());
        anstream::println!("  {ASTRO:<width$}  {}", astro.describe());
        for PackageStatus { package, release, runtime } in packages {
            anstream::println!("  {package:<width$}  {}", release.describe());
            let Some(runtime) = runtime else { continue };
            let RuntimeStatus { name, edits, built, drift } = runtime;
            let built = match built {
                None => "not built".to_owned(),
                Some(built) if built == stamp => "built".to_owned(),
                Some(built) => format!("built as {built}"),
            };
            let edits = if *edits == 1 { "1 edit".to_owned() } else { format!("{edits} edits") };
            anstream::println!("  {:width$}  {name}: {edits}, {built}", "");
            for place in drift {
                anstream::println!("  {:width$}  `{place}` is not reviewed", "");
            }
        }
    }
}

impl RuntimeStatus {
    fn of(workshop: &Workshop, reviewed: &Reviewed, job: &Job<'_>) -> Result<Self, Failure> {
        let version = &job.line.package(&job.adapter.upstream.package)?.version;
        let edits = job.adapter.patches.iter().flat_map(|patch| patch.all_edits());
        let drift = reviewed.drift(job)?.into_iter().map(|drift| drift.place);
        let folder: Utf8PathBuf = workshop.root.join(job.folder());
        Ok(Self {
            name: job.adapter.runtime.clone(),
            edits: edits.filter(|edit| edit.is_for(version)).count(),
            built: stamp::built(&folder),
            drift: drift.collect(),
        })
    }
}
