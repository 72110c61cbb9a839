//! Parses source text into the tree.

use std::collections::BTreeSet;

use javascript::{Language, Problem};
use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_parser::ParseOptions;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;

use crate::tree::{self, Node, Types, Value};

/// Declarations are matched with their types, programs without.
pub fn types_of(language: Language) -> Types {
    if language == Language::Declaration { Types::Kept } else { Types::Ignored }
}

/// Parses a module into the tree for matching.
pub fn parse(text: &str, language: Language) -> Result<Node, Problem> {
    parse_as(text, language.source_type(), types_of(language), ParseOptions::default())
}

/// Parses a module into the tree for matching, and resolves its names.
pub fn parse_with_scopes(text: &str, language: Language) -> Result<(Node, Scopes), Problem> {
    let allocator = Allocator::default();
    let program = javascript::parse(&allocator, text, language)?;
    Ok((tree_of(&program, language.source_type(), types_of(language))?, scopes_of(&program)))
}

/// Parses a pattern or a rewrite, which may contain a `return` of the enclosing function.
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
    tree_of(&javascript::parse_as(&allocator, text, source_type, options)?, source_type, types)
}

fn tree_of(program: &Program<'_>, source_type: SourceType, types: Types) -> Result<Node, Problem> {
    let json = program.to_estree_json(!source_type.is_javascript(), false);
    match tree::read(&json, types) {
        Ok(Value::Node(program)) => Ok(program),
        _ => Err(Problem { message: "the syntax tree cannot be read".to_owned(), span: 0..0 }),
    }
}

/// The undeclared names of a module, and the errors of the scope analysis.
pub struct Scopes {
    /// Names that the module does not declare, including types.
    pub unresolved: BTreeSet<String>,
    /// Syntax errors that need scope analysis, such as redeclared names.
    pub problems: Vec<Problem>,
}

/// Parses a module and resolves its names.
pub fn scopes(text: &str, language: Language) -> Result<Scopes, Problem> {
    let allocator = Allocator::default();
    Ok(scopes_of(&javascript::parse(&allocator, text, language)?))
}

fn scopes_of(program: &Program<'_>) -> Scopes {
    let built = SemanticBuilder::new().with_check_syntax_error(true).build(program);
    let unresolved = built.semantic.scoping().root_unresolved_references();
    Scopes {
        unresolved: unresolved.keys().map(ToString::to_string).collect(),
        problems: built.diagnostics.iter().map(Problem::from).collect(),
    }
}
