//! Errors of release notes.

use diagnostics::Explain;
use semver::Version;

/// The release notes cannot be written.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum NotesError {
    /// The git history of the checkout cannot be read
    ///
    /// Release notes and proposals are built from commits and tags. The checkout must be a clone of
    /// the repository with all commits, not a shallow one or an archive of its files.
    #[error("the git history of this checkout cannot be read: {reason}")]
    #[explain(
        code = "B015",
        help = "run it in a clone with all commits and tags: `git fetch --unshallow --tags`"
    )]
    NoHistory { reason: String },

    /// The changelog has no section for a release
    ///
    /// `CHANGELOG.md` needs a section for every release, for example `## [0.2.0] - 2026-12-24`. The
    /// notes start with its text.
    #[error("`CHANGELOG.md` has no section for {version}")]
    #[explain(
        code = "B016",
        help = "move the text under `## [Unreleased]` to `## [{version}]` with the day, commit, and move the tag"
    )]
    NotInChangelog { version: Version },

    /// Unknown revision
    ///
    /// A revision is a tag, a branch or a commit of this repository. Releases have tags such as
    /// `v0.2.0`.
    #[error("the revision `{name}` does not exist")]
    #[explain(
        code = "B027",
        exit = 2,
        help = "run `git fetch --tags`, then `git tag --list 'v*'` to see the releases"
    )]
    NoRevision { name: String },
}
