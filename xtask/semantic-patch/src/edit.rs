//! One edit of a patch file.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use diagnostics::Source;
use semver::{Prerelease, Version, VersionReq};

use crate::{pattern::Pattern, place::Step, template::Template};

/// One edit.
#[derive(Debug)]
pub struct Edit {
    /// Its name in diagnostics and reports.
    pub id: String,
    /// The reason for the edit, for readers of the result.
    pub why: String,
    /// The upstream versions that it applies to.
    pub versions: VersionReq,
    pub(crate) steps: Vec<Step>,
    pub(crate) action: Action,
    /// Names to import, with their module.
    pub(crate) imports: BTreeMap<String, String>,
    /// Names that the runtime provides.
    pub(crate) globals: Vec<String>,
    pub(crate) source: Arc<Source>,
    pub(crate) spans: Spans,
}

/// The action of an edit.
#[derive(Debug)]
pub(crate) enum Action {
    Rewrite(Box<Rewrite>),
    Append(Template),
}

/// A replacement.
#[derive(Debug)]
pub(crate) struct Rewrite {
    pub pattern: Pattern,
    pub template: Template,
    /// Code that a match must not contain.
    pub unless: Option<Pattern>,
    pub count: Count,
}

/// The required number of matches.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Count {
    Exactly(usize),
    First,
    Last,
}

/// The spans of an edit's keys in its file.
#[derive(Debug, Clone)]
pub(crate) struct Spans {
    pub id: Range<usize>,
    pub place: Option<Range<usize>>,
    pub pattern: Option<Range<usize>>,
    pub code: Range<usize>,
    pub versions: Option<Range<usize>>,
}

impl Edit {
    /// Whether the edit applies to this upstream version. A prerelease counts as its final release.
    #[must_use]
    pub fn is_for(&self, version: &Version) -> bool {
        is_among(version, &self.versions)
    }

    /// The position of the edit, as `file:line`.
    pub(crate) fn position(&self) -> String {
        format!("{}:{}", self.source.name, self.source.line(self.spans.id.start))
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

/// Whether a version is in a range. A prerelease counts as its final release.
pub(crate) fn is_among(version: &Version, versions: &VersionReq) -> bool {
    versions.matches(&Version { pre: Prerelease::EMPTY, ..version.clone() })
}
