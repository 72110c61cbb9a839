//! Writing pins: only what has changed, so that the file keeps its layout and its comments.

use std::ops::Range;

use super::Line;

/// The text of the pins with lines in place of what was read from it.
///
/// `moves` holds each line as it was read, and as it is to be.
pub fn rewritten(text: &str, moves: &[(&Line, &Line)]) -> String {
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for (old, new) in moves {
        let commit = old.commit_place.span.clone();
        if old.astro != new.astro {
            changes.push((old.spans.astro.clone(), quoted(&new.astro)));
        }
        if old.commit != new.commit {
            changes.push((commit.clone(), quoted(&new.commit)));
        }
        if old.revision != new.revision {
            changes.push(match &old.spans.revision {
                Some(span) => (span.clone(), new.revision.to_string()),
                None => (commit.end..commit.end, format!("\nrevision = {}", new.revision)),
            });
        }
        if let (Some(span), Some(as_of), true) =
            (&old.spans.as_of, &new.as_of, old.as_of != new.as_of)
        {
            changes.push((span.clone(), quoted(as_of)));
        }
        for (old, new) in old.packages.values().zip(new.packages.values()) {
            if old.version == new.version {
                continue;
            }
            let written = [
                (&old.version_place, quoted(&new.version)),
                (&old.integrity_place, quoted(&new.integrity)),
            ];
            let written =
                written.into_iter().filter_map(|(place, text)| Some((place.as_ref()?, text)));
            changes.extend(written.map(|(place, text)| (place.span.clone(), text)));
        }
    }
    // From the end, so that no change moves another's place.
    changes.sort_by_key(|(span, _)| span.start);
    let mut text = text.to_owned();
    for (span, new) in changes.into_iter().rev() {
        text.replace_range(span, &new);
    }
    text
}

fn quoted(value: &impl ToString) -> String {
    format!("\"{}\"", value.to_string())
}
