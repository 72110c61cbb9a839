//! Patch files: the edits of a module, and the rules for all of them together.

use std::{collections::BTreeMap, sync::Arc};

use diagnostics::Source;
use semver::{Comparator, Op, Version, VersionReq};

use crate::{
    edit::Edit,
    error::PatchError,
    raw_edit::{RawEdit, RawFile},
    tree::Types,
};

/// The edits of one upstream module.
#[derive(Debug)]
pub struct PatchFile {
    /// The module's path without extension, for example `utils/handler`.
    pub module: String,
    /// The text of the patch file.
    pub source: Arc<Source>,
    /// Edits of the module itself.
    pub edits: Vec<Edit>,
    /// Edits of its declaration file.
    pub declares: Vec<Edit>,
}

impl PatchFile {
    /// Reads the patch file of `module`; `name` is the path to show to readers.
    ///
    /// # Errors
    /// All errors in the file, P001 to P009.
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

    /// The error for a file of a module that is not in `modules`, P015.
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
                .map(|edit| self.source.wrong(edit.spans.id.clone(), "an edit of a missing module"))
                .into_iter()
                .collect(),
        }
    }

    /// Every edit of the file, with declaration edits last.
    pub fn all_edits(&self) -> impl Iterator<Item = &Edit> {
        self.edits.iter().chain(&self.declares)
    }
}

/// Checks that ids are unique across patch files.
///
/// # Errors
/// P002, once for every duplicate id.
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

/// Checks that every edit applies to at least one pinned version, or to newer ones.
///
/// # Errors
/// P016, once for every edit that applies to none.
pub fn check_versions(files: &[PatchFile], pinned: &[Version]) -> Result<(), Vec<PatchError>> {
    let edits = files.iter().flat_map(PatchFile::all_edits);
    let newest = pinned.iter().max();
    let idle = edits.filter(|edit| {
        let is_ahead = newest.is_some_and(|newest| begins_after(&edit.versions, newest));
        !is_ahead && !pinned.iter().any(|version| edit.is_for(version))
    });
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

/// Whether a range excludes everything up to a version.
fn begins_after(versions: &VersionReq, version: &Version) -> bool {
    versions.comparators.iter().any(|comparator| {
        let Comparator { op, major, minor, patch, .. } = comparator;
        let first = Version::new(*major, minor.unwrap_or(0), patch.unwrap_or(0));
        match op {
            Op::Less | Op::LessEq => false,
            Op::Greater => first >= *version,
            _ => first > *version,
        }
    })
}
