//! The sha512 of a tarball, in the format of npm and lockfiles.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha512};

/// A sha512 in the format of Subresource Integrity: `sha512-` and the digest in base64.
///
/// Source: <https://www.w3.org/TR/SRI/#the-integrity-attribute>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Integrity([u8; 64]);

impl Integrity {
    /// The integrity of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha512::digest(bytes).into())
    }

    /// The digest as 128 lower-case hexadecimal digits. Unlike base64 it is safe in a file name.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Display for Integrity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "sha512-{}", STANDARD.encode(self.0))
    }
}

impl FromStr for Integrity {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digest = text.strip_prefix("sha512-").ok_or("expected `sha512-` and base64")?;
        let bytes = STANDARD.decode(digest).map_err(|_| "expected base64 after `sha512-`")?;
        let digest =
            bytes.try_into().map_err(|_| "expected 64 bytes, which are 88 letters of base64")?;
        Ok(Self(digest))
    }
}

#[cfg(test)]
mod tests {
    use super::Integrity;

    #[test]
    fn the_empty_digest_is_correct_and_survives_a_round_trip() {
        let text = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==";
        assert_eq!(Integrity::of(b"").to_string(), text);
        assert_eq!(text.parse(), Ok(Integrity::of(b"")));
        assert!(Integrity::of(b"").hex().starts_with("cf83e1357eefb8bd"));
    }

    #[test]
    fn other_digests_are_rejected() {
        assert!("sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=".parse::<Integrity>().is_err());
        assert!("sha512-AAAA".parse::<Integrity>().is_err());
        assert!("sha512-*".parse::<Integrity>().is_err());
    }
}
