//! What an error looks like: a code, a sentence, the places in the source, and the next step.
//!
//! An error type is an enum that derives [`Explain`]. A [`Report`] shows an error of any such type,
//! and a [`Failure`] holds all that was wrong at once.

mod failure;

use std::{ops::Range, sync::Arc};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

pub use explain_derive::Explain;
pub use failure::Failure;

/// A text with the name under which a reader finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where the text comes from, for example `patches/node/standalone.toml`.
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

    /// The place `span`, marked as what is wrong, with `label` beside it.
    #[must_use]
    pub fn wrong(self: &Arc<Self>, span: Range<usize>, label: impl Into<String>) -> Place {
        Place { source: Arc::clone(self), span, label: label.into(), is_wrong: true }
    }

    /// The place `span`, marked as something to look at, with `label` beside it.
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
    /// The text that is shown.
    pub source: Arc<Source>,
    /// Byte offsets into the text.
    pub span: Range<usize>,
    /// What is said beside the mark.
    pub label: String,
    /// Whether this is what is wrong, or something that helps to see why.
    pub is_wrong: bool,
}

/// One entry of an error catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The stable code, for example `P006`.
    pub code: &'static str,
    /// The first line of the explanation.
    pub title: &'static str,
    /// What the situation is, why it is an error and what to do: Markdown.
    pub explanation: &'static str,
    /// The exit code of a process that ends with this error.
    pub exit: u8,
    /// Whether what was asked is not known, and asking again may tell it.
    pub no_answer: bool,
}

/// An error type whose situations have codes, explanations and help lines.
///
/// Implemented by `#[derive(Explain)]` of the crate `explain-derive`.
pub trait Explain: std::error::Error {
    /// Every situation the type knows, in the order of declaration.
    const CATALOGUE: &'static [Entry];
    /// What the catalogue says of this error.
    fn entry(&self) -> &'static Entry;
    /// The next step, without the word `help:`.
    fn help(&self) -> String;
    /// What to show of the sources.
    fn places(&self) -> &[Place];

    /// The code of this error.
    fn code(&self) -> &'static str {
        self.entry().code
    }
}

/// An error made ready to be shown, whatever its type was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The stable code.
    pub code: &'static str,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The marked places, the most important first.
    pub places: Vec<Place>,
    /// The next step.
    pub help: String,
    /// The exit code of a process that ends with this error.
    pub exit: u8,
    /// Whether what was asked is not known, and asking again may tell it.
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
    /// The report as text, ending in a line break; `colour` adds ANSI escapes.
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

/// The places in groups, one per source, in the order in which the sources come first.
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
