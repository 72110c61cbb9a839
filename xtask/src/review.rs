//! Reviews of upstream's code that edits depend on, recorded by hash.
//!
//! A patch can still fit after the code around it has changed its meaning. `upstream/reviewed.toml`
//! therefore records the places of edits with a hash of their structure. A changed place is
//! reported until someone reviews it.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::{Explain, Failure, Place, Source};
use semantic_patch::{Edit, Language, Watched, watch};
use semver::Version;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use similar::TextDiff;

use crate::{
    adapter::Adapter,
    checkout::CheckoutError,
    output,
    pipeline::Job,
    upstream::{Integrity, PackagePin, SourceTree},
};

/// The path of the record, below the root of the checkout.
pub const REVIEWED: &str = "upstream/reviewed.toml";

const HEADER: &str = "\
# Reviewed upstream code that edits depend on: hashes of its structure, without layout and comments.
# Written by `cargo xtask sync-version --accept`. Run `cargo xtask check` to see the changes since.
";

/// The number of hexadecimal digits of a hash.
const DIGITS: usize = 32;

/// The record: reviews by line and package.
#[derive(Default)]
pub struct Reviewed {
    /// Whether the file exists. Without it, nothing is compared.
    is_there: bool,
    lines: BTreeMap<String, BTreeMap<String, Review>>,
}

/// The reviewed code of one package.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Review {
    version: Version,
    integrity: String,
    /// Hashes by module and place, `serve-app: function createAppHandler`.
    code: BTreeMap<String, String>,
}

/// A place that changed since its review.
pub struct Drift {
    /// For example `serve-app: function createAppHandler`.
    pub place: String,
    /// The reviewed release; `None` if there was none.
    pub since: Option<Version>,
    /// The changes since then, as a unified diff.
    pub diff: String,
}

/// The code that the edits of a release depend on, by module and place.
type Code = BTreeMap<String, Watched>;

impl Reviewed {
    /// Reads the record of the checkout at `root`.
    pub fn read(root: &Utf8Path) -> Result<Self, Failure> {
        let path = Utf8PathBuf::from(REVIEWED);
        let text = match fs::read_to_string(root.join(&path)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                return Err(CheckoutError::Unreadable { path, reason: error.to_string() }.into());
            }
        };
        let source = Source::new(REVIEWED, text);
        let lines = toml::from_str(&source.text).map_err(|error| ReviewError::Unreadable {
            message: error.message().to_owned(),
            places: error.span().map(|span| source.wrong(span, "here")).into_iter().collect(),
        })?;
        Ok(Self { is_there: true, lines })
    }

    /// The text of the record.
    pub fn text(&self) -> String {
        let mut text = HEADER.to_owned();
        let reviews = self.lines.iter().rev().flat_map(|(line, packages)| {
            packages.iter().map(move |(package, review)| (line, package, review))
        });
        for (line, package, Review { version, integrity, code }) in reviews {
            let table = format!("{line}.\"{package}\"");
            // Writing to a string cannot fail.
            let _ =
                write!(text, "\n[{table}]\nversion = \"{version}\"\nintegrity = \"{integrity}\"\n");
            let _ = writeln!(text, "[{table}.code]");
            for (place, hash) in code {
                let _ = writeln!(text, "\"{place}\" = \"{hash}\"");
            }
        }
        text
    }

    /// Records a review of a job's release.
    pub fn accept(&mut self, job: &Job<'_>) -> Result<(), Failure> {
        let package = &job.adapter.upstream.package;
        let pin = job.line.package(package)?;
        let code = code(job.adapter, &job.published(pin)?)?;
        let review = Review {
            version: pin.version.clone(),
            integrity: pin.integrity.to_string(),
            code: code.iter().map(|(place, watched)| (place.clone(), hash(watched))).collect(),
        };
        self.is_there = true;
        self.lines.entry(job.line.name.clone()).or_default().insert(package.clone(), review);
        Ok(())
    }

    /// The places of a job's release without a current review.
    pub fn drift(&self, job: &Job<'_>) -> Result<Vec<Drift>, Failure> {
        if !self.is_there {
            return Ok(Vec::new());
        }
        let package = &job.adapter.upstream.package;
        let pin = job.line.package(package)?;
        let code_now = code(job.adapter, &job.published(pin)?)?;
        let review = self.lines.get(&job.line.name).and_then(|packages| packages.get(package));
        let recorded = |place: &String| review.and_then(|review| review.code.get(place));
        let mut changed =
            code_now.iter().filter(|(place, now)| recorded(place) != Some(&hash(now)));
        if changed.clone().next().is_none() {
            return Ok(Vec::new());
        }
        // The reviewed text comes from the reviewed release.
        let before = match review {
            Some(review) => review.code(job)?,
            None => Code::new(),
        };
        let drift = changed.by_ref().map(|(place, now)| {
            let since = recorded(place).and(review).map(|review| review.version.clone());
            let old = since.as_ref().and_then(|_| before.get(place)).map_or("", |code| &code.text);
            let name = |version: &Version| format!("{package}@{version}, {place}");
            let from = since.as_ref().map_or_else(|| "/dev/null".to_owned(), name);
            let (old, new) = (with_line_break(old), with_line_break(&now.text));
            let diff = TextDiff::from_lines(&old, &new)
                .unified_diff()
                .context_radius(3)
                .header(&from, &name(&pin.version))
                .to_string();
            Drift { place: place.clone(), since, diff }
        });
        Ok(drift.collect())
    }
}

