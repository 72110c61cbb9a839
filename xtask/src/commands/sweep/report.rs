//! The result of a sweep, as a table and as JSON.

use diagnostics::Failure;
use semver::Version;
use serde::Serialize;

use crate::{adapter::Unfit, output};

/// A release and its result.
pub struct Tried<'w> {
    pub package: &'w str,
    pub version: Version,
    pub verdict: Verdict,
    /// The entry that lists it as unfit, if there is one.
    pub unfit: Option<&'w Unfit>,
}

pub enum Verdict {
    /// The number of edits.
    Fits(usize),
    /// The patches do not fit.
    Moved(Failure),
    /// The release could not be read.
    NotHad(Failure),
}

impl<'w> Tried<'w> {
    pub fn fits(&self) -> bool {
        matches!(self.verdict, Verdict::Fits(_))
    }

    /// The reason of its `[[unfit]]` entry, if the patches do not fit.
    fn explained(&self) -> Option<&'w str> {
        let unfit = self.unfit.filter(|_| matches!(self.verdict, Verdict::Moved(_)));
        unfit.map(|unfit| unfit.why.as_str())
    }

    fn failure(&self) -> Option<&Failure> {
        match &self.verdict {
            Verdict::Fits(_) => None,
            Verdict::Moved(failure) | Verdict::NotHad(failure) => Some(failure),
        }
    }

    /// The errors, without the name of the release.
    fn problems(&self) -> Vec<Problem> {
        let Some(failure) = self.failure() else { return Vec::new() };
        let release = format!("{}@{}: ", self.package, self.version);
        let problem = |report: &diagnostics::Report| Problem {
            code: report.code,
            message: report.message.trim_start_matches(&release).to_owned(),
        };
        failure.reports().iter().map(problem).collect()
    }
}

/// One error.
#[derive(PartialEq, Serialize)]
struct Problem {
    code: &'static str,
    message: String,
}

#[derive(Serialize)]
struct Row<'t> {
    package: &'t str,
    version: String,
    /// `null` if the release could not be read.
    fits: Option<bool>,
    edits: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<Problem>,
    /// The reason of its `[[unfit]]` entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    explained: Option<&'t str>,
}

impl<'t> From<&Tried<'t>> for Row<'t> {
    fn from(tried: &Tried<'t>) -> Self {
        let (fits, edits) = match tried.verdict {
            Verdict::Fits(edits) => (Some(true), edits),
            Verdict::Moved(_) => (Some(false), 0),
            Verdict::NotHad(_) => (None, 0),
        };
        let (package, version) = (tried.package, tried.version.to_string());
        let (problems, explained) = (tried.problems(), tried.explained());
        Self { package, version, fits, edits, problems, explained }
    }
}

/// Prints every release.
pub fn print_json(tried: &[Tried<'_>]) {
    output::json(&tried.iter().map(Row::from).collect::<Vec<Row<'_>>>());
}

/// One line for each major, and below it the ranges of releases that do not fit.
pub fn print_table(tried: &[Tried<'_>]) {
    let width = tried.iter().map(|tried| tried.package.len()).max().unwrap_or(0);
    let of_one_major = |one: &Tried<'_>, other: &Tried<'_>| {
        one.package == other.package && one.version.major == other.version.major
    };
    for major in tried.chunk_by(of_one_major) {
        let Some(first) = major.first() else { continue };
        output::line!(
            "{:<width$}  {:>4}  {} of {} fit, {}",
            first.package,
            format!("{}.x", first.version.major),
            major.iter().filter(|tried| tried.fits()).count(),
            major.len(),
            range(major)
        );
        for stretch in major.chunk_by(is_alike) {
            for line in stretch.first().map(lines).unwrap_or_default() {
                output::line!("{:width$}  {}: {line}", "", range(stretch));
            }
        }
    }
    let fitting = tried.iter().filter(|tried| tried.fits()).count();
    let explained = match tried.iter().filter_map(Tried::explained).count() {
        0 => String::new(),
        1 => ", 1 is listed as unfit".to_owned(),
        count => format!(", {count} are listed as unfit"),
    };
    output::line!("{fitting} of {} releases fit{explained}", tried.len());
}

/// The lines printed for a release that does not fit.
fn lines(tried: &Tried<'_>) -> Vec<String> {
    match tried.explained() {
        Some(why) => vec![format!("listed as unfit: {why}")],
        None => {
            let problems = tried.problems().into_iter();
            problems.map(|Problem { code, message }| format!("{code} {message}")).collect()
        }
    }
}

/// The first failure of every range without an `[[unfit]]` reason.
pub fn failures(tried: &[Tried<'_>]) -> Vec<Failure> {
    let stretches = tried.chunk_by(is_alike).filter_map(|stretch| stretch.first());
    let unexplained = stretches.filter(|tried| tried.explained().is_none());
    unexplained.filter_map(|tried| tried.failure().cloned()).collect()
}

/// Whether two releases of a package failed in the same way, or for the same reason.
fn is_alike(one: &Tried<'_>, other: &Tried<'_>) -> bool {
    one.package == other.package && lines(one) == lines(other)
}

fn range(releases: &[Tried<'_>]) -> String {
    match releases {
        [] => String::new(),
        [only] => only.version.to_string(),
        [first, .., last] => format!("{} to {}", first.version, last.version),
    }
}
