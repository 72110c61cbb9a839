//! Every way in which release notes cannot be written.

use diagnostics::Explain;
use semver::Version;

/// Release notes cannot be written, and why.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum NotesError {
    /// The history of the checkout cannot be read
    ///
    /// Release notes and proposals are made of commits and tags: the checkout has to be a clone of the
    /// repository, and not an archive of its files.
    #[error("the history of this checkout cannot be read: {reason}")]
    #[explain(
        code = "B015",
        help = "call it in a clone with all commits and tags: `git fetch --unshallow --tags`"
    )]
    NoHistory { reason: String },

    /// The changelog does not tell of a release
    ///
    /// `CHANGELOG.md` has a section for every release, `## [0.2.0] - 2026-12-24`. It is what people
    /// wrote about the release, and the notes begin with it.
    #[error("`CHANGELOG.md` says nothing of {version}")]
    #[explain(
        code = "B016",
        help = "put what stands under `## [Unreleased]` under `## [{version}]` with the day, commit, and move the tag"
    )]
    NotInChangelog { version: Version },

    /// There is no such revision
    ///
    /// A tag, a branch or a commit of this repository. Releases have tags such as `v0.2.0`.
    #[error("there is no revision `{name}`")]
    #[explain(
        code = "B027",
        exit = 2,
        help = "run `git fetch --tags`, and `git tag --list 'v*'` to see the releases"
    )]
    NoRevision { name: String },
}
