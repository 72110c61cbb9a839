//! The version of our packages: which Astro they are for, and which commit or which tarball they were
//! made of.

use std::fs;

use camino::Utf8Path;
use semver::Version;

use crate::upstream::Line;

/// How many digits of a commit or of a sha512 a stamp has at least.
const ABBREVIATION: usize = 7;

/// Stands before the digits of a sha512. No commit begins with it.
const TARBALL: &str = "npm.";

/// The stamp of the package that a line's release of an upstream package becomes.
///
/// `<astro version>-<first digits of the commit>`, for example `7.2.4-8a31cba`. While the commit is
/// not known, the tarball of the upstream package names the release:
/// `<astro version>-npm.<first digits of its sha512>`, for example `7.3.5-npm.0f3a2b1`. A later
/// revision of the same appends its number, `7.2.4-8a31cba.1`, which sorts after it.
///
/// The abbreviation is longer than seven digits where those hold no letter: semver forbids leading
/// zeros in an all-digit identifier, and npm silently rewrites `7.2.4-0123456` to `7.2.4-123456`.
///
/// Stamps of one Astro and several commits, which an adapter that is released alone brings about, have
/// no order: npm compares the digits as text. A dist-tag is at what was published last. A caret range
/// of a stamp holds the others of the same Astro that sort after it, be they older or newer, and none of
/// a later Astro. So nothing here goes by that order, and sites are told to pin exactly. The same holds
/// for a stamp by tarball and the stamp by commit that replaces it.
pub fn of(line: &Line, package: &str) -> String {
    let digits = match (&line.commit, line.packages.get(package)) {
        (Some(commit), _) => abbreviated(commit).to_owned(),
        (None, Some(pin)) => format!("{TARBALL}{}", abbreviated(&pin.integrity.hex())),
        // What a line does not have is not built for it, and has no tarball to be named after.
        (None, None) => TARBALL.trim_end_matches('.').to_owned(),
    };
    stamp(&line.astro, &digits, line.revision)
}

/// The stamps of all packages of a line, each once: one where the commit is known.
pub fn of_line(line: &Line) -> Vec<String> {
    let mut stamps: Vec<String> = line.packages.keys().map(|package| of(line, package)).collect();
    stamps.dedup();
    stamps
}

/// A stamp, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The Astro that it is for, which may be a prerelease itself.
    pub astro: Version,
    /// The digits of the commit, or those of the tarball with what stands before them.
    digits: String,
    revision: u64,
}

impl Stamp {
    /// Reads a stamp. A version that is none is taken for that of an Astro, without a commit.
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

    /// Whether it is of a later Astro than another, or a later revision of the same. Of two commits or
    /// tarballs for one Astro neither is the later.
    pub fn is_later_than(&self, other: &Self) -> bool {
        self.astro > other.astro
            || self.astro == other.astro
                && self.digits == other.digits
                && self.revision > other.revision
    }
}

/// The stamp of the package that was built in a folder, if one was.
pub fn built(folder: &Utf8Path) -> Option<String> {
    let manifest = fs::read(folder.join("package.json")).ok()?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).ok()?;
    Some(manifest.get("version")?.as_str()?.to_owned())
}

/// The first digits of a commit or of a sha512, with a letter among them.
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
    fn a_later_revision_sorts_after_the_one_before() {
        let revisions: Vec<Version> = [0, 1, 2, 10]
            .map(|revision| stamp(&Version::new(7, 2, 4), "0123456a", revision))
            .iter()
            .map(|stamp| Version::parse(stamp).unwrap())
            .collect();
        assert_eq!(revisions[1].to_string(), "7.2.4-0123456a.1");
        assert!(revisions.is_sorted() && revisions[0] < revisions[1]);
    }

    #[test]
    fn a_stamp_is_later_by_its_astro_or_its_revision_and_not_by_its_commit() {
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
    fn a_stamp_is_a_prerelease_which_no_range_of_a_site_takes_by_itself() {
        let stamp = Version::parse(&of("8a31cba625a23d886614172e1d3b02b8eb896a18")).unwrap();
        assert!(!stamp.pre.is_empty() && stamp < Version::new(7, 2, 4));
    }

    #[test]
    fn a_stamp_has_seven_digits_of_the_commit() {
        assert_eq!(of("8a31cba625a23d886614172e1d3b02b8eb896a18"), "7.2.4-8a31cba");
    }

    #[test]
    fn an_all_digit_abbreviation_is_lengthened_until_it_holds_a_letter() {
        assert_eq!(of("01234567890f3d886614172e1d3b02b8eb896a18"), "7.2.4-01234567890f");
        assert!(Version::parse(&of("01234567890f3d886614172e1d3b02b8eb896a18")).is_ok());
        let digits = format!("{TARBALL}{}", abbreviated("0123456789012ab3"));
        assert_eq!(digits, "npm.0123456789012a");
        assert!(Version::parse(&stamp(&Version::new(7, 3, 5), &digits, 1)).is_ok());
    }
}
