//! Parses source text into oxc's tree.

use std::ops::Range;

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_diagnostics::OxcDiagnostic;
use oxc_parser::{ParseOptions, Parser};
use oxc_span::SourceType;

/// The language of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// An ECMAScript module.
    JavaScript,
    /// A TypeScript module.
    TypeScript,
    /// A declaration file.
    Declaration,
}

impl Language {
    /// The language of a file, by its name.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path.ends_with(".d.ts") || path.ends_with(".d.mts") {
            Self::Declaration
        } else if path.ends_with(".ts") || path.ends_with(".mts") {
            Self::TypeScript
        } else {
            Self::JavaScript
        }
    }

    /// The language as oxc's source type.
    #[must_use]
    pub fn source_type(self) -> SourceType {
        match self {
            Self::JavaScript => SourceType::mjs(),
            Self::TypeScript => SourceType::ts(),
            Self::Declaration => SourceType::d_ts(),
        }
    }
}

/// An error of the parser or the scope analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The parser's message.
    pub message: String,
    /// The span, in bytes.
    pub span: Range<usize>,
}

impl From<&OxcDiagnostic> for Problem {
    fn from(diagnostic: &OxcDiagnostic) -> Self {
        let spans = diagnostic.labels.iter().map(|label| {
            let start = label.offset() as usize;
            start..start + label.len() as usize
        });
        // A duplicate declaration labels both places; the later one is the new one.
        let span = spans.max_by_key(|span| span.start).unwrap_or(0..0);
        Self { message: diagnostic.message.to_string(), span }
    }
}

/// Parses a module.
///
/// # Errors
/// The parser's first error.
pub fn parse<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    language: Language,
) -> Result<Program<'a>, Problem> {
    parse_as(allocator, text, language.source_type(), ParseOptions::default())
}

/// Parses a text as something other than a module.
///
/// # Errors
/// The parser's first error.
pub fn parse_as<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    source_type: SourceType,
    options: ParseOptions,
) -> Result<Program<'a>, Problem> {
    let parsed = Parser::new(allocator, text, source_type).with_options(options).parse();
    match parsed.diagnostics.iter().next() {
        Some(diagnostic) => Err(diagnostic.into()),
        None => Ok(parsed.program),
    }
}
