//! The dist-tags of packages.

use nodejs_semver::Range;

use super::PublishError;
use crate::{
    pipeline::Job,
    upstream::{Line, Pins},
};

/// The tag that npm takes if none is named.
const LATEST: &str = "latest";

/// The tag of each job, in order: the line's own tag, or the requested one.
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
                message: "`--tag` applies to one line, but several are selected".to_owned(),
                advice: format!("choose the line: `--astro {}`", first.line.major),
            })
        }
        _ => Ok(tags),
    }
}

/// Checks that a package of this line can have the tag.
fn check(pins: &Pins, job: &Job<'_>, tag: &str) -> Result<(), PublishError> {
    let (line, version) = (job.line, job.stamp());
    let name = &line.name;
    let other = pins.lines.iter().find(|other| other.tag == tag && other.major != line.major);
    let (message, advice) = if tag.is_empty() {
        (
            format!("npm treats {version} as a prerelease, but `[{name}]` has no tag"),
            format!("set one: `tag = \"{name}\"` in `upstream/upstream.toml`"),
        )
    } else if !is_word(tag) {
        (
            format!(
                "`{tag}` is not a valid tag: npm would read it as a version range or part of a URL"
            ),
            format!("choose a word, such as `{name}`"),
        )
    } else if let Some(Line { name: other, .. }) = other {
        (
            format!("`{tag}` is the tag of `[{other}]`, but {version} belongs to `[{name}]`"),
            format!("choose another tag, such as `{name}`"),
        )
    } else if tag == LATEST && !line.astro.pre.is_empty() {
        (
            format!("{version} is for a prerelease of Astro, but `{tag}` is what npm installs"),
            format!("choose another tag until Astro is released, such as `{name}`"),
        )
    } else {
        return Ok(());
    };
    Err(PublishError::Tag { message, advice })
}

/// Whether npm accepts it as a tag: it is not a range such as `7` or `v7.2`.
fn is_word(tag: &str) -> bool {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.~".contains(letter);
    tag.chars().all(is_plain) && Range::parse(tag).is_err()
}
