//! Finds the checkout and reads its files.

use std::{env, fs};

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::Explain;
use walkdir::WalkDir;

use crate::upstream::PINS;

/// The root of the checkout: the nearest parent folder with the pins.
pub fn root() -> Result<Utf8PathBuf, CheckoutError> {
    let folder = env::current_dir().unwrap_or_default();
    let root = folder.ancestors().find(|folder| folder.join(PINS).is_file());
    let root = root.and_then(|root| Utf8PathBuf::from_path_buf(root.to_owned()).ok());
    root.ok_or_else(|| CheckoutError::NoCheckout { folder: folder.display().to_string() })
}

/// Cargo's target folder, for intermediate files.
pub fn target(root: &Utf8Path) -> Utf8PathBuf {
    env::var("CARGO_TARGET_DIR").map_or_else(|_| root.join("target"), |path| root.join(path))
}

/// Reads a file of the checkout; `path` is relative to its root.
pub fn read(root: &Utf8Path, path: &Utf8Path) -> Result<String, CheckoutError> {
    fs::read_to_string(root.join(path)).map_err(|error| CheckoutError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    })
}

/// The files below a folder of the checkout, relative to that folder, in path order. Links to
/// files count. Links to folders do not, such as a linked `node_modules`, nor do broken links, with
/// which some editors mark a file as changed.
pub fn files(root: &Utf8Path, folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, CheckoutError> {
    let base = root.join(folder);
    let mut files = Vec::new();
    for entry in WalkDir::new(&base).sort_by_file_name() {
        let entry = entry.map_err(|error| CheckoutError::Unreadable {
            path: folder.to_owned(),
            reason: error.io_error().map_or_else(|| error.to_string(), ToString::to_string),
        })?;
        let path = Utf8Path::from_path(entry.path()).and_then(|path| path.strip_prefix(&base).ok());
        files.extend(path.filter(|_| entry.path().is_file()).map(Utf8Path::to_owned));
    }
    Ok(files)
}

/// The checkout is missing, or one of its files cannot be read.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum CheckoutError {
    /// The current folder is not in a checkout
    ///
    /// The root of the checkout is the nearest parent folder with `upstream/upstream.toml`.
    #[error("`{folder}` is not in a checkout of this project")]
    #[explain(code = "B001", help = "change into the checkout and run `cargo xtask` there")]
    NoCheckout { folder: String },

    /// A file of the checkout cannot be read
    ///
    /// The build needs this patch file, template, README or licence.
    #[error("`{path}` cannot be read: {reason}")]
    #[explain(code = "B004", help = "run `git status` to find missing files in the checkout")]
    Unreadable { path: Utf8PathBuf, reason: String },
}
