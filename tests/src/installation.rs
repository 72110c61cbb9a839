//! The ways to install the packages of a project.
//!
//! The suites run on pinned versions. Users install the package beside an Astro instead. They get
//! the versions that the registry has on that day, or that their lockfile has kept from an earlier
//! one. The most important cases run on both.

use std::env;
use std::fmt;

/// A way to install the packages of a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Installation {
    /// With the pins of `tests/projects/<name>/package.json`, and the exact Astro of the release
    /// line. `tests/projects/exceptions.toml` lists every pin.
    #[default]
    Pinned,
    /// As `npm install NAME astro@MAJOR` does on the day of the pin.
    Plain,
    /// With the lowest versions that the package declares, as in an old lockfile.
    Floor,
    /// Like [`Self::Plain`], with the official adapter instead of ours, and a site with a single
    /// page.
    Official,
}

/// If set to any value, the suites run only the foremost hosts and skip the cases with servers of
/// their own. It is for earlier Astro majors: a full run of each would take too long.
const BRIEFLY: &str = "TEST_BRIEFLY";

impl Installation {
    /// The installations of users.
    pub const OF_PEOPLE: [Self; 2] = [Self::Plain, Self::Floor];

    /// The installation for all cases. A brief run uses that of users, to need only one
    /// installation. The two differ only in the packages that `exceptions.toml` lists.
    #[must_use]
    pub fn main() -> Self {
        if is_brief() { Self::Plain } else { Self::Pinned }
    }
}

/// Whether only the most important cases run.
#[must_use]
pub fn is_brief() -> bool {
    env::var_os(BRIEFLY).is_some()
}

impl fmt::Display for Installation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pinned => "pinned",
            Self::Plain => "plain",
            Self::Floor => "floor",
            Self::Official => "official",
        })
    }
}
