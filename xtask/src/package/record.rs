//! `upstream.json`: the sources of a package and the edits made to it.

use serde::Serialize;

use crate::{
    package::vendor::Module,
    upstream::{Line, SourceTree},
};

/// The file name in the package.
pub const RECORD: &str = "upstream.json";

/// The effect of an edit on its module.
#[derive(Debug, Clone, Serialize)]
pub struct ModuleEdit {
    pub module: String,
    pub id: String,
    pub why: String,
    pub matches: usize,
}

#[derive(Serialize)]
struct Record<'r> {
    /// The second part of the version: `commit`, or `tarball` if the commit is unknown.
    stamp: &'static str,
    astro: Astro<'r>,
    upstream: Upstream<'r>,
    /// The vendored packages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vendored: Vec<VendoredRelease<'r>>,
    edits: &'r [ModuleEdit],
    /// The number of string literals renamed to our package's name.
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
    // Strings and numbers only: serialising cannot fail.
    let text = serde_json::to_string_pretty(&record).unwrap_or_default();
    format!("{text}\n")
}
