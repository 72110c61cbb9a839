//! `cargo xtask canary`: tests a fresh installation of today's newest releases, regardless of the
//! pins.

use std::collections::BTreeMap;

use camino::Utf8Path;
use diagnostics::Failure;
use semver::Version;
use serde::Deserialize;

use crate::{
    adapter::Adapter,
    answer::Answer,
    checkout,
    day::Day,
    output::{self, Locked},
    package::PackageError,
    pipeline::{Job, Workshop},
    program,
    proposal::{Issue, Proposal, list},
    step::Step,
    suites::MAJOR,
    upstream::{ASTRO, Line, Registry, UpstreamError, accepts, newest, newest_for},
};

/// Names the folder of packages under test, `<runtime>/<line>/`.
const PACKAGES: &str = "TEST_PACKAGES";

/// Names the release of the official adapter that the tests also try.
const OFFICIAL: &str = "TEST_OFFICIAL";

/// Names the cutoff day: the tests install only releases published up to it.
const AS_OF: &str = "TEST_AS_OF";

/// Test a fresh installation of today's newest releases
///
/// For each line, the canary ignores the pins and builds the newest official adapter with the
/// patches. It installs the package beside the newest Astro of the major, and runs the vital tests
/// against `astro dev` and the built site. It also installs the official adapter the same way and
/// runs the page test: if that fails too, the bug is upstream's.
///
/// Prints a proposal as JSON, for `cargo xtask propose`: an issue with the failures, and the
/// packages released since the line was pinned.
#[derive(clap::Args)]
pub struct Canary {
    /// Runtimes to test, for example `node`; default: all
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only the line of this Astro major; default: all lines
    #[arg(long, value_name = "MAJOR")]
    astro: Option<u64>,
    /// Exit with 1 if a test fails
    #[arg(long)]
    check: bool,
}

/// The result for one package.
struct Finding {
    /// For example `node on Astro 7`.
    subject: String,
    /// The official adapter of the package, and the Astro beside it.
    releases: String,
    verdict: Verdict,
    steps: Vec<Step>,
    /// Releases since the line was pinned, the newest last.
    changes: Vec<Change>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Works,
    /// Upstream changed code that an edit depends on.
    PatchesDoNotFit,
    /// The official adapter serves a page; ours fails.
    OurFault,
    /// The official adapter fails to serve a page too.
    Official,
}

/// A package that a fresh installation resolves to another version than on the day of the pin.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    package: String,
    before: Option<String>,
    now: String,
    /// The publication time of the new version, if the registry reports it.
    since: Option<String>,
}

impl Canary {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(None)?;
        let adapters = Adapter::select(&workshop.root, &self.runtimes)?;
        let lines = workshop.lines(self.astro)?;
        let packages = checkout::target(&workshop.root).join("canary");
        let mut findings = Vec::new();
        for adapter in &adapters {
            for line in workshop.of_adapter(adapter, &lines)?.into_iter().rev() {
                let finding = try_line(&workshop, adapter, line, &packages)?;
                output::note!("{}", finding.sentence());
                findings.push(finding);
            }
        }
        let broken: Vec<&Finding> =
            findings.iter().filter(|finding| finding.verdict != Verdict::Works).collect();
        output::json(&Proposal { pull_request: None, issue: issue(&broken) });
        Ok(if self.check && !broken.is_empty() { Answer::No } else { Answer::Fine })
    }
}

fn try_line(
    workshop: &Workshop,
    adapter: &Adapter,
    pinned: &Line,
    packages: &Utf8Path,
) -> Result<Finding, Failure> {
    output::progress(&format!("{} on Astro {}", adapter.runtime, pinned.major));
    let line = newest_line(&workshop.registry, adapter, pinned)?;
    let job = workshop.job(adapter, &line);
    let official = job.upstream_release()?;
    let mut steps = Vec::new();
    let manifest = match build(workshop, &job, packages) {
        Ok(manifest) => Some(manifest),
        // A release that is not available proves nothing.
        Err(failure) if failure.exit() == UPSTREAM_MISSING => return Err(failure),
        Err(failure) => {
            let output: Vec<String> =
                failure.reports().iter().map(|report| report.render(false)).collect();
            let command = format!("the patches on {official}");
            steps.push(Step { command, code: failure.exit().into(), output: output.join("\n") });
            None
        }
    };
    let test = |installation: &str| test(workshop, &job, packages, &official, installation);
    let page = test("official")?;
    let is_official_fine = page.code == 0;
    steps.push(page);
    let mut verdict = if is_official_fine { Verdict::PatchesDoNotFit } else { Verdict::Official };
    if is_official_fine && manifest.is_some() {
        let vital = test("plain")?;
        verdict = if vital.code == 0 { Verdict::Works } else { Verdict::OurFault };
        steps.push(vital);
    }
    let mut changes = Vec::new();
    if verdict != Verdict::Works {
        let mut ranges = manifest.map(|manifest| manifest.ranges()).unwrap_or_default();
        ranges.insert(ASTRO.to_owned(), line.major.to_string());
        let pin = pinned.package(&adapter.upstream.package)?;
        ranges.insert(adapter.upstream.package.clone(), pin.version.major.to_string());
        changes = released_since(&workshop.registry, &ranges, pinned.as_of.as_deref())?;
    }
    let subject = format!("{} on Astro {}", adapter.runtime, line.major);
    let releases = format!("{official} beside {ASTRO}@{}", line.astro);
    Ok(Finding { subject, releases, verdict, steps, changes })
}

