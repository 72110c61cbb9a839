//! The version of our packages: which Astro they are for, and which commit they were made of.

use semver::Version;

/// How many digits of the commit a stamp has at least.
const ABBREVIATION: usize = 7;

/// `<astro version>-<first digits of the commit>`, for example `7.2.4-8a31cba`.
///
/// The abbreviation is longer than seven digits where those hold no letter: semver forbids leading
/// zeros in an all-digit identifier, and npm silently rewrites `7.2.4-0123456` to `7.2.4-123456`.
pub fn stamp(astro: &Version, commit: &str) -> String {
    let letter = commit.find(|digit: char| digit.is_ascii_alphabetic());
    let length =
        letter.map_or(commit.len(), |letter| ABBREVIATION.max(letter + 1)).min(commit.len());
    format!("{astro}-{}", &commit[..length])
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::stamp;

    fn of(commit: &str) -> String {
        stamp(&Version::new(7, 2, 4), commit)
    }

    #[test]
    fn a_stamp_has_seven_digits_of_the_commit() {
        assert_eq!(of("8a31cba625a23d886614172e1d3b02b8eb896a18"), "7.2.4-8a31cba");
    }

    #[test]
    fn an_all_digit_abbreviation_is_lengthened_until_it_holds_a_letter() {
        assert_eq!(of("01234567890f3d886614172e1d3b02b8eb896a18"), "7.2.4-01234567890f");
        assert!(Version::parse(&of("01234567890f3d886614172e1d3b02b8eb896a18")).is_ok());
    }
}
