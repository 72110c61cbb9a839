//! Astro's repository at the pinned commit, read from a clone's object database.
//!
//! The checked-out files do not matter. Nothing is written or fetched: network work is left to the
//! user's own git.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
};

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::{Explain, Place};
use git2::{ErrorCode, ObjectType, Oid, Repository, RepositoryOpenFlags, Tree};
use serde::Deserialize;

use super::{SourceFile, workspace_protocol::Versions};

/// A commit in a clone.
pub(super) struct Snapshot<'a> {
    path: &'a Utf8Path,
    commit: &'a str,
    repository: Repository,
    root: Oid,
}

#[derive(Deserialize)]
struct Manifest {
    name: String,
    version: String,
}

/// Whether `path` is itself a repository and holds the commit.
pub fn holds(path: &Utf8Path, commit: &str) -> bool {
    open(path).is_ok_and(|repository| {
        Oid::from_str(commit).is_ok_and(|commit| repository.find_commit(commit).is_ok())
    })
}

/// Does not search parent folders: an empty submodule would open our own repository.
pub(super) fn open(path: &Utf8Path) -> Result<Repository, git2::Error> {
    Repository::open_ext(path, RepositoryOpenFlags::NO_SEARCH, std::iter::empty::<&OsStr>())
}

/// The depth option for a fetch: a shallow clone stays shallow, a complete clone stays complete.
fn depth(repository: &Repository) -> &'static str {
    if repository.is_shallow() || repository.is_empty().unwrap_or(true) { "--depth 1 " } else { "" }
}

impl<'a> Snapshot<'a> {
    /// The pinned commit in the clone at `path`, bare or with a work tree.
    ///
    /// # Errors
    ///
    /// [`GitError::NotARepository`] and [`GitError::CommitMissing`].
    pub(super) fn open(
        path: &'a Utf8Path,
        commit: &'a str,
        place: Option<&Place>,
    ) -> Result<Self, GitError> {
        let repository = open(path).map_err(|error| GitError::NotARepository {
            path: path.to_owned(),
            reason: error.message().to_owned(),
        })?;
        let root = Oid::from_str(commit)
            .and_then(|commit| repository.find_commit(commit))
            .map(|commit| commit.tree_id())
            .map_err(|_| GitError::CommitMissing {
                path: path.to_owned(),
                commit: commit.to_owned(),
                depth: depth(&repository),
                places: place.cloned().into_iter().collect(),
            })?;
        Ok(Self { path, commit, repository, root })
    }

    /// The commit.
    pub(super) fn commit(&self) -> &str {
        self.commit
    }

