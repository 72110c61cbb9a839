//! The pins, and newer releases of upstream, for the commands that show or use them.

use std::{collections::BTreeSet, fmt};

use camino::Utf8PathBuf;
use diagnostics::Failure;
use semver::Version;
use serde::Serialize;

use crate::{
    adapter::Adapter,
    day::Day,
    package::stamp,
    pipeline::{Job, Workshop},
    review::Reviewed,
    upstream::{self, ASTRO, Line, Pins, Registry, UpstreamError, newest, newest_for},
};

/// The pins, and the available releases.
#[derive(Serialize)]
pub struct Report {
    /// The newest Astro first.
    pub lines: Vec<LineStatus>,
    /// The newest releases of Astro and the adapters with majors that no line covers.
    pub without_line: Vec<WithoutLine>,
}

#[derive(Serialize)]
pub struct WithoutLine {
    package: String,
    version: Version,
}

#[derive(Serialize)]
pub struct LineStatus {
    pub line: String,
    /// One stamp if the commit is known, otherwise one per package.
    stamps: Vec<String>,
    commit: Option<String>,
    tag: String,
    /// Days since the pin.
    age: Option<i64>,
    pub astro: Release,
    pub packages: Vec<PackageStatus>,
}

/// A pin, and the newest release for it.
#[derive(Serialize)]
pub struct Release {
    pinned: Version,
    pub newest: Version,
    /// Whether upstream is ahead of the pin.
    pub ahead: bool,
}

#[derive(Serialize)]
pub struct PackageStatus {
    pub package: String,
    #[serde(flatten)]
    pub release: Release,
    /// `None` if no runtime uses the package.
    runtime: Option<RuntimeStatus>,
}

#[derive(Serialize)]
struct RuntimeStatus {
    name: String,
    edits: usize,
    /// The stamp of its package, built or not.
    stamp: String,
    /// The stamp of the built package, if there is one.
    built: Option<String>,
    /// Places that changed since their review.
    drift: Vec<String>,
}

impl Report {
    pub fn of(workshop: &Workshop, adapters: &[Adapter]) -> Result<Self, Failure> {
        let reviewed = Reviewed::read(&workshop.root)?;
        let lines = workshop.pins.lines.iter().rev();
        let lines = lines.map(|line| LineStatus::of(workshop, adapters, &reviewed, line));
        Ok(Self {
            lines: lines.collect::<Result<_, Failure>>()?,
            without_line: without_line(&workshop.registry, &workshop.pins)?,
        })
    }

    /// Whether upstream is ahead of any pin.
    pub fn is_ahead(&self) -> bool {
        !self.without_line.is_empty() || self.lines.iter().any(LineStatus::is_ahead)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines.iter().try_for_each(|line| line.fmt(formatter))?;
        self.without_line.iter().try_for_each(|release| writeln!(formatter, "{release}"))
    }
}

impl fmt::Display for WithoutLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { package, version } = self;
        write!(formatter, "{} has no line", named(package, version))
    }
}

/// The common name of a release: `Astro 7.3.0`, `@astrojs/node 11.1.4`.
pub fn named(package: &str, version: &Version) -> String {
    format!("{} {version}", if package == ASTRO { "Astro" } else { package })
}

/// The newest Astro, if it is newer than all lines. Also the newest release of each package that
/// fits a line's Astro, but has a major newer than all pins.
fn without_line(registry: &Registry, pins: &Pins) -> Result<Vec<WithoutLine>, UpstreamError> {
    let mut found = Vec::new();
    let mut tell = |package: &str, version: Option<&Version>| {
        let version = version.cloned();
        found.extend(version.map(|version| WithoutLine { package: package.to_owned(), version }));
    };
    let astro = registry.releases(ASTRO)?;
    let whole = |release: &&upstream::Release| release.version.pre.is_empty();
    let newest_astro = astro.iter().rev().find(whole).map(|release| &release.version);
    let last = pins.lines.last().map_or(0, |line| line.major);
    tell(ASTRO, newest_astro.filter(|version| version.major > last));

    let packages: BTreeSet<&String> =
        pins.lines.iter().flat_map(|line| line.packages.keys()).collect();
    for package in packages {
        let pinned = pins.lines.iter().filter_map(|line| line.packages.get(package));
        let last = pinned.map(|pin| pin.version.major).max().unwrap_or(0);
        let releases = registry.releases(package)?;
        let majors = releases.iter().rev().filter(whole).map(|release| release.version.major);
        let newer: BTreeSet<u64> = majors.filter(|major| *major > last).collect();
        let pairs = newer.iter().rev();
        let pairs = pairs.flat_map(|major| pins.lines.iter().rev().map(move |line| (*major, line)));
        for (major, line) in pairs {
            let newest = newest_of(&astro, line).newest;
            if let Some(release) = newest_for(package, &releases, major, &newest)? {
                tell(package, Some(&release.version));
                break;
            }
        }
    }
    Ok(found)
}

