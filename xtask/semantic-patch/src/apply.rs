//! Applies all edits of one module: match, rewrite, check.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use diagnostics::{Place, Source};
use javascript::{JavaScriptError, Language};

use crate::{
    check,
    edit::{Action, Count, Edit, Rewrite},
    error::PatchError,
    import::Imports,
    parentheses::Needs,
    parse,
    pattern::{Captures, Match, Pattern},
    place::{self, Failure},
    splice::{Conflict, Part, Splice, Spliced, splice},
    tree::Node,
};

/// A module after its edits.
#[derive(Debug)]
pub struct Rewritten {
    /// The new text.
    pub text: String,
    /// The result of every edit, in the order of the patch file.
    pub applied: Vec<Applied>,
}

/// The result of an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The edit's id.
    pub id: String,
    /// Its reason.
    pub why: String,
    /// The number of changed places.
    pub matches: usize,
    /// The line of the first changed place in the module, counted from 1.
    pub line: usize,
}

/// Applies edits to a module. Bytes outside the edits stay as they are.
///
/// # Errors
/// Edits that do not fit, P010 to P014, P017 and P018; then the post-checks, P020 to P022.
pub fn rewrite(
    source: &Arc<Source>,
    language: Language,
    edits: &[&Edit],
) -> Result<Rewritten, Vec<PatchError>> {
    if edits.is_empty() {
        return Ok(Rewritten { text: source.text.clone(), applied: Vec::new() });
    }
    let (tree, scopes) = parse::parse_with_scopes(&source.text, language)
        .map_err(|problem| vec![JavaScriptError::unreadable(source, problem).into()])?;

    let mut module =
        Module { source, tree: &tree, imports: Imports::of(&tree), splices: Vec::new() };
    let mut applied = Vec::new();
    let mut errors = Vec::new();
    for (index, edit) in edits.iter().enumerate() {
        match module.apply(edit, index) {
            Ok(one) => applied.push(one),
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    module.splices.extend(module.imports.splices(&source.text, language));
    let spliced = module.splice(edits).map_err(|error| vec![error])?;
    check::check(source, &scopes, &spliced, language, edits).map_err(|error| vec![error])?;
    Ok(Rewritten { text: spliced.text, applied })
}

struct Module<'m> {
    source: &'m Arc<Source>,
    tree: &'m Node,
    imports: Imports,
    splices: Vec<Splice>,
}

impl<'m> Module<'m> {
    fn apply(&mut self, edit: &Edit, index: usize) -> Result<Applied, PatchError> {
        let place = self.find_place(edit)?;
        let matches = match &edit.action {
            Action::Append(_) => Vec::new(),
            Action::Rewrite(rewrite) => self.find_matches(edit, place, rewrite)?,
        };
        let aliases: BTreeMap<String, String> = edit
            .imports
            .iter()
            .map(|(name, from)| (name.clone(), self.imports.resolve(name, from, index)))
            .collect();
        let new = match &edit.action {
            Action::Append(template) => {
                let parts = template.fill(&self.source.text, None, &Captures::new(), &aliases);
                vec![self.append(edit, place, parts, index)?]
            }
            Action::Rewrite(rewrite) => {
                let template = &rewrite.template;
                let fill = |found: &Match<'_>| Splice {
                    span: template.replaced(&self.source.text, found.node),
                    parts: template.fill(
                        &self.source.text,
                        Some((found.node, Needs::of(self.tree, found.node))),
                        &found.captures,
                        &aliases,
                    ),
                    edit: index,
                };
                matches.iter().map(fill).collect()
            }
        };
        let applied = Applied {
            id: edit.id.clone(),
            why: edit.why.clone(),
            matches: new.len(),
            line: new.first().map_or(1, |splice| self.source.line(splice.span.start)),
        };
        self.splices.extend(new);
        Ok(applied)
    }

    fn find_place(&self, edit: &Edit) -> Result<&'m Node, PatchError> {
        let failure = match place::resolve(self.tree, &edit.steps) {
            Ok(place) => return Ok(place),
            Err(failure) => failure,
        };
        let (id, place) = (edit.id.clone(), place::describe(&edit.steps));
        let at = edit.spans.place.clone().unwrap_or_else(|| edit.spans.id.clone());
        let mut places = vec![edit.source.wrong(at, "looked for here")];
        Err(match failure {
            Failure::Missing(candidates) => {
                let names: Vec<String> =
                    candidates.iter().take(3).map(|(name, _)| format!("`{name}`")).collect();
                if let Some((name, span)) = candidates.first() {
                    let label = format!("`{name}` is the most similar name");
                    places.push(self.source.context(self.first_line(span), label));
                }
                let candidates = if names.is_empty() {
                    format!("`{}` has nothing of this kind", self.source.name)
                } else {
                    format!("`{}` has {}", self.source.name, names.join(", "))
                };
                PatchError::PlaceNotFound { id, place, candidates, edit: edit.position(), places }
            }
            Failure::Ambiguous(spans) => {
                places.extend(
                    spans.iter().map(|span| self.source.context(self.first_line(span), "here")),
                );
                PatchError::PlaceAmbiguous {
                    id,
                    place,
                    count: spans.len(),
                    edit: edit.position(),
                    places,
                }
            }
        })
    }

    fn find_matches(
        &self,
        edit: &Edit,
        place: &'m Node,
        rewrite: &Rewrite,
    ) -> Result<Vec<Match<'m>>, PatchError> {
        let Rewrite { pattern, unless, count, .. } = rewrite;
        let mut matches = pattern.search(place);
        matches.retain(|found| {
            unless.as_ref().is_none_or(|unless| unless.search(found.node).is_empty())
        });
        if matches.is_empty() {
            return Err(self.not_found(edit, place, pattern));
        }
        match *count {
            Count::First => matches.truncate(1),
            Count::Last => {
                matches.drain(..matches.len() - 1);
            }
            Count::Exactly(expected) if expected != matches.len() => {
                let mut places = vec![self.mark(edit, "expected another number of matches")];
                places.extend(matches.iter().map(|found| {
                    self.source.context(self.first_line(&found.node.span), "matches")
                }));
                return Err(PatchError::WrongCount {
                    id: edit.id.clone(),
                    place: place::describe(&edit.steps),
                    count: matches.len(),
                    expected,
                    edit: edit.position(),
                    places,
                });
            }
            Count::Exactly(_) => {}
        }
        Ok(matches)
    }

    fn not_found(&self, edit: &Edit, place: &Node, pattern: &Pattern) -> PatchError {
        let elsewhere = pattern.search(self.tree);
        let near = pattern.nearest(place).or_else(|| pattern.nearest(self.tree));
        let mut places = vec![self.mark(edit, "matches nothing")];
        let advice = if let Some(found) = elsewhere.first() {
            places.push(
                self.source
                    .context(self.first_line(&found.node.span), "matches here, outside that place"),
            );
            "the pattern matches elsewhere in the module; fix `in` or `unless`"
        } else if let Some(node) = near {
            places.push(self.source.context(self.first_line(&node.span), "nearest candidate"));
            "compare with the nearest candidate and fix `pattern`"
        } else {
            places.push(self.source.context(self.first_line(&place.span), "looked for here"));
            "upstream has no similar code there; inspect the new upstream code, and fix the edit"
        };
        PatchError::NotFound {
            id: edit.id.clone(),
            place: place::describe(&edit.steps),
            advice: advice.to_owned(),
            edit: edit.position(),
            places,
        }
    }

    fn append(
        &self,
        edit: &Edit,
        place: &Node,
        parts: Vec<Part>,
        index: usize,
    ) -> Result<Splice, PatchError> {
        let text = &self.source.text;
        if place.kind == "Program" {
            let line_break = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
            let parts = surround(line_break, parts, "\n");
            return Ok(Splice { span: text.len()..text.len(), parts, edit: index });
        }
        let body = place.child("body").unwrap_or(place);
        let is_braced = matches!(
            body.kind.as_str(),
            "BlockStatement"
                | "FunctionBody"
                | "ClassBody"
                | "TSInterfaceBody"
                | place::OBJECT_TYPE
        );
        let brace = body
            .span
            .end
            .checked_sub(1)
            .filter(|brace| is_braced && text[*brace..].starts_with('}'));
        let brace = brace.ok_or_else(|| PatchError::NoBody {
            id: edit.id.clone(),
            place: place::describe(&edit.steps),
            edit: edit.position(),
            places: vec![
                self.mark(edit, "cannot append here"),
                self.source.context(self.first_line(&place.span), "this place"),
            ],
        })?;
        // The closing brace keeps its line. Appended code gets the indentation of the code before
        // it.
        let before = text[..brace].trim_end_matches([' ', '\t']);
        if !before.ends_with('\n') {
            return Ok(Splice {
                span: brace..brace,
                parts: surround(" ", parts, " "),
                edit: index,
            });
        }
        let last_line = before.trim_end().rsplit('\n').next().unwrap_or_default();
        let indentation = &last_line[..last_line.len() - last_line.trim_start().len()];
        let parts = indent(parts, indentation);
        Ok(Splice {
            span: before.len()..before.len(),
            parts: surround(indentation, parts, "\n"),
            edit: index,
        })
    }

    fn splice(&self, edits: &[&Edit]) -> Result<Spliced, PatchError> {
        splice(&self.source.text, &self.splices).map_err(|Conflict(outer, inner)| {
            let (outer, inner) = (&self.splices[outer], &self.splices[inner]);
            let (first, second) = (edits[outer.edit], edits[inner.edit]);
            PatchError::Overlap {
                first: first.id.clone(),
                second: second.id.clone(),
                places: vec![
                    self.source.wrong(inner.span.clone(), format!("`{}` changes this", second.id)),
                    self.source.context(
                        self.first_line(&outer.span),
                        format!("`{}` replaces this", first.id),
                    ),
                    self.mark(first, "this edit"),
                    self.mark(second, "and this edit"),
                ],
            }
        })
    }

    /// The edit's key for its place or pattern.
    fn mark(&self, edit: &Edit, label: &str) -> Place {
        let span = edit.spans.pattern.clone().unwrap_or_else(|| edit.spans.id.clone());
        edit.source.wrong(span, label)
    }

    /// Cuts a span at the end of its first line, so that a whole function is not printed.
    fn first_line(&self, span: &Range<usize>) -> Range<usize> {
        let text = &self.source.text[span.clone()];
        span.start..span.start + text.find('\n').unwrap_or(text.len())
    }
}

/// Indents all lines but the first. Text that may contain a template literal is unchanged, because
/// its white space is part of its value.
fn indent(parts: Vec<Part>, indentation: &str) -> Vec<Part> {
    let line_break = format!("\n{indentation}");
    let indent = |part| match part {
        Part::Text(text) if !text.contains('`') => Part::Text(text.replace('\n', &line_break)),
        part => part,
    };
    parts.into_iter().map(indent).collect()
}

fn surround(open: &str, parts: Vec<Part>, close: &str) -> Vec<Part> {
    let text = |text: &str| (!text.is_empty()).then(|| Part::Text(text.to_owned()));
    text(open).into_iter().chain(parts).chain(text(close)).collect()
}