/// The exit code of errors that make upstream unavailable.
const UPSTREAM_MISSING: u8 = 3;

/// The line as it would look if pinned now.
fn newest_line(
    registry: &Registry,
    adapter: &Adapter,
    pinned: &Line,
) -> Result<Line, UpstreamError> {
    let package = &adapter.upstream.package;
    let pin = pinned.package(package)?;
    let astro = newest(&registry.releases(ASTRO)?, pinned.major)
        .map_or_else(|| pinned.astro.clone(), |release| release.version.clone());
    let releases = registry.releases(package)?;
    let pin = match newest_for(package, &releases, pin.version.major, &astro)? {
        Some(release) if release.version != pin.version => release.pin(package)?,
        _ => pin.clone(),
    };
    let mut line = pinned.clone();
    line.astro = astro;
    line.packages = BTreeMap::from([(package.clone(), pin)]);
    Ok(line)
}

/// The dependencies in a built package's manifest.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Manifest {
    dependencies: BTreeMap<String, String>,
    peer_dependencies: BTreeMap<String, String>,
}

impl Manifest {
    fn ranges(self) -> BTreeMap<String, String> {
        self.dependencies.into_iter().chain(self.peer_dependencies).collect()
    }
}

/// Builds the package from the published tarball, whatever the source of the pins, and writes it to
/// the folder that the tests read.
fn build(workshop: &Workshop, job: &Job<'_>, packages: &Utf8Path) -> Result<Manifest, Failure> {
    let pin = job.line.package(&job.adapter.upstream.package)?;
    let patched = job.patch(job.published(pin)?)?;
    let package = job.package(&patched, &workshop.additions()?)?;
    let mut files = package.files;
    let manifest = files.get("package.json").map(Vec::as_slice).unwrap_or_default();
    let manifest = serde_json::from_slice(manifest).map_err(|error| PackageError::Manifest {
        package: package.name,
        reason: error.to_string(),
    })?;
    files.insert(job.tarball_name(), package.tarball);
    let folder = packages.join(&job.adapter.runtime);
    Locked::take(&folder, &job.adapter.runtime)?.replace(&job.line.name, &files)?;
    Ok(manifest)
}

/// Runs the tests for one kind of installation.
fn test(
    workshop: &Workshop,
    job: &Job<'_>,
    packages: &Utf8Path,
    official: &str,
    installation: &str,
) -> Result<Step, Failure> {
    let mut cargo = program::cargo(&workshop.root);
    let suite = &job.adapter.runtime;
    cargo.args(["test", "--quiet", "--workspace", "--test", suite, "--"]);
    cargo.arg(format!("{installation}::"));
    cargo.env(MAJOR, job.line.major.to_string()).env(PACKAGES, packages).env(OFFICIAL, official);
    cargo.env(AS_OF, Day::today().to_string());
    output::progress(&format!("{official}: {installation}"));
    let words: Vec<_> = cargo.get_args().map(|word| word.to_string_lossy()).collect();
    let name = format!("cargo {}", words.join(" "));
    Ok(Step::run(cargo, name, |_| ())?)
}

/// The publication times of a package's releases.
#[derive(Deserialize)]
struct Published {
    #[serde(default)]
    versions: BTreeMap<String, serde::de::IgnoredAny>,
    #[serde(default)]
    time: BTreeMap<String, String>,
}

