//! The releases of a line in Astro's repository, and the commit of the newest of them.
//!
//! Upstream often releases an adapter without a new Astro. Every release has its own tag,
//! `astro@7.2.4` or `@astrojs/node@11.1.4`. The last release is the one with a tree that holds all
//! the others. This check needs no history, which a shallow clone lacks, and no dates, which are
//! misleading on a maintenance branch.

use std::collections::BTreeMap;

use diagnostics::Place;
use semver::Version;

use super::{History, Line, PackagePin, UpstreamError, history::ASTRO_FOLDER, release::ASTRO};

/// A release of Astro and the adapters released from its repository, Astro first.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Composition<'c>(Vec<Part<'c>>);

/// The commit of a line, according to its tags.
#[derive(Debug)]
pub(super) enum Tagged {
    /// The tags lead to this commit.
    Commit(String),
    /// The commit is unknown: none of these tags exists.
    Missing(Vec<String>),
}

impl Tagged {
    fn unknown(missing: &[&Part<'_>]) -> Self {
        Self::Missing(missing.iter().map(|part| part.release()).collect())
    }
}

/// One release.
#[derive(Debug, PartialEq, Eq)]
struct Part<'c> {
    package: &'c str,
    /// The folder in Astro's repository.
    folder: &'c str,
    version: &'c Version,
}

impl Part<'_> {
    /// The name of the release, and of its tag.
    fn release(&self) -> String {
        format!("{}@{}", self.package, self.version)
    }

    /// The version of this package at a commit, if known.
    fn held(&self, history: &History, commit: &str) -> Option<Version> {
        history.version_at(commit, self.folder)
    }

    /// Whether a commit holds exactly this release.
    fn is_held(&self, history: &History, commit: &str) -> bool {
        self.held(history, commit).is_some_and(|held| held == *self.version)
    }
}

impl<'c> Composition<'c> {
    /// `folders` maps the adapters' packages to their folders.
    pub fn of(
        astro: &'c Version,
        packages: &'c BTreeMap<String, PackagePin>,
        folders: &BTreeMap<&str, &'c str>,
    ) -> Self {
        let adapters = packages.iter().filter(|(_, pin)| !pin.is_elsewhere);
        let adapters = adapters.filter_map(|(package, pin)| {
            let folder = *folders.get(package.as_str())?;
            Some(Part { package, folder, version: &pin.version })
        });
        let astro = Part { package: ASTRO, folder: ASTRO_FOLDER, version: astro };
        Self([astro].into_iter().chain(adapters).collect())
    }

    /// The releases: package and version.
    pub fn releases(&self) -> impl Iterator<Item = (&'c str, &'c Version)> {
        self.0.iter().map(|part| (part.package, part.version))
    }

