//! Text that people need.

use serde::Deserialize;

/// Text of a TOML file that must say something, such as a reason: white space alone is an error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Words(String);

impl TryFrom<String> for Words {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.trim().is_empty() { Err("this text is empty") } else { Ok(Self(text)) }
    }
}

impl From<Words> for String {
    fn from(words: Words) -> Self {
        words.0
    }
}
