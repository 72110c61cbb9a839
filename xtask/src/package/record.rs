//! `upstream.json`: what a package was made of and what was done to it, for whoever reads it.

use serde::Serialize;

use crate::{
    package::vendor::Module,
    upstream::{Line, SourceTree},
};

/// Its name in the package.
pub const RECORD: &str = "upstream.json";

/// What an edit has done to its module.
#[derive(Debug, Clone, Serialize)]
pub struct ModuleEdit {
    pub module: String,
    pub id: String,
    pub why: String,
    pub matches: usize,
}

#[derive(Serialize)]
struct Record<'r> {
    /// What the version names beside the Astro: its commit, or the tarball where that is not known.
    stamp: &'static str,
    astro: Astro<'r>,
    upstream: Upstream<'r>,
    /// What else is in the package.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vendored: Vec<VendoredRelease<'r>>,
    edits: &'r [ModuleEdit],
    /// How many string literals were renamed to our package's name.
    renamed: usize,
}

#[derive(Serialize)]
struct Astro<'r> {
    version: String,
    commit: Option<&'r str>,
}

#[derive(Serialize)]
struct Upstream<'r> {
    package: &'r str,
    version: String,
    form: String,
    integrity: String,
}

#[derive(Serialize)]
struct VendoredRelease<'r> {
    package: &'r str,
    version: String,
    integrity: String,
    module: &'r str,
}

/// The text of the record.
pub fn record(
    line: &Line,
    tree: &SourceTree,
    vendored: &[&Module],
    edits: &[ModuleEdit],
    renamed: usize,
) -> String {
    let vendored = vendored.iter().map(|vendored| VendoredRelease {
        package: &vendored.package,
        version: vendored.pin.version.to_string(),
        integrity: vendored.pin.integrity.to_string(),
        module: &vendored.path,
    });
    let record = Record {
        stamp: if line.commit.is_some() { "commit" } else { "tarball" },
        astro: Astro { version: line.astro.to_string(), commit: tree.origin.commit.as_deref() },
        upstream: Upstream {
            package: &tree.package,
            version: tree.version.to_string(),
            form: tree.origin.form.to_string(),
            integrity: tree.origin.integrity.to_string(),
        },
        vendored: vendored.collect(),
        edits,
        renamed,
    };
    // Strings and numbers only: nothing in it can fail to serialise.
    let text = serde_json::to_string_pretty(&record).unwrap_or_default();
    format!("{text}\n")
}