impl Review {
    /// The reviewed code, from the reviewed release.
    fn code(&self, job: &Job<'_>) -> Result<Code, Failure> {
        let integrity: Integrity = self.integrity.parse().map_err(|reason: &str| {
            ReviewError::Unreadable { message: reason.to_owned(), places: Vec::new() }
        })?;
        code(job.adapter, &job.published(&PackagePin::of(self.version.clone(), integrity))?)
    }
}

/// The code that the edits of a release depend on, in its published form, whatever the build reads.
fn code(adapter: &Adapter, tree: &SourceTree) -> Result<Code, Failure> {
    let mut code = Code::new();
    for patch in &adapter.patches {
        let Some(file) = tree.modules.get(&patch.module) else { continue };
        let edits: Vec<&Edit> =
            patch.edits.iter().filter(|edit| edit.is_for(&tree.version)).collect();
        let source = Source::new(file.path.as_str(), file.text.as_str());
        let watched = watch(&source, Language::of(&file.path), &edits)?;
        let named = watched.into_iter();
        code.extend(named.map(|(place, code)| (format!("{}: {place}", patch.module), code)));
    }
    Ok(code)
}

fn hash(code: &Watched) -> String {
    let digest = Sha256::digest(&code.structure);
    let mut hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    hash.truncate(DIGITS);
    hash
}

/// A diff marks a last line without a line break.
fn with_line_break(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

/// Prints the places without a current review. Returns whether there are any.
pub fn print(job: &Job<'_>, drift: &[Drift]) -> bool {
    let package = &job.adapter.upstream.package;
    for Drift { place, since, diff } in drift {
        match since {
            Some(version) => {
                output::line!("{package}: `{place}` has changed since {version} was reviewed");
            }
            None => output::line!("{package}: `{place}` was never reviewed"),
        }
        output::text!("{diff}");
    }
    !drift.is_empty()
}

/// The hint for changed places.
pub const ADVICE: &str = "review the changes, check that the edits are still correct, then run `cargo xtask sync-version --accept`";

/// The record of reviews is not valid.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum ReviewError {
    /// The record of reviews cannot be read
    ///
    /// `upstream/reviewed.toml` holds hashes of the code that edits depend on. `cargo xtask
    /// sync-version --accept` writes it; don't edit it by hand.
    #[error("`upstream/reviewed.toml` cannot be read: {message}")]
    #[explain(
        code = "B014",
        help = "run `git checkout -- upstream/reviewed.toml`; after a merge, delete it and run `cargo xtask sync-version --accept`"
    )]
    Unreadable { message: String, places: Vec<Place> },
}
