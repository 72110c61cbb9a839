//! Post-checks: conditions that every edited module must meet.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use diagnostics::{Place, Source};
use javascript::Language;

use crate::{
    edit::Edit,
    error::PatchError,
    parse::{self, Scopes},
    splice::Spliced,
};

/// Checks that an edited module parses, declares no name twice and uses no unknown name. `old`
/// holds the names of the original module.
pub fn check(
    before: &Arc<Source>,
    old: &Scopes,
    after: &Spliced,
    language: Language,
    edits: &[&Edit],
) -> Result<(), PatchError> {
    let module = || before.name.clone();
    let result = Source::new(format!("{} (after the edits)", before.name), after.text.clone());
    let broken = |message: String, span: Range<usize>| {
        let (edits, places) = blame(&result, &span, after, edits);
        if message.contains("has already been declared") {
            PatchError::Redeclared { module: module(), message, edits, places }
        } else {
            PatchError::BrokenResult { module: module(), message, edits, places }
        }
    };
    let new = parse::scopes(&after.text, language)
        .map_err(|problem| broken(problem.message, problem.span))?;
    if old.problems.is_empty()
        && let Some(problem) = new.problems.into_iter().next()
    {
        return Err(broken(problem.message, problem.span));
    }

    let provided: BTreeSet<&String> = edits.iter().flat_map(|edit| &edit.globals).collect();
    let unknown = new
        .unresolved
        .iter()
        .find(|name| !old.unresolved.contains(*name) && !provided.contains(name));
    let Some(name) = unknown else { return Ok(()) };
    // The name comes from the edit with the name in its text.
    let span = after
        .brought
        .iter()
        .find_map(|(range, _)| {
            let at = range.start + after.text[range.clone()].find(name.as_str())?;
            Some(at..at + name.len())
        })
        .unwrap_or(0..0);
    let (edits, places) = blame(&result, &span, after, edits);
    Err(PatchError::Unresolved { module: module(), name: name.clone(), edits, places })
}

/// The edits behind a place of the result, or all edits if they cannot be determined.
fn blame(
    result: &Arc<Source>,
    span: &Range<usize>,
    after: &Spliced,
    edits: &[&Edit],
) -> (String, Vec<Place>) {
    let touching =
        |(range, _): &&(Range<usize>, usize)| range.start <= span.end && span.start <= range.end;
    let mut guilty: Vec<usize> =
        after.brought.iter().filter(touching).map(|(_, edit)| *edit).collect();
    guilty.sort_unstable();
    guilty.dedup();
    if guilty.is_empty() {
        guilty = (0..edits.len()).collect();
    }
    let names: Vec<String> = guilty
        .iter()
        .map(|edit| format!("`{}` ({})", edits[*edit].id, edits[*edit].position()))
        .collect();
    let mut places = vec![result.wrong(span.clone(), "here")];
    if let [only] = guilty.as_slice() {
        let edit = edits[*only];
        places.push(edit.source.context(edit.spans.code.clone(), "added by this edit"));
    }
    (names.join(", "), places)
}
