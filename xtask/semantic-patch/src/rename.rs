//! Renames a package throughout a module, and finds leftovers of its old name.
//!
//! Renames string literals with the package's name or a path into it, and triple-slash references.
//! Comments are unchanged. Any other occurrence of the name in code is an error unless it is
//! allowed.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use diagnostics::{Place, Source};
use javascript::{JavaScriptError, Language};
use semver::{Version, VersionReq};

use crate::{
    edit::is_among,
    error::PatchError,
    parse,
    splice::{Part, Splice, splice},
    tree::Node,
};

/// The old and the new name of a package.
#[derive(Debug, Clone)]
pub struct Rename {
    /// The upstream package.
    pub from: String,
    /// The name that replaces it.
    pub to: String,
    /// Texts that may keep the old name.
    pub allow: Vec<Allowance>,
}

/// A text that may keep the old name.
#[derive(Debug, Clone)]
pub struct Allowance {
    /// The module with the text.
    pub module: String,
    /// A part of the string with the name.
    pub text: String,
    /// The upstream versions with this text.
    pub versions: VersionReq,
    /// The location of the entry.
    pub place: Place,
}

/// A module with the package renamed.
#[derive(Debug)]
pub struct Renamed {
    /// The new text.
    pub text: String,
    /// The number of replacements.
    pub count: usize,
    /// The indexes of the used allowances.
    pub allowed: BTreeSet<usize>,
}

impl Rename {
    /// Renames the package in one module of an upstream version.
    ///
    /// # Errors
    /// P023 for every occurrence of the name that is left and not allowed; P018 if the text does
    /// not parse.
    pub fn apply(
        &self,
        module: &str,
        version: &Version,
        source: &Arc<Source>,
        language: Language,
    ) -> Result<Renamed, Vec<PatchError>> {
        let unchanged =
            || Renamed { text: source.text.clone(), count: 0, allowed: BTreeSet::new() };
        if !source.text.contains(&self.from) {
            return Ok(unchanged());
        }
        let tree = parse::parse(&source.text, language)
            .map_err(|problem| vec![JavaScriptError::unreadable(source, problem).into()])?;
        let mut spans = Vec::new();
        let mut allowed = BTreeSet::new();
        let mut errors = Vec::new();
        for held in self.held(&tree, &source.text) {
            let literal = &source.text[held.span.clone()];
            let allowance = self.allow.iter().position(|entry| {
                entry.module == module
                    && literal.contains(&entry.text)
                    && is_among(version, &entry.versions)
            });
            match (held.name, allowance) {
                (Some(name), _) => spans.push(name),
                (None, Some(index)) => {
                    allowed.insert(index);
                }
                (None, None) => errors.push(PatchError::Leftover {
                    module: source.name.clone(),
                    name: module.to_owned(),
                    package: self.from.clone(),
                    places: vec![
                        source.wrong(held.span, "still contains the upstream package's name"),
                    ],
                }),
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let new = |span: &Range<usize>| Splice {
            span: span.clone(),
            parts: vec![Part::Text(self.to.clone())],
            edit: 0,
        };
        let splices: Vec<Splice> = spans.iter().map(new).collect();
        let text = splice(&source.text, &splices).map(|spliced| spliced.text).unwrap_or_default();
        Ok(Renamed { text, count: splices.len(), allowed })
    }

    /// The texts that may keep the name in an upstream version.
    pub fn allowed(&self, version: &Version) -> Vec<&str> {
        let entries = self.allow.iter().filter(|entry| is_among(version, &entry.versions));
        entries.map(|entry| entry.text.as_str()).collect()
    }

    /// Checks that at least one module used each allowance for this version.
    ///
    /// # Errors
    /// P024, once for every unused entry.
    pub fn check_allowances(
        &self,
        version: &Version,
        needed: &BTreeSet<usize>,
    ) -> Result<(), Vec<PatchError>> {
        let idle =
            self.allow.iter().enumerate().filter(|(index, entry)| {
                !needed.contains(index) && is_among(version, &entry.versions)
            });
        let errors: Vec<PatchError> = idle
            .map(|(_, entry)| PatchError::UnusedAllowance {
                module: entry.module.clone(),
                text: entry.text.clone(),
                places: vec![entry.place.clone()],
            })
            .collect();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }

    fn held(&self, tree: &Node, text: &str) -> Vec<Held> {
        let mut all: Vec<Held> = Vec::new();
        for node in tree.descendants() {
            let in_node = match node.kind.as_str() {
                "Literal" | "PropertyKey" | "TemplateElement" => {
                    self.names(&text[node.span.clone()])
                }
                _ => continue,
            };
            let Some(first) = in_node.first() else { continue };
            let name = (node.kind == "Literal" && first.start == 1)
                .then(|| node.span.start + first.start..node.span.start + first.end);
            // No grammar nests literals in literals. But a property's key and value can be the same
            // bytes.
            if all.iter().all(|held| held.span != node.span) {
                all.push(Held { span: node.span.clone(), name });
            }
        }
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            if line.trim_start().starts_with("///") {
                for name in self.names(line) {
                    let is_quoted = line[..name.start].ends_with(['"', '\'']);
                    let span = start + name.start..start + name.end;
                    all.push(Held { span: span.clone(), name: is_quoted.then_some(span) });
                }
            }
            start += line.len();
        }
        all
    }

    /// The occurrences of the whole name in `text`.
    fn names(&self, text: &str) -> Vec<Range<usize>> {
        let found = text.match_indices(&self.from).map(|(start, name)| start..start + name.len());
        let is_whole = |span: &Range<usize>| {
            !text[span.end..]
                .starts_with(|next: char| next.is_alphanumeric() || next == '-' || next == '_')
        };
        found.filter(is_whole).collect()
    }
}

/// A string that contains the name.
struct Held {
    span: Range<usize>,
    /// The name itself, if it can be replaced.
    name: Option<Range<usize>>,
}