/// The packages that npm resolves to another version than on the given day.
fn released_since(
    registry: &Registry,
    ranges: &BTreeMap<String, String>,
    day: Option<&str>,
) -> Result<Vec<Change>, UpstreamError> {
    let mut changes = Vec::new();
    for (package, range) in ranges {
        let Some(metadata) = registry.metadata(package)? else { continue };
        let Ok(published) = serde_json::from_slice::<Published>(&metadata) else { continue };
        changes.extend(change(package, range, &published, day));
    }
    changes.sort_by(|one, other| one.since.cmp(&other.since));
    Ok(changes)
}

fn change(package: &str, range: &str, published: &Published, day: Option<&str>) -> Option<Change> {
    let mut within: Vec<Version> = published
        .versions
        .keys()
        .filter_map(|version| Version::parse(version).ok())
        .filter(|version| accepts(range, version).unwrap_or(false))
        .collect();
    within.sort();
    let time = |version: &Version| published.time.get(&version.to_string());
    // Times start with the day.
    let was_there = |version: &&Version| {
        time(version)
            .and_then(|time| time.get(..10))
            .zip(day)
            .is_some_and(|(time, day)| time <= day)
    };
    let (now, before) = (within.last()?, within.iter().rev().find(was_there));
    if before == Some(now) || (before.is_none() && day.is_none()) {
        return None;
    }
    Some(Change {
        package: package.to_owned(),
        before: before.map(Version::to_string),
        now: now.to_string(),
        since: time(now).map(|time| time.chars().take(10).collect()),
    })
}

impl Finding {
    fn sentence(&self) -> String {
        let Self { subject, releases, verdict, .. } = self;
        match verdict {
            Verdict::Works => format!("{subject}: {releases} works"),
            Verdict::PatchesDoNotFit => {
                format!("{subject}: the patches do not fit {releases}")
            }
            Verdict::OurFault => {
                format!("{subject}: {releases} serves a page, but our package built from it fails")
            }
            Verdict::Official => format!(
                "{subject}: {releases} fails to serve a page without our package too: the bug \
                 is upstream's"
            ),
        }
    }
}

/// One issue for all failures. Its title holds only the packages, so that the next run finds it.
fn issue(broken: &[&Finding]) -> Option<Issue> {
    if broken.is_empty() {
        return None;
    }
    let subjects: Vec<String> = broken.iter().map(|finding| finding.subject.clone()).collect();
    let mut body =
        "A fresh installation of today's newest releases fails. The pins play no part in it.\n"
            .to_owned();
    for finding in broken {
        body.push_str(&format!("\n### {}\n\n{}.\n\n", finding.subject, finding.sentence()));
        body.push_str(&since_when(&finding.changes));
        body.extend(finding.steps.iter().map(|step| step.markdown(step.code != 0)));
    }
    body.push_str("\nTo reproduce: run `cargo xtask canary` in a clone of this repository.\n");
    Some(Issue { title: format!("A plain installation breaks: {}", list(&subjects)), body })
}

fn since_when(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "None of its dependencies was released since the line was pinned.\n\n".to_owned();
    }
    let mut text = "Released since the line was pinned:\n\n".to_owned();
    for Change { package, before, now, since } in changes {
        let before = before.as_ref().map(|before| format!("{before} to ")).unwrap_or_default();
        let since = since.as_ref().map(|since| format!(", on {since}")).unwrap_or_default();
        text.push_str(&format!("- `{package}` {before}{now}{since}\n"));
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::{Change, Published, change};

    #[test]
    fn a_release_in_range_after_the_pin_counts_as_a_change() {
        let published: Published = serde_json::from_str(
            r#"{
                "versions": { "1.9.0": {}, "1.10.0": {}, "2.0.0": {} },
                "time": {
                    "created": "2026-01-01T00:00:00Z",
                    "1.9.0": "2026-11-01T00:00:00Z",
                    "1.10.0": "2026-11-20T08:00:00Z",
                    "2.0.0": "2026-11-25T00:00:00Z"
                }
            }"#,
        )
        .unwrap();
        let since = |range, day| change("p", range, &published, Some(day));
        let (package, now) = ("p".to_owned(), "1.10.0".to_owned());
        let day = Some("2026-11-20".to_owned());
        let before = Some("1.9.0".to_owned());
        assert_eq!(
            since("^1.0.0", "2026-11-18"),
            Some(Change { package, before, now, since: day })
        );
        assert_eq!(since("^1.0.0", "2026-11-20"), None);
        assert_eq!(since("1.9.0", "2026-11-18"), None);
        assert_eq!(since("^3.0.0", "2026-11-18"), None);
    }
}
