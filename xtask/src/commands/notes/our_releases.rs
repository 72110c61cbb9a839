//! Our own releases: the tags `v<version>` of this repository, and its content at each.

use camino::Utf8Path;
use diagnostics::{Failure, Source};
use git2::{Commit, ObjectType, Oid, Repository, Sort};
use semver::Version;
use serde::Deserialize;

use super::NotesError;
use crate::upstream::{PINS, Pins};

/// The history of the checkout.
pub struct OurReleases {
    repository: Repository,
}

/// The part of `Cargo.toml` that holds the version.
#[derive(Deserialize)]
struct Manifest {
    workspace: WorkspaceTable,
}

#[derive(Deserialize)]
struct WorkspaceTable {
    package: PackageTable,
}

#[derive(Deserialize)]
struct PackageTable {
    version: Version,
}

impl OurReleases {
    pub fn open(root: &Utf8Path) -> Result<Self, NotesError> {
        let repository = Repository::open(root).map_err(unreadable)?;
        if repository.is_shallow() {
            // Earlier releases and commits would be missing without an error.
            return Err(NotesError::NoHistory { reason: "it is a shallow clone".to_owned() });
        }
        Ok(Self { repository })
    }

    /// The commit of a revision.
    pub fn commit(&self, name: &str) -> Result<Oid, NotesError> {
        let object = self.repository.revparse_single(name);
        let commit = object.and_then(|object| object.peel_to_commit());
        commit
            .map(|commit| commit.id())
            .map_err(|_| NotesError::NoRevision { name: name.to_owned() })
    }

    /// The tag of the newest release before a commit.
    pub fn before(&self, commit: Oid) -> Result<Option<String>, NotesError> {
        let tags = self.repository.tag_names(Some("v*")).map_err(unreadable)?;
        let mut newest: Option<(Version, String)> = None;
        for tag in tags.iter().flatten().flatten() {
            let Some(version) = version(tag) else { continue };
            let Ok(tagged) = self.commit(tag) else { continue };
            let comes_after = self.repository.graph_descendant_of(commit, tagged);
            if comes_after.map_err(unreadable)?
                && newest.as_ref().is_none_or(|(newest, _)| version > *newest)
            {
                newest = Some((version, tag.to_owned()));
            }
        }
        Ok(newest.map(|(_, tag)| tag))
    }

    /// The pins at a commit.
    pub fn pins(&self, commit: Oid) -> Result<Pins, Failure> {
        let text = self.text(commit, PINS).unwrap_or_default();
        Ok(Pins::parse(&Source::new(PINS, text))?)
    }

    /// The version of the repository at a commit, if set.
    pub fn version(&self, commit: Oid) -> Option<Version> {
        let manifest: Manifest = toml::from_str(&self.text(commit, "Cargo.toml")?).ok()?;
        Some(manifest.workspace.package.version)
    }

    /// The text of a file at a commit, if it exists.
    pub fn text(&self, commit: Oid, path: &str) -> Option<String> {
        let entry = self.find(commit).ok()?.tree().ok()?.get_path(path.as_ref()).ok()?;
        if entry.kind() != Some(ObjectType::Blob) {
            return None;
        }
        let blob = self.repository.find_blob(entry.id()).ok()?;
        String::from_utf8(blob.content().to_vec()).ok()
    }

    /// The commits after one and up to another, without merges, the newest first: the abbreviated
    /// hash and the subject.
    pub fn subjects(&self, after: Oid, up_to: Oid) -> Result<Vec<(String, String)>, NotesError> {
        let mut walk = self.repository.revwalk().map_err(unreadable)?;
        walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME).map_err(unreadable)?;
        walk.push(up_to).map_err(unreadable)?;
        walk.hide(after).map_err(unreadable)?;
        let mut subjects = Vec::new();
        for id in walk {
            let commit = self.find(id.map_err(unreadable)?)?;
            if commit.parent_count() < 2 {
                let short = commit.as_object().short_id().map_err(unreadable)?;
                let short = String::from_utf8_lossy(&short).into_owned();
                let subject = commit.summary_bytes().unwrap_or_default();
                subjects.push((short, String::from_utf8_lossy(subject).into_owned()));
            }
        }
        Ok(subjects)
    }

    fn find(&self, id: Oid) -> Result<Commit<'_>, NotesError> {
        self.repository.find_commit(id).map_err(unreadable)
    }
}

/// The version in a tag, if it is a release tag.
pub fn version(tag: &str) -> Option<Version> {
    Version::parse(tag.strip_prefix('v')?).ok()
}

fn unreadable(error: git2::Error) -> NotesError {
    NotesError::NoHistory { reason: error.message().to_owned() }
}
