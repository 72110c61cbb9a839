//! The dist-tags that packages are published under.

use nodejs_semver::Range;

use super::PublishError;
use crate::{
    pipeline::Job,
    upstream::{Line, Pins},
};

/// The tag of every job, in their order: that of its line, or the one that is wanted in its place.
pub fn choose(
    pins: &Pins,
    jobs: &[Job<'_>],
    wanted: Option<&str>,
) -> Result<Vec<String>, PublishError> {
    let tags = jobs.iter().map(|job| {
        let tag = wanted.unwrap_or(&job.line.tag);
        check(pins, job, tag)?;
        Ok(tag.to_owned())
    });
    let tags = tags.collect::<Result<_, PublishError>>()?;
    match jobs {
        [first, rest @ ..]
            if wanted.is_some() && rest.iter().any(|job| job.line.major != first.line.major) =>
        {
            Err(PublishError::Tag {
                message: "`--tag` is for one line, and there are several".to_owned(),
                advice: format!("choose the line: `--astro {}`", first.line.major),
            })
        }
        _ => Ok(tags),
    }
}

/// Checks that a line's package can have a tag.
fn check(pins: &Pins, job: &Job<'_>, tag: &str) -> Result<(), PublishError> {
    let (line, version) = (job.line, job.stamp());
    let name = &line.name;
    let other = pins.lines.iter().find(|other| other.tag == tag && other.major != line.major);
    let (message, advice) = if tag.is_empty() {
        (
            format!("{version} is a prerelease to npm, and `[{name}]` has no tag for it"),
            format!("name one: `tag = \"{name}\"` in `upstream/upstream.toml`"),
        )
    } else if !is_word(tag) {
        (
            format!(
                "`{tag}` is no tag: it would be taken for a range of versions, or for a part of a URL"
            ),
            format!("choose a word, such as `{name}`"),
        )
    } else if let Some(Line { name: other, .. }) = other {
        (
            format!("`{tag}` is the tag of `[{other}]`, and {version} is of `[{name}]`"),
            format!("choose another tag, such as `{name}`"),
        )
    } else {
        return Ok(());
    };
    Err(PublishError::Tag { message, advice })
}

/// Whether npm takes it for a tag and not for a range, such as `7` or `v7.2`.
fn is_word(tag: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.~".contains(letter);
    tag.chars().all(is_plain) && Range::parse(tag).is_err()
}
