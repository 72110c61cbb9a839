//! The version of our packages: the Astro version, and the upstream commit or tarball.

use std::fs;

use camino::Utf8Path;
use semver::Version;

use crate::upstream::Line;

/// The minimum number of digits of a commit or sha512 in a stamp.
const ABBREVIATION: usize = 7;

/// The prefix of a sha512. No commit starts with it.
const TARBALL: &str = "npm.";

/// The stamp of a package, built on a line from an upstream package.
///
/// `<astro version>-<first digits of the commit>`, for example `7.2.4-8a31cba`. If the commit is
/// unknown, the upstream tarball identifies the release: `<astro version>-npm.<first digits of its
/// sha512>`, for example `7.3.5-npm.0f3a2b1`. A later revision of the same release appends its
/// number, `7.2.4-8a31cba.1`, which sorts after it.
///
/// The abbreviation grows beyond seven digits until it has a letter. Semver forbids leading zeros
/// in an all-digit identifier, and npm silently rewrites `7.2.4-0123456` to `7.2.4-123456`.
///
/// Stamps of one Astro with several commits have no order: npm compares the digits as text. They
/// occur if an adapter is released alone. A dist-tag points to the last published one. A caret
/// range of a stamp matches the stamps of the same Astro that sort after it, older or newer, and
/// none of a later Astro. So this toolchain never uses that order, and sites pin the exact version.
/// The same holds for a tarball stamp and the commit stamp that replaces it.
pub fn of(line: &Line, package: &str) -> String {
    let digits = match (&line.commit, line.packages.get(package)) {
        (Some(commit), _) => abbreviated(commit).to_owned(),
        (None, Some(pin)) => format!("{TARBALL}{}", abbreviated(&pin.integrity.hex())),
        // A package missing from the line is not built for it, so it has no tarball either.
        (None, None) => TARBALL.trim_end_matches('.').to_owned(),
    };
    stamp(&line.astro, &digits, line.revision)
}

/// The stamps of all packages of a line, each once. There is only one if the commit is known.
pub fn of_line(line: &Line) -> Vec<String> {
    let mut stamps: Vec<String> = line.packages.keys().map(|package| of(line, package)).collect();
    stamps.dedup();
    stamps
}

/// A parsed stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The Astro version, which may itself be a prerelease.
    pub astro: Version,
    /// The digits of the commit, or of the tarball with their prefix.
    digits: String,
    revision: u64,
}

impl Stamp {
    /// Parses a stamp. A version that is not a stamp is read as an Astro version without a commit.
    pub fn parse(text: &str) -> Option<Self> {
        let whole = || {
            let astro = Version::parse(text).ok()?;
            Some(Self { astro, digits: String::new(), revision: 0 })
        };
        let parts = || {
            let (astro, rest) = text.rsplit_once('-')?;
            let named = rest.strip_prefix(TARBALL);
            let (digits, revision) = {
                let digits = named.unwrap_or(rest);
                digits.split_once('.').unwrap_or((digits, "0"))
            };
            let prefix = if named.is_some() { TARBALL } else { "" };
            Some(Self {
                astro: Version::parse(astro).ok()?,
                digits: format!("{prefix}{digits}"),
                revision: revision.parse().ok()?,
            })
        };
        parts().or_else(whole)
    }

    /// Whether it has a later Astro than `other`, or is a later revision of the same stamp. Two
    /// commits or tarballs of one Astro have no order.
    pub fn is_later_than(&self, other: &Self) -> bool {
        self.astro > other.astro
            || self.astro == other.astro
                && self.digits == other.digits
                && self.revision > other.revision
    }
}