    /// The files below `folder` with paths that `wanted` accepts, by their paths in the repository.
    ///
    /// # Errors
    ///
    /// [`GitError::FolderMissing`] if there are none, [`GitError::ObjectMissing`].
    pub(super) fn files(
        &self,
        folder: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<BTreeMap<String, Vec<u8>>, GitError> {
        let mut files = BTreeMap::new();
        let mut folders =
            Vec::from_iter(self.entry(folder)?.map(|(id, _)| (folder.to_owned(), id)));
        while let Some((folder, id)) = folders.pop() {
            for (path, id, kind) in self.children(&folder, id)? {
                match kind {
                    Some(ObjectType::Tree) => folders.push((path, id)),
                    Some(ObjectType::Blob) if wanted(&path) => {
                        files.insert(path.clone(), self.blob(&path, id)?);
                    }
                    _ => {}
                }
            }
        }
        if files.is_empty() { Err(self.folder_missing(folder)) } else { Ok(files) }
    }

    /// The files that have another text in the clone's work tree.
    pub(super) fn changed_in_work_tree(&self, files: &BTreeMap<String, SourceFile>) -> Vec<String> {
        let Some(work_tree) = self.repository.workdir() else { return Vec::new() };
        let is_changed = |file: &&SourceFile| {
            std::fs::read_to_string(work_tree.join(&file.path)).is_ok_and(|text| text != file.text)
        };
        files.values().filter(is_changed).map(|file| file.path.clone()).collect()
    }

    /// One file.
    ///
    /// # Errors
    ///
    /// [`GitError::FolderMissing`] if it does not exist, [`GitError::ObjectMissing`].
    pub(super) fn file(&self, path: &str) -> Result<Vec<u8>, GitError> {
        match self.entry(path)? {
            Some((id, Some(ObjectType::Blob))) => self.blob(path, id),
            _ => Err(self.folder_missing(path.rsplit_once('/').map_or(path, |(folder, _)| folder))),
        }
    }

    /// The versions of the packages in `wanted`. The search starts at `folder` and moves to its
    /// parents. It does not descend below a folder with a `package.json`.
    ///
    /// # Errors
    ///
    /// [`GitError::ObjectMissing`] if a name is not found and a manifest cannot be read.
    pub(super) fn versions(
        &self,
        folder: &str,
        wanted: &BTreeSet<String>,
    ) -> Result<Versions, GitError> {
        let mut versions = Versions::new();
        let mut missing = None;
        let mut visited = BTreeSet::new();
        let mut around = folder;
        while !around.is_empty() && versions.len() < wanted.len() {
            around = around.rsplit_once('/').map_or("", |(parent, _)| parent);
            let start = if around.is_empty() {
                Some(self.root)
            } else {
                self.entry(around)?.map(|(id, _)| id)
            };
            let mut folders = Vec::from_iter(start.map(|id| (around.to_owned(), id)));
            while let Some((folder, id)) = folders.pop() {
                if !visited.insert(folder.clone()) || versions.len() == wanted.len() {
                    continue;
                }
                let children = self.children(&folder, id)?;
                let manifest = children
                    .iter()
                    .find(|(path, ..)| path.rsplit('/').next() == Some("package.json"));
                match manifest.map(|(path, id, _)| self.blob(path, *id)) {
                    Some(Ok(text)) => {
                        if let Ok(manifest) = serde_json::from_slice::<Manifest>(&text)
                            && wanted.contains(&manifest.name)
                        {
                            versions.entry(manifest.name).or_insert(manifest.version);
                        }
                    }
                    Some(Err(error @ GitError::ObjectMissing { .. })) => {
                        missing.get_or_insert(error);
                    }
                    Some(Err(error)) => return Err(error),
                    None => {}
                }
                if manifest.is_none() || folder == around {
                    let inner =
                        children.into_iter().filter(|(.., kind)| *kind == Some(ObjectType::Tree));
                    folders.extend(inner.map(|(path, id, _)| (path, id)));
                }
            }
        }
        match missing {
            Some(error) if versions.len() < wanted.len() => Err(error),
            _ => Ok(versions),
        }
    }

    /// Path, object and kind of each entry of a folder, in the order of names.
    fn children(
        &self,
        folder: &str,
        id: Oid,
    ) -> Result<Vec<(String, Oid, Option<ObjectType>)>, GitError> {
        let tree = self.tree(folder, id)?;
        let children = tree.iter().filter_map(|entry| {
            let name = entry.name().ok()?;
            let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            Some((path, entry.id(), entry.kind()))
        });
        Ok(children.collect())
    }

    /// The object at a path, `None` if there is none.
    fn entry(&self, path: &str) -> Result<Option<(Oid, Option<ObjectType>)>, GitError> {
        let mut found = (self.root, Some(ObjectType::Tree));
        let mut walked = Utf8PathBuf::new();
        for name in path.split('/') {
            if found.1 != Some(ObjectType::Tree) {
                return Ok(None);
            }
            let tree = self.tree(walked.as_str(), found.0)?;
            let Some(entry) = tree.get_name(name) else { return Ok(None) };
            found = (entry.id(), entry.kind());
            walked.push(name);
        }
        Ok(Some(found))
    }

    fn tree(&self, path: &str, id: Oid) -> Result<Tree<'_>, GitError> {
        self.repository.find_tree(id).map_err(|error| self.unreadable(path, id, &error))
    }