    /// The last commit among those that the releases' tags lead to, for a line pinned elsewhere.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::NoOneCommit`].
    pub fn commit(&self, history: Option<&History>, line: &Line) -> Result<Tagged, UpstreamError> {
        let Some(history) = history else { return Ok(Tagged::unknown(&self.new_to(line))) };
        let tagged = self.tagged(history);
        let commits = tagged.iter().map(|(_, commit)| commit);
        let whole: Vec<&String> = commits.filter(|commit| self.is_whole(history, commit)).collect();
        // A publish that failed half-way is repeated at a later commit with the same versions.
        let is_last = |one: &&&String| {
            whole.iter().all(|other| **one == *other || history.comes_after(one, other))
        };
        if let Some(last) = whole.iter().find(is_last) {
            return Ok(Tagged::Commit((*last).clone()));
        }
        let is_missing = |part: &&&Part<'_>| {
            !tagged.iter().any(|(_, commit)| part.is_held(history, commit))
                && history.tagged(&part.release()).is_none()
        };
        let new = self.new_to(line);
        let missing: Vec<&Part<'_>> = new.iter().filter(is_missing).copied().collect();
        if whole.is_empty() && !missing.is_empty() {
            Ok(Tagged::unknown(&missing))
        } else {
            Err(self.divided(history, &tagged))
        }
    }

    /// Checks that the tags of the releases lead to the pinned commit, or to one before it.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::TagMoved`].
    pub fn confirm(
        &self,
        history: &History,
        pinned: &str,
        place: Option<&Place>,
    ) -> Result<(), UpstreamError> {
        let tagged = self.tagged(history);
        let is_tagged = tagged.iter().any(|(_, commit)| commit == pinned);
        let moved = tagged.into_iter().find(|(part, commit)| {
            let is_before = || {
                self.is_earlier(history, commit) || is_tagged && history.comes_after(pinned, commit)
            };
            let has_own = part.held(history, commit).is_none_or(|held| held == *part.version);
            commit != pinned && !(has_own && is_before())
        });
        match moved {
            Some((part, tagged)) => Err(UpstreamError::TagMoved {
                tag: part.release(),
                tagged,
                pinned: pinned.to_owned(),
                places: place.cloned().into_iter().collect(),
            }),
            None => Ok(()),
        }
    }

    /// Checks that a commit holds no other versions, as far as the clone knows.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::OtherPackage`].
    pub fn expect(&self, history: &History, commit: &str) -> Result<(), UpstreamError> {
        for part in &self.0 {
            if let Some(held) = part.held(history, commit).filter(|held| held != part.version) {
                return Err(UpstreamError::OtherPackage {
                    path: format!("{}/package.json at {commit}", part.folder),
                    release: part.release(),
                    actual: format!("`{}@{held}`", part.package),
                    places: Vec::new(),
                });
            }
        }
        Ok(())
    }

    /// The releases with tags in the clone, and their commits.
    fn tagged(&self, history: &History) -> Vec<(&Part<'c>, String)> {
        let tagged = |part: &'_ Part<'_>| history.tagged(&part.release());
        self.0.iter().filter_map(|part| Some((part, tagged(part)?))).collect()
    }

    /// Whether a commit holds all releases, as far as the clone knows. A partial clone may lack the
    /// manifests of old commits, but knows the order of commits. A missing folder is reported when
    /// it is read.
    fn is_whole(&self, history: &History, commit: &str) -> bool {
        self.expect(history, commit).is_ok()
    }

    /// Whether a commit holds some of them in an older version, and none in a newer one.
    fn is_earlier(&self, history: &History, commit: &str) -> bool {
        let held = |part: &Part<'_>| Some(part.held(history, commit)?.cmp(part.version));
        let orders: Vec<_> = self.0.iter().filter_map(held).collect();
        orders.iter().all(|order| order.is_le()) && orders.iter().any(|order| order.is_lt())
    }

    /// The releases that the line did not have before. A move back to an older Astro can change any
    /// of them, and so can a line without a known commit.
    fn new_to(&self, line: &Line) -> Vec<&Part<'c>> {
        let goes_back =
            self.0.iter().any(|part| part.package == ASTRO && *part.version < line.astro);
        let pinned = |part: &Part<'_>| match line.packages.get(part.package) {
            Some(pin) => pin.version == *part.version,
            None => line.astro == *part.version,
        };
        let may_be_any = goes_back || line.commit.is_none();
        self.0.iter().filter(|part| may_be_any || !pinned(part)).collect()
    }

    /// The error for tags that lead to different commits. It lists each commit's other versions.
    fn divided(&self, history: &History, tagged: &[(&Part<'_>, String)]) -> UpstreamError {
        let found = tagged.iter().map(|(part, commit)| {
            let others = self.0.iter().filter_map(|other| {
                let held = other.held(history, commit).filter(|held| held != other.version)?;
                Some(format!("{}@{held}", other.package))
            });
            let others = others.collect::<Vec<_>>().join(" and ");
            let holds = if others.is_empty() { "all of them" } else { &others };
            format!("{} is at {commit}, which has {holds}", part.release())
        });
        UpstreamError::NoOneCommit {
            releases: self.0.iter().map(Part::release).collect::<Vec<_>>().join(", "),
            found: found.collect::<Vec<_>>().join("; "),
        }
    }
}
