//! Writing pins: only what has changed, so that the file keeps its layout and its comments.

use std::ops::Range;

use super::Line;

/// The text of the pins with lines in place of what was read from it.
///
/// `moves` holds each line as it was read, and as it is to be.
pub fn rewritten(text: &str, moves: &[(&Line, &Line)]) -> String {
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for (old, new) in moves {
        let commit = old.commit_place.as_ref().map(|place| place.span.clone());
        // What is new in a line follows the last of what it begins with.
        let last = commit.as_ref().filter(|_| new.commit.is_some());
        let head = last.unwrap_or(&old.spans.astro).end;
        if old.astro != new.astro {
            changes.push((old.spans.astro.clone(), quoted(&new.astro)));
        }
        match (&commit, &new.commit) {
            (Some(span), Some(commit)) if old.commit != new.commit => {
                changes.push((span.clone(), quoted(commit)));
            }
            (Some(span), None) => changes.push((whole_line(text, span), String::new())),
            (None, Some(commit)) => {
                changes.push((head..head, format!("\ncommit = {}", quoted(commit))))
            }
            _ => {}
        }
        if old.revision != new.revision {
            changes.push(match &old.spans.revision {
                Some(span) => (span.clone(), new.revision.to_string()),
                // Before the commit that follows at the same place, if one does.
                None => (head..head, format!("\nrevision = {}", new.revision)),
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

/// The line in which something stands, with its end.
fn whole_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let start = text[..span.start].rfind('\n').map_or(0, |end| end + 1);
    let end = text[span.end..].find('\n').map_or(text.len(), |end| span.end + end + 1);
    start..end
}

fn quoted(value: &impl ToString) -> String {
    format!("\"{}\"", value.to_string())
}