    fn blob(&self, path: &str, id: Oid) -> Result<Vec<u8>, GitError> {
        let blob =
            self.repository.find_blob(id).map_err(|error| self.unreadable(path, id, &error))?;
        Ok(blob.content().to_vec())
    }

    fn unreadable(&self, file: &str, id: Oid, error: &git2::Error) -> GitError {
        let path = self.path.to_owned();
        match error.code() {
            ErrorCode::NotFound => GitError::ObjectMissing {
                path,
                object: id.to_string(),
                file: if file.is_empty() { "/" } else { file }.to_owned(),
                commit: self.commit.to_owned(),
                depth: depth(&self.repository),
            },
            _ => GitError::GitUnreadable { path, reason: error.message().to_owned() },
        }
    }

    fn folder_missing(&self, folder: &str) -> GitError {
        GitError::FolderMissing {
            path: self.path.to_owned(),
            commit: self.commit.to_owned(),
            folder: folder.to_owned(),
        }
    }
}

/// A clone of Astro's repository cannot be read.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 3)]
pub enum GitError {
    /// The path is not a git repository
    ///
    /// `--upstream` needs a clone of Astro's repository: a work tree or a bare clone, complete,
    /// shallow or sparse.
    #[error("`{path}` is not a readable git repository: {reason}")]
    #[explain(
        code = "U020",
        help = "run `git -C {path} status`; without `--upstream` the published package is used"
    )]
    NotARepository { path: Utf8PathBuf, reason: String },

    /// The clone lacks the pinned commit
    ///
    /// The source is read from the object database at the pinned commit, whatever is checked out. A
    /// shallow clone holds only its fetched commits.
    #[error("`{path}` lacks the pinned commit {commit}")]
    #[explain(code = "U021", help = "run `git -C {path} fetch {depth}origin {commit}`")]
    CommitMissing { path: Utf8PathBuf, commit: String, depth: &'static str, places: Vec<Place> },

    /// The commit lacks the adapter's folder
    ///
    /// `adapter.toml` names the folder of the adapter in Astro's repository. At the pinned commit
    /// this folder is missing, or has no TypeScript below `src`. Upstream moved it, or the clone is
    /// of another repository.
    #[error("commit {commit} in `{path}` has no modules in `{folder}`")]
    #[explain(
        code = "U022",
        help = "run `git -C {path} ls-tree -r -d --name-only {commit}` to find the folder, then correct `folder` in the adapter's `adapter.toml`"
    )]
    FolderMissing { path: Utf8PathBuf, commit: String, folder: String },

    /// A partial clone lacks an object
    ///
    /// In a clone made with `--filter`, git fetches objects on demand. xtask reads objects without
    /// git, so fetch them first.
    #[error("`{path}` lacks the object {object} of `{file}`: it is a partial clone")]
    #[explain(
        code = "U023",
        help = "run `git -C {path} cat-file -e {object}`, which fetches it; to fetch all objects, run `git -C {path} fetch --refetch --no-filter {depth}origin {commit}`"
    )]
    ObjectMissing {
        path: Utf8PathBuf,
        object: String,
        file: String,
        commit: String,
        depth: &'static str,
    },

    /// The clone cannot be read
    ///
    /// The repository exists, but one of its objects is corrupt or unreadable.
    #[error("`{path}` cannot be read: {reason}")]
    #[explain(code = "U025", help = "run `git -C {path} fsck --connectivity-only`")]
    GitUnreadable { path: Utf8PathBuf, reason: String },

    /// The submodule's commit cannot be set
    ///
    /// Pins are moved together with the submodule's commit in the checkout's index. Another git
    /// uses the index, or a killed one left its lock.
    #[error("the commit of the submodule `{submodule}` cannot be set: {reason}")]
    #[explain(
        code = "U044",
        exit = 1,
        help = "wait for other git commands, or remove the file that `git rev-parse --git-path index.lock` prints; then run `cargo xtask sync-version`"
    )]
    SubmoduleNotSet { submodule: String, reason: String },
}
