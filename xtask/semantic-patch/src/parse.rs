//! From source text to the tree.

use std::{collections::BTreeSet, ops::Range};

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_diagnostics::OxcDiagnostic;
use oxc_parser::{ParseOptions, Parser};
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;

use crate::tree::{self, Node, Types, Value};

/// What a text is written in.
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
    /// The language that a file's name says it is in.
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

    /// Declarations are matched with their types, programs without.
    pub(crate) fn types(self) -> Types {
        if self == Self::Declaration { Types::Kept } else { Types::Ignored }
    }

    fn source_type(self) -> SourceType {
        match self {
            Self::JavaScript => SourceType::mjs(),
            Self::TypeScript => SourceType::ts(),
            Self::Declaration => SourceType::d_ts(),
        }
    }
}

/// Something that the parser or the scope analysis objects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The parser's own words.
    pub message: String,
    /// Where, in bytes.
    pub span: Range<usize>,
}

/// Parses a module into the tree that is matched.
pub fn parse(text: &str, language: Language) -> Result<Node, Problem> {
    parse_as(text, language.source_type(), language.types(), ParseOptions::default())
}

/// Parses a module into the tree that is matched, and resolves its names.
pub fn parse_with_scopes(text: &str, language: Language) -> Result<(Node, Scopes), Problem> {
    let allocator = Allocator::default();
    let program = program(&allocator, text, language)?;
    Ok((tree_of(&program, language.source_type(), language.types())?, scopes_of(&program)))
}

/// Parses a module into oxc's own tree.
pub fn program<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    language: Language,
) -> Result<Program<'a>, Problem> {
    program_as(allocator, text, language.source_type(), ParseOptions::default())
}

/// Parses a pattern or a rewrite, which may hold a `return` of the function around it.
pub fn parse_fragment(text: &str, types: Types) -> Result<Node, Problem> {
    let options = ParseOptions { allow_return_outside_function: true, ..ParseOptions::default() };
    parse_as(text, SourceType::ts(), types, options)
}

fn parse_as(
    text: &str,
    source_type: SourceType,
    types: Types,
    options: ParseOptions,
) -> Result<Node, Problem> {
    let allocator = Allocator::default();
    tree_of(&program_as(&allocator, text, source_type, options)?, source_type, types)
}

fn tree_of(program: &Program<'_>, source_type: SourceType, types: Types) -> Result<Node, Problem> {
    let json = program.to_estree_json(!source_type.is_javascript(), false);
    match tree::read(&json, types) {
        Ok(Value::Node(program)) => Ok(program),
        _ => Err(Problem { message: "the syntax tree cannot be read".to_owned(), span: 0..0 }),
    }
}

fn program_as<'a>(
    allocator: &'a Allocator,
    text: &'a str,
    source_type: SourceType,
    options: ParseOptions,
) -> Result<Program<'a>, Problem> {
    let parsed = Parser::new(allocator, text, source_type).with_options(options).parse();
    match parsed.diagnostics.iter().next() {
        Some(diagnostic) => Err(problem(diagnostic)),
        None => Ok(parsed.program),
    }
}

/// The names a module uses and does not declare, and what the scope analysis objects to.
pub struct Scopes {
    /// Names that resolve to nothing in the module, types among them.
    pub unresolved: BTreeSet<String>,
    /// Syntax errors that only show with scopes, redeclared names among them.
    pub problems: Vec<Problem>,
}

/// Parses a module and resolves its names.
pub fn scopes(text: &str, language: Language) -> Result<Scopes, Problem> {
    let allocator = Allocator::default();
    Ok(scopes_of(&program(&allocator, text, language)?))
}

fn scopes_of(program: &Program<'_>) -> Scopes {
    let built = SemanticBuilder::new().with_check_syntax_error(true).build(program);
    let unresolved = built.semantic.scoping().root_unresolved_references();
    Scopes {
        unresolved: unresolved.keys().map(ToString::to_string).collect(),
        problems: built.diagnostics.iter().map(problem).collect(),
    }
}

fn problem(diagnostic: &OxcDiagnostic) -> Problem {
    let spans = diagnostic.labels.iter().map(|label| {
        let start = label.offset() as usize;
        start..start + label.len() as usize
    });
    // Where a name is declared twice both places are labelled; the later one is the new one.
    let span = spans.max_by_key(|span| span.start).unwrap_or(0..0);
    Problem { message: diagnostic.message.to_string(), span }
}
