//! How the packages of a project come into its folder.
//!
//! The suites run on what they pin. People do not: they install the package beside an Astro, and get
//! what the registry has on that day, or what their lockfile has kept since another day. The cases
//! that tell most run on both.

use std::env;
use std::fmt;

/// How the packages of a project come into its folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Installation {
    /// With what `tests/projects/<name>/package.json` pins, and the exact Astro of the line. Every
    /// pin is listed in `tests/projects/exceptions.toml`.
    #[default]
    Pinned,
    /// As `npm install NAME astro@MAJOR` does it on the day on which the line was pinned.
    Plain,
    /// With the lowest versions that the package declares, as an old lockfile has them.
    Floor,
    /// As [`Self::Plain`], with the official adapter in place of ours, in a site with a single page.
    Official,
}

/// Set to anything, it leaves the foremost hosts and no server that one case has to itself. It is for
/// the earlier Astro majors: a whole run of each would take too long.
const BRIEFLY: &str = "TEST_BRIEFLY";

impl Installation {
    /// Those that people have.
    pub const OF_PEOPLE: [Self; 2] = [Self::Plain, Self::Floor];

    /// The one that all cases run on. In brief it is what people get, which is also what is pinned but
    /// for the packages that `exceptions.toml` lists: one installation for both.
    #[must_use]
    pub fn main() -> Self {
        if is_brief() { Self::Plain } else { Self::Pinned }
    }
}

/// Whether only what tells most is run.
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
