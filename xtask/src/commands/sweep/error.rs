//! What a sweep finds wrong beside releases that do not fit.

use diagnostics::{Explain, Place};
use semver::Version;

/// What a sweep finds wrong beside releases that do not fit.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum SweepError {
    /// Releases that are said not to fit do fit
    ///
    /// An entry under `[[unfit]]` of `adapter.toml` says of some releases why the patches cannot be
    /// for them, and a sweep takes that for an answer. All the releases that it names fit by now, so
    /// it would hide what one day does not.
    #[error("`{runtime}`: every release of `{versions}` fits")]
    #[explain(code = "B018", help = "remove the marked entry")]
    FitsAfterAll { runtime: String, versions: String, places: Vec<Place> },

    /// There is no such release
    ///
    /// A sweep takes the releases whose major is pinned for one of the lines. None of them is as
    /// new as `--since` asks for.
    #[error("no release of the pinned majors is {since} or newer")]
    #[explain(
        code = "B024",
        exit = 2,
        help = "run `cargo xtask status` to see the newest releases"
    )]
    NoRelease { since: Version },
}