/// The stamp of the package built in a folder, if there is one.
pub fn built(folder: &Utf8Path) -> Option<String> {
    let manifest = fs::read(folder.join("package.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).ok()?;
    Some(manifest.get("version")?.as_str()?.to_owned())
}

/// The first digits of a commit or sha512, including at least one letter.
fn abbreviated(digits: &str) -> &str {
    let letter = digits.find(|digit: char| digit.is_ascii_alphabetic());
    let length =
        letter.map_or(digits.len(), |letter| ABBREVIATION.max(letter + 1)).min(digits.len());
    &digits[..length]
}

fn stamp(astro: &Version, digits: &str, revision: u64) -> String {
    let revision = if revision == 0 { String::new() } else { format!(".{revision}") };
    format!("{astro}-{digits}{revision}")
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::{Stamp, TARBALL, abbreviated, stamp};

    fn of(commit: &str) -> String {
        stamp(&Version::new(7, 2, 4), abbreviated(commit), 0)
    }

    #[test]
    fn a_later_revision_sorts_after_the_earlier_one() {
        let revisions: Vec<Version> = [0, 1, 2, 10]
            .map(|revision| stamp(&Version::new(7, 2, 4), "0123456a", revision))
            .iter()
            .map(|stamp| Version::parse(stamp).unwrap())
            .collect();
        assert_eq!(revisions[1].to_string(), "7.2.4-0123456a.1");
        assert!(revisions.is_sorted() && revisions[0] < revisions[1]);
    }

    #[test]
    fn astro_and_revision_order_stamps_but_the_commit_does_not() {
        let is_later =
            |one, other| Stamp::parse(one).unwrap().is_later_than(&Stamp::parse(other).unwrap());
        assert!(is_later("7.3.0-0000aaa", "7.2.4-8a31cba"));
        assert!(is_later("7.2.4-8a31cba.10", "7.2.4-8a31cba.9"));
        assert!(is_later("7.2.4-8a31cba.1", "7.2.4-8a31cba"));
        assert!(!is_later("7.2.4-8a31cba", "7.2.4-8a31cba"));
        assert!(!is_later("7.2.4-9a31cba", "7.2.4-8a31cba"));
        assert!(!is_later("6.4.8-fffffff", "7.2.4-8a31cba"));
        assert!(is_later("8.0.0-beta.10-0000aaa", "8.0.0-beta.9-8a31cba"));
        assert!(is_later("8.0.0-0000aaa", "8.0.0-beta.9-8a31cba.2"));
        assert!(is_later("8.0.0", "7.2.4-8a31cba"));
        assert!(is_later("7.3.5-npm.0f3a2b1.1", "7.3.5-npm.0f3a2b1"));
        assert!(is_later("7.3.6-npm.0f3a2b1", "7.3.5-8a31cba"));
        assert!(!is_later("7.3.5-8a31cba", "7.3.5-npm.0f3a2b1.2"));
        assert!(!is_later("7.3.5-npm.0f3a2b1.2", "7.3.5-8a31cba"));
        assert!(!is_later("7.3.5-npm.1f3a2b1.2", "7.3.5-npm.0f3a2b1"));
    }

    #[test]
    fn a_stamp_is_a_prerelease_that_ranges_do_not_match() {
        let stamp = Version::parse(&of("8a31cba625a23d886614172e1d3b02b8eb896a18")).unwrap();
        assert!(!stamp.pre.is_empty() && stamp < Version::new(7, 2, 4));
    }

    #[test]
    fn a_stamp_has_seven_digits_of_the_commit() {
        assert_eq!(of("8a31cba625a23d886614172e1d3b02b8eb896a18"), "7.2.4-8a31cba");
    }

    #[test]
    fn an_all_digit_abbreviation_grows_until_it_has_a_letter() {
        assert_eq!(of("01234567890f3d886614172e1d3b02b8eb896a18"), "7.2.4-01234567890f");
        assert!(Version::parse(&of("01234567890f3d886614172e1d3b02b8eb896a18")).is_ok());
        let digits = format!("{TARBALL}{}", abbreviated("0123456789012ab3"));
        assert_eq!(digits, "npm.0123456789012a");
        assert!(Version::parse(&stamp(&Version::new(7, 3, 5), &digits, 1)).is_ok());
    }
}
