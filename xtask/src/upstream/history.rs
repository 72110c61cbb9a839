//! The releases in a clone of Astro's repository: tags, and the versions at a commit.

use camino::Utf8Path;
use git2::{ObjectType, Oid, Repository};
use semver::Version;
use serde::Deserialize;

use super::git::{self, GitError};

/// Astro's own folder in its repository.
pub const ASTRO_FOLDER: &str = "packages/astro";

/// A clone, with a work tree or bare.
pub struct History {
    repository: Repository,
}

#[derive(Deserialize)]
struct Manifest {
    version: Version,
}

impl History {
    /// The clone at `path`; `None` if there is none.
    pub fn open(path: &Utf8Path) -> Option<Self> {
        git::open(path).ok().map(|repository| Self { repository })
    }

    /// The commit of a tag.
    pub fn tagged(&self, tag: &str) -> Option<String> {
        let tag = self.repository.find_reference(&format!("refs/tags/{tag}")).ok()?;
        Some(tag.peel_to_commit().ok()?.id().to_string())
    }

    /// Whether one commit is known to come after another. A shallow clone lacks most of the order.
    pub fn comes_after(&self, later: &str, earlier: &str) -> bool {
        let comes_after = |later: &str, earlier: &str| {
            self.repository.graph_descendant_of(Oid::from_str(later)?, Oid::from_str(earlier)?)
        };
        comes_after(later, earlier).unwrap_or(false)
    }

    /// The checked-out commit.
    pub fn head(&self) -> Option<String> {
        Some(self.repository.head().ok()?.peel_to_commit().ok()?.id().to_string())
    }

    /// The text of a file at a commit; `None` if the clone lacks it.
    pub fn text_at(&self, commit: &str, path: &str) -> Option<String> {
        let commit = self.repository.find_commit(Oid::from_str(commit).ok()?).ok()?;
        let entry = commit.tree().ok()?.get_path(path.as_ref()).ok()?;
        if entry.kind() != Some(ObjectType::Blob) {
            return None;
        }
        let blob = self.repository.find_blob(entry.id()).ok()?;
        String::from_utf8(blob.content().to_vec()).ok()
    }

    /// The version of the package in a folder at a commit. `None` if the clone lacks the commit, or
    /// the commit lacks the package.
    pub fn version_at(&self, commit: &str, folder: &str) -> Option<Version> {
        let manifest = self.text_at(commit, &format!("{folder}/package.json"))?;
        Some(serde_json::from_str::<Manifest>(&manifest).ok()?.version)
    }
}

/// The submodule's commit in the checkout's index, if the checkout has the submodule.
pub fn submodule_commit(root: &Utf8Path, submodule: &str) -> Option<String> {
    let entry = git::open(root).ok()?.index().ok()?.get_path(submodule.as_ref(), 0)?;
    (entry.mode == GITLINK).then(|| entry.id.to_string())
}

/// Sets the submodule's commit in the checkout's index, like `git add`.
///
/// # Errors
///
/// `U044` of the catalogue if git cannot read or write the index.
pub fn set_submodule_commit(
    root: &Utf8Path,
    submodule: &str,
    commit: &str,
) -> Result<(), GitError> {
    let set = || -> Result<(), git2::Error> {
        let mut index = git::open(root)?.index()?;
        if let Some(mut entry) = index.get_path(submodule.as_ref(), 0) {
            entry.id = Oid::from_str(commit)?;
            index.add(&entry)?;
            index.write()?;
        }
        Ok(())
    };
    set().map_err(|error| GitError::SubmoduleNotSet {
        submodule: submodule.to_owned(),
        reason: error.message().to_owned(),
    })
}

/// The mode of an index entry for a commit of another repository.
const GITLINK: u32 = 0o160_000;