/// A line's Astro, and the newest release of its major.
fn newest_of(releases: &[upstream::Release], line: &Line) -> Release {
    Release::of(&line.astro, newest(releases, line.major))
}

impl Release {
    fn of(pinned: &Version, newest: Option<&upstream::Release>) -> Self {
        let newest = newest.map_or(pinned, |release| &release.version).max(pinned);
        Self { pinned: pinned.clone(), newest: newest.clone(), ahead: newest > pinned }
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
        let astro = newest_of(&registry.releases(ASTRO)?, line);
        let mut packages = Vec::new();
        for (package, pin) in &line.packages {
            registry.confirm(package, pin)?;
            let adapter = adapters.iter().find(|adapter| adapter.upstream.package == *package);
            let runtime = adapter
                .map(|adapter| RuntimeStatus::of(workshop, reviewed, &workshop.job(adapter, line)));
            let releases = registry.releases(package)?;
            let newest = newest_for(package, &releases, pin.version.major, &astro.newest)?;
            packages.push(PackageStatus {
                package: package.clone(),
                release: Release::of(&pin.version, newest),
                runtime: runtime.transpose()?,
            });
        }
        let pinned = line.as_of.as_ref().and_then(|day| day.parse().ok());
        Ok(Self {
            line: line.name.clone(),
            stamps: stamp::of_line(line),
            commit: line.commit.clone(),
            tag: line.tag.clone(),
            age: pinned.map(|day| Day::today().days_since(day)),
            astro,
            packages,
        })
    }

    /// Whether upstream is ahead of this line.
    pub fn is_ahead(&self) -> bool {
        self.astro.ahead || self.packages.iter().any(|package| package.release.ahead)
    }
}

impl fmt::Display for LineStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, stamps, commit, tag, age, astro, packages } = self;
        let age = age.map_or_else(String::new, |days| match days {
            0 => ", pinned today".to_owned(),
            1 => ", pinned yesterday".to_owned(),
            days => format!(", pinned {days} days ago"),
        });
        writeln!(formatter, "{line}  {}, dist-tag {tag}{age}", stamps.join(", "))?;
        if commit.is_none() {
            writeln!(
                formatter,
                "  stamped by its tarballs, because its commit is unknown: run `cargo xtask sync-version --latest` to find it"
            )?;
        }
        let width =
            packages.iter().map(|one| one.package.len()).max().unwrap_or(0).max(ASTRO.len());
        writeln!(formatter, "  {ASTRO:<width$}  {}", astro.describe())?;
        for PackageStatus { package, release, runtime } in packages {
            writeln!(formatter, "  {package:<width$}  {}", release.describe())?;
            let Some(runtime) = runtime else { continue };
            let RuntimeStatus { name, edits, stamp, built, drift } = runtime;
            let built = match built {
                None => "not built".to_owned(),
                Some(built) if built == stamp => "built".to_owned(),
                Some(built) => format!("built as {built}"),
            };
            let edits = if *edits == 1 { "1 edit".to_owned() } else { format!("{edits} edits") };
            writeln!(formatter, "  {:width$}  {name}: {edits}, {built}", "")?;
            for place in drift {
                writeln!(formatter, "  {:width$}  `{place}` has no current review", "")?;
            }
        }
        Ok(())
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
            stamp: job.stamp(),
            built: stamp::built(&folder),
            drift: drift.collect(),
        })
    }
}
