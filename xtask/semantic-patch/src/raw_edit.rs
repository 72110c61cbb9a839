//! Edits in TOML, read and validated key by key.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use diagnostics::{Place, Source};
use javascript::Problem;
use semver::VersionReq;
use serde::Deserialize;
use toml::Spanned;

use crate::{
    edit::{Action, Count, Edit, Rewrite, Spans},
    error::PatchError,
    pattern::Pattern,
    place::Step,
    template::{Template, TemplateError},
    tree::Types,
    words::Words,
};

/// A patch file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawFile {
    #[serde(default)]
    pub edit: Vec<RawEdit>,
    #[serde(default)]
    pub declare: Vec<RawEdit>,
}

/// One table of a patch file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawEdit {
    id: Spanned<Words>,
    why: Words,
    r#in: Option<Spanned<OneOrMany>>,
    pattern: Option<Spanned<String>>,
    rewrite: Option<Spanned<String>>,
    append: Option<Spanned<String>>,
    #[serde(default)]
    import: BTreeMap<Spanned<String>, String>,
    #[serde(default)]
    globals: Vec<String>,
    versions: Option<Spanned<String>>,
    expect: Option<Spanned<usize>>,
    which: Option<Spanned<Which>>,
    unless: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Which {
    First,
    Last,
}

impl RawEdit {
    /// The edit, if all its keys are valid and compatible.
    pub fn read(self, types: Types, source: &Arc<Source>) -> Result<Edit, PatchError> {
        let id = String::from(self.id.get_ref().clone());
        let id_span = self.id.span();
        let place = self.r#in.as_ref().map(Spanned::span);
        let spans = Spans {
            id: id_span.clone(),
            place,
            pattern: self.pattern.as_ref().map(Spanned::span),
            code: self.rewrite.as_ref().or(self.append.as_ref()).map_or(id_span, Spanned::span),
            versions: self.versions.as_ref().map(Spanned::span),
        };
        let steps = self.steps(source)?;
        let versions = self.versions(&id, source)?;
        let action = self.action(&id, &steps, types, source)?;
        let template = action.template();
        if let Some(name) = self.import.keys().find(|name| !template.mentions(name.get_ref())) {
            return Err(PatchError::UnusedImport {
                id,
                name: name.get_ref().clone(),
                places: vec![source.wrong(name.span(), "not used by this edit")],
            });
        }
        Ok(Edit {
            id,
            why: self.why.into(),
            versions,
            steps,
            action,
            imports: self
                .import
                .into_iter()
                .map(|(name, from)| (name.into_inner(), from))
                .collect(),
            globals: self.globals,
            source: Arc::clone(source),
            spans,
        })
    }

