//! Errors of a sweep, besides releases that do not fit.

use diagnostics::{Explain, Place};
use semver::Version;

/// Errors of a sweep, besides releases that do not fit.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum SweepError {
    /// Releases listed as unfit do fit
    ///
    /// An `[[unfit]]` entry of `adapter.toml` gives the reason why patches cannot fit some
    /// releases. A sweep accepts that reason. All the listed releases fit now, so the entry would
    /// hide future failures.
    #[error("`{runtime}`: every release of `{versions}` fits")]
    #[explain(code = "B018", help = "remove the marked entry")]
    FitsAfterAll { runtime: String, versions: String, places: Vec<Place> },

    /// No such release
    ///
    /// A sweep tries the releases with a pinned major. None of them is as new as `--since`.
    #[error("the pinned majors have no release {since} or newer")]
    #[explain(
        code = "B024",
        exit = 2,
        help = "run `cargo xtask status` to see the newest releases"
    )]
    NoRelease { since: Version },
}
