//! What a sweep has found, as a table and as JSON.

use diagnostics::Failure;
use semver::Version;
use serde::Serialize;

use crate::{adapter::Unfit, output};

/// A release that was tried.
pub struct Tried<'w> {
    pub package: &'w str,
    pub version: Version,
    pub verdict: Verdict,
    /// Why it is not to fit, if it is said not to.
    pub unfit: Option<&'w Unfit>,
}

pub enum Verdict {
    /// With so many edits.
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

    /// Why it does not fit, where that is upstream's affair.
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

    /// What is wrong, without the name of the release.
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
    /// Why that is upstream's affair.
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

/// Every release.
pub fn print_json(tried: &[Tried<'_>]) {
    output::json(&tried.iter().map(Row::from).collect::<Vec<Row<'_>>>());
}

/// One line for each major; below it, the stretches of releases that do not fit.
pub fn print_table(tried: &[Tried<'_>]) {
    let width = tried.iter().map(|tried| tried.package.len()).max().unwrap_or(0);
    let of_one_major = |one: &Tried<'_>, other: &Tried<'_>| {
        one.package == other.package && one.version.major == other.version.major
    };
    for major in tried.chunk_by(of_one_major) {
        let Some(first) = major.first() else { continue };
        anstream::println!(
            "{:<width$}  {:>4}  {} of {} fit, {}",
            first.package,
            format!("{}.x", first.version.major),
            major.iter().filter(|tried| tried.fits()).count(),
            major.len(),
            range(major)
        );
        for stretch in major.chunk_by(is_alike) {
            for line in stretch.first().map(lines).unwrap_or_default() {
                anstream::println!("{:width$}  {}: {line}", "", range(stretch));
            }
        }
    }
    let fitting = tried.iter().filter(|tried| tried.fits()).count();
    let explained = match tried.iter().filter_map(Tried::explained).count() {
        0 => String::new(),
        1 => ", 1 is not meant to".to_owned(),
        count => format!(", {count} are not meant to"),
    };
    anstream::println!("{fitting} of {} releases fit{explained}", tried.len());
}

/// What there is to say of a release that does not fit.
fn lines(tried: &Tried<'_>) -> Vec<String> {
    match tried.explained() {
        Some(why) => vec![format!("not meant to fit, {why}")],
        None => {
            let problems = tried.problems().into_iter();
            problems.map(|Problem { code, message }| format!("{code} {message}")).collect()
        }
    }
}

/// The first failure of every stretch that nothing explains.
pub fn failures(tried: &[Tried<'_>]) -> Vec<Failure> {
    let stretches = tried.chunk_by(is_alike).filter_map(|stretch| stretch.first());
    let unexplained = stretches.filter(|tried| tried.explained().is_none());
    unexplained.filter_map(|tried| tried.failure().cloned()).collect()
}

/// Whether two releases of a package moved in the same way, or for the same reason.
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