    fn action(
        &self,
        id: &str,
        steps: &[Step],
        types: Types,
        source: &Arc<Source>,
    ) -> Result<Action, PatchError> {
        let contradiction = |contradiction: &'static str, span: Range<usize>| {
            let places = vec![source.wrong(span, "here")];
            Err(PatchError::Contradiction { id: id.to_owned(), contradiction, places })
        };
        match (&self.pattern, &self.rewrite, &self.append) {
            (Some(pattern), Some(rewrite), None) => {
                let compile = |key: &'static str, text: &Spanned<String>| {
                    Pattern::compile(text.get_ref(), types)
                        .map_err(|problem| bad_pattern(&problem, id, key, text, source))
                };
                let unless =
                    self.unless.as_ref().map(|text| compile("unless", text)).transpose()?;
                let pattern = compile("pattern", pattern)?;
                let template = Template::replacing(rewrite.get_ref(), &pattern, types)
                    .map_err(|error| bad_template(error, id, "rewrite", rewrite, source))?;
                let count = match (&self.expect, &self.which) {
                    (Some(expect), Some(_)) => {
                        return contradiction("has both `expect` and `which`", expect.span());
                    }
                    (Some(expect), None) if *expect.get_ref() == 0 => {
                        return contradiction(
                            "expects no match, so it has no effect",
                            expect.span(),
                        );
                    }
                    (expect, None) => {
                        Count::Exactly(expect.as_ref().map_or(1, |expect| *expect.get_ref()))
                    }
                    (None, Some(which)) => match which.get_ref() {
                        Which::First => Count::First,
                        Which::Last => Count::Last,
                    },
                };
                Ok(Action::Rewrite(Box::new(Rewrite { pattern, template, unless, count })))
            }
            (None, None, Some(append)) => {
                let of_a_pattern = [
                    self.unless.as_ref().map(Spanned::span),
                    self.expect.as_ref().map(Spanned::span),
                    self.which.as_ref().map(Spanned::span),
                ];
                if let Some(span) = of_a_pattern.into_iter().flatten().next() {
                    return contradiction("has `append` and a key that needs a pattern", span);
                }
                let template = Template::appending(append.get_ref(), steps.last(), types)
                    .map_err(|error| bad_template(error, id, "append", append, source))?;
                Ok(Action::Append(template))
            }
            (Some(pattern), None, None) => {
                contradiction("has `pattern` without `rewrite`", pattern.span())
            }
            (None, Some(rewrite), None) => {
                contradiction("has `rewrite` without `pattern`", rewrite.span())
            }
            (None, None, None) => {
                contradiction("has neither `pattern` nor `append`", self.id.span())
            }
            (_, _, Some(append)) => {
                contradiction("has `append` as well as `pattern` or `rewrite`", append.span())
            }
        }
    }

    fn steps(&self, source: &Arc<Source>) -> Result<Vec<Step>, PatchError> {
        let Some(place) = &self.r#in else { return Ok(Vec::new()) };
        let texts = match place.get_ref() {
            OneOrMany::One(text) => std::slice::from_ref(text),
            OneOrMany::Many(texts) => texts.as_slice(),
        };
        let read = |text: &String| {
            Step::read(text).ok_or_else(|| PatchError::BadPlace {
                text: text.clone(),
                places: vec![source.wrong(place.span(), "here")],
            })
        };
        texts.iter().map(read).collect()
    }

    fn versions(&self, id: &str, source: &Arc<Source>) -> Result<VersionReq, PatchError> {
        let Some(versions) = &self.versions else { return Ok(VersionReq::STAR) };
        VersionReq::parse(versions.get_ref()).map_err(|error| PatchError::BadVersions {
            id: id.to_owned(),
            message: error.to_string(),
            places: vec![source.wrong(versions.span(), "here")],
        })
    }
}

fn bad_pattern(
    problem: &Problem,
    id: &str,
    key: &'static str,
    text: &Spanned<String>,
    source: &Arc<Source>,
) -> PatchError {
    PatchError::BadPattern {
        id: id.to_owned(),
        key,
        message: problem.message.clone(),
        places: vec![mark(source, text, problem)],
    }
}

fn bad_template(
    error: TemplateError,
    id: &str,
    key: &'static str,
    text: &Spanned<String>,
    source: &Arc<Source>,
) -> PatchError {
    let id = id.to_owned();
    match error {
        TemplateError::Syntax(problem) => PatchError::BadRewrite {
            id,
            key,
            message: problem.message.clone(),
            places: vec![mark(source, text, &problem)],
        },
        TemplateError::Unknown { metavariable, captured } => PatchError::UnknownMetavariable {
            id,
            metavariable,
            captured: if captured.is_empty() { "nothing".to_owned() } else { captured.join(", ") },
            places: vec![source.wrong(text.span(), "used here")],
        },
    }
}

/// The location of a syntax error inside a TOML string. Marks the whole string if escapes or line
/// breaks make the two texts differ.
fn mark(source: &Arc<Source>, text: &Spanned<String>, problem: &Problem) -> Place {
    let span = text.span();
    let literal = source.text.get(span.clone()).unwrap_or_default();
    let quotes = if literal.starts_with("\"\"\"") || literal.starts_with("'''") { 3 } else { 1 };
    let start = span.start + quotes + problem.span.start;
    let end = (span.start + quotes + problem.span.end).max(start + 1).min(span.end);
    let is_verbatim = literal.get(quotes..quotes + text.get_ref().len()) == Some(text.get_ref());
    if is_verbatim && start < end {
        source.wrong(start..end, "here")
    } else {
        source.wrong(span, "here")
    }
}
