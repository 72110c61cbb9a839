//! The form of an error: a code, a sentence, the marked places in sources, and the next step.
//!
//! An error type is an enum that derives [`Explain`]. A [`Report`] displays an error of any such
//! type, and a [`Failure`] holds several errors.

mod failure;

use std::{ops::Range, sync::Arc};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

pub use explain_derive::Explain;
pub use failure::Failure;

/// A text with the name shown to readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The origin of the text, for example `patches/node/standalone.toml`.
    pub name: String,
    /// The text itself. Spans are byte offsets into it.
    pub text: String,
}

impl Source {
    /// A source that several places can share.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into() })
    }

    /// Marks `span` as the error, with `label` beside it.
    #[must_use]
    pub fn wrong(self: &Arc<Self>, span: Range<usize>, label: impl Into<String>) -> Place {
        Place { source: Arc::clone(self), span, label: label.into(), is_wrong: true }
    }

    /// Marks `span` as context, with `label` beside it.
    #[must_use]
    pub fn context(self: &Arc<Self>, span: Range<usize>, label: impl Into<String>) -> Place {
        Place { source: Arc::clone(self), span, label: label.into(), is_wrong: false }
    }

    /// The line of a byte offset, counted from 1.
    #[must_use]
    pub fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }
}

/// A marked span of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The text to show.
    pub source: Arc<Source>,
    /// Byte offsets into the text.
    pub span: Range<usize>,
    /// The text beside the mark.
    pub label: String,
    /// Whether this is the error itself or context for it.
    pub is_wrong: bool,
}

/// One entry of an error catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The stable code, for example `P006`.
    pub code: &'static str,
    /// The first line of the explanation.
    pub title: &'static str,
    /// The situation, the reason for the error and the fix, in Markdown.
    pub explanation: &'static str,
    /// The exit code of a process that ends with this error.
    pub exit: u8,
    /// Whether the question stays open and a retry may answer it.
    pub no_answer: bool,
}

/// An error type with codes, explanations and help lines.
///
/// Implemented by `#[derive(Explain)]` of the crate `explain-derive`.
pub trait Explain: std::error::Error {
    /// All situations of the type, in declaration order.
    const CATALOGUE: &'static [Entry];
    /// The catalogue entry of this error.
    fn entry(&self) -> &'static Entry;
    /// The next step, without the word `help:`.
    fn help(&self) -> String;
    /// The marked places in sources.
    fn places(&self) -> &[Place];

    /// The code of this error.
    fn code(&self) -> &'static str {
        self.entry().code
    }
}

/// An error of any type, ready to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The stable code.
    pub code: &'static str,
    /// The error in one sentence.
    pub message: String,
    /// The marked places, the most important first.
    pub places: Vec<Place>,
    /// The next step.
    pub help: String,
    /// The exit code of a process that ends with this error.
    pub exit: u8,
    /// Whether the question stays open and a retry may answer it.
    pub no_answer: bool,
}

impl<E: Explain> From<E> for Report {
    fn from(error: E) -> Self {
        let entry = error.entry();
        Self {
            code: entry.code,
            message: error.to_string(),
            places: error.places().to_vec(),
            help: error.help(),
            exit: entry.exit,
            no_answer: entry.no_answer,
        }
    }
}

impl Report {
    /// The report as text with a line break at the end; `colour` adds ANSI escapes.
    #[must_use]
    pub fn render(&self, colour: bool) -> String {
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let mut title = Group::with_title(Level::ERROR.primary_title(&self.message).id(self.code));
        for (source, places) in by_source(&self.places) {
            let mut snippet = Snippet::source(source.text.as_str()).path(source.name.as_str());
            for place in places {
                let kind =
                    if place.is_wrong { AnnotationKind::Primary } else { AnnotationKind::Context };
                snippet = snippet.annotation(kind.span(place.span.clone()).label(&place.label));
            }
            title = title.element(snippet);
        }
        let help = Level::HELP.message(&self.help);
        format!("{}\n", renderer.render(&[title.element(help)]))
    }
}

/// The places grouped by source, in the order of each source's first place.
fn by_source(places: &[Place]) -> Vec<(&Arc<Source>, Vec<&Place>)> {
    let mut groups: Vec<(&Arc<Source>, Vec<&Place>)> = Vec::new();
    for place in places {
        match groups.iter_mut().find(|(source, _)| **source == place.source) {
            Some((_, group)) => group.push(place),
            None => groups.push((&place.source, vec![place])),
        }
    }
    groups
}
