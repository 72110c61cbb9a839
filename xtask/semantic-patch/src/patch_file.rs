//! Patch files: what a maintainer writes, read and validated.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use semver::{Prerelease, Version, VersionReq};
use serde::Deserialize;
use toml::Spanned;

use crate::{
    Place, Source,
    error::PatchError,
    parse::Problem,
    pattern::Pattern,
    place::Step,
    rewrite::{Template, TemplateError},
    tree::Types,
};

/// The edits of one upstream module.
#[derive(Debug)]
pub struct PatchFile {
    /// The module's path without ending, for example `utils/handler`.
    pub module: String,
    /// The text of the patch file.
    pub source: Arc<Source>,
    /// Edits of the module itself.
    pub edits: Vec<Edit>,
    /// Edits of its declaration file.
    pub declares: Vec<Edit>,
}

/// One edit.
#[derive(Debug)]
pub struct Edit {
    /// Its name in diagnostics and reports.
    pub id: String,
    /// Why it exists, for whoever reads the result.
    pub why: String,
    /// The versions of upstream it is for.
    pub versions: VersionReq,
    pub(crate) steps: Vec<Step>,
    pub(crate) action: Action,
    /// Names to import: the name, and the module it comes from.
    pub(crate) imports: BTreeMap<String, String>,
    /// Names that the runtime provides.
    pub(crate) globals: Vec<String>,
    pub(crate) source: Arc<Source>,
    pub(crate) spans: Spans,
}

/// What an edit does.
#[derive(Debug)]
pub(crate) enum Action {
    Rewrite(Box<Rewrite>),
    Append(Template),
}

/// What replaces what.
#[derive(Debug)]
pub(crate) struct Rewrite {
    pub pattern: Pattern,
    pub template: Template,
    /// What a match must not hold.
    pub unless: Option<Pattern>,
    pub count: Count,
}

/// How many matches there have to be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Count {
    Exactly(usize),
    First,
    Last,
}

/// Where the keys of an edit stand in its file.
#[derive(Debug, Clone)]
pub(crate) struct Spans {
    pub id: Range<usize>,
    pub place: Option<Range<usize>>,
    pub pattern: Option<Range<usize>>,
    pub code: Range<usize>,
    pub versions: Option<Range<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    edit: Vec<RawEdit>,
    #[serde(default)]
    declare: Vec<RawEdit>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEdit {
    id: Spanned<String>,
    why: String,
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

impl PatchFile {
    /// Reads the patch file of `module`; `name` is the path under which a reader finds it.
    ///
    /// # Errors
    /// Everything that is wrong with the file, P001 to P009.
    pub fn read(module: &str, name: &str, text: &str) -> Result<Self, Vec<PatchError>> {
        let source = Source::new(name, text);
        let raw: RawFile = toml::from_str(text).map_err(|error| {
            let span = error.span().unwrap_or(0..0);
            vec![PatchError::Unreadable {
                file: name.to_owned(),
                message: error.message().to_owned(),
                places: vec![source.wrong(span, "here")],
            }]
        })?;
        let mut errors = Vec::new();
        let mut read = |edits: Vec<RawEdit>, types: Types| -> Vec<Edit> {
            let edits = edits.into_iter().map(|raw| raw.read(types, &source));
            edits.filter_map(|edit| edit.map_err(|error| errors.push(error)).ok()).collect()
        };
        let edits = read(raw.edit, Types::Ignored);
        let declares = read(raw.declare, Types::Kept);
        if errors.is_empty() {
            Ok(Self { module: module.to_owned(), source, edits, declares })
        } else {
            Err(errors)
        }
    }

    /// The error for a file whose module is not among `modules`, P015.
    pub fn unused<'m>(&self, modules: impl Iterator<Item = &'m str>) -> PatchError {
        let nearest = modules.max_by(|one, other| {
            let similarity = |name: &str| strsim::jaro_winkler(&self.module, name);
            similarity(one).total_cmp(&similarity(other))
        });
        let first = self.all_edits().next();
        PatchError::UnusedPatch {
            module: self.module.clone(),
            candidates: match nearest {
                Some(name) => format!("the most similar module is `{name}`"),
                None => "there are no modules".to_owned(),
            },
            places: first
                .map(|edit| {
                    self.source
                        .wrong(edit.spans.id.clone(), "an edit of a module that is not there")
                })
                .into_iter()
                .collect(),
        }
    }

    /// Every edit of the file, those of declarations last.
    pub fn all_edits(&self) -> impl Iterator<Item = &Edit> {
        self.edits.iter().chain(&self.declares)
    }
}

/// Checks that no id stands twice in several patch files.
///
/// # Errors
/// P002, once for every id that stands a second time.
pub fn check_ids(files: &[PatchFile]) -> Result<(), Vec<PatchError>> {
    let mut seen: BTreeMap<&str, &Edit> = BTreeMap::new();
    let mut errors = Vec::new();
    for edit in files.iter().flat_map(PatchFile::all_edits) {
        if let Some(earlier) = seen.insert(&edit.id, edit) {
            let places = vec![
                edit.source.wrong(edit.spans.id.clone(), "used again here"),
                earlier.source.context(earlier.spans.id.clone(), "first used here"),
            ];
            errors.push(PatchError::DuplicateId { id: edit.id.clone(), places });
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Checks that every edit is for one of the pinned versions at least.
///
/// # Errors
/// P016, once for every edit that is for none.
pub fn check_versions(files: &[PatchFile], pinned: &[Version]) -> Result<(), Vec<PatchError>> {
    let edits = files.iter().flat_map(PatchFile::all_edits);
    let idle = edits.filter(|edit| !pinned.iter().any(|version| edit.is_for(version)));
    let errors: Vec<PatchError> = idle
        .map(|edit| PatchError::OutOfRange {
            id: edit.id.clone(),
            versions: edit.versions.to_string(),
            pinned: pinned.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            places: vec![edit.source.wrong(
                edit.spans.versions.clone().unwrap_or_else(|| edit.spans.id.clone()),
                "no pinned version is in this range",
            )],
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

impl Edit {
    /// Whether the edit is for this version of upstream. A prerelease counts as its release.
    #[must_use]
    pub fn is_for(&self, version: &Version) -> bool {
        self.versions.matches(&Version { pre: Prerelease::EMPTY, ..version.clone() })
    }

    /// Where the edit stands, as `file:line`.
    pub(crate) fn position(&self) -> String {
        format!("{}:{}", self.source.name, self.source.line(self.spans.id.start))
    }
}

impl RawEdit {
    fn read(self, types: Types, source: &Arc<Source>) -> Result<Edit, PatchError> {
        let id = self.id.get_ref().clone();
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
            why: self.why,
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
                            "expects no match, so it does nothing",
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
                    return contradiction("has `append` and a key that belongs to a pattern", span);
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
                contradiction("has `append` beside `pattern` or `rewrite`", append.span())
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

impl Action {
    pub(crate) fn template(&self) -> &Template {
        match self {
            Self::Rewrite(rewrite) => &rewrite.template,
            Self::Append(template) => template,
        }
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

/// The place of a syntax error inside a TOML string, or the whole string where escapes or several
/// lines make the two texts differ.
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
