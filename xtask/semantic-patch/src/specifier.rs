//! Module specifiers: which modules a module names.

use std::{ops::Range, sync::Arc};

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration, ImportExpression,
    StringLiteral, TSImportType,
};
use oxc_ast_visit::{Visit, walk};
use oxc_span::GetSpan as _;

use crate::{
    Source,
    error::PatchError,
    parse::{self, Language},
    splice::{Part, Splice, splice},
};

/// The relative specifiers of a module's imports and re-exports, those of types too.
///
/// # Errors
/// P018 if the text does not parse.
pub fn relative_imports(
    source: &Arc<Source>,
    language: Language,
) -> Result<Vec<String>, PatchError> {
    let mut specifiers = specifiers(source, language)?;
    specifiers.retain(Specifier::is_relative);
    Ok(specifiers.into_iter().map(|specifier| specifier.path).collect())
}

/// Rewrites the ending of relative specifiers, for example `.ts` to `.js`.
///
/// # Errors
/// P018 if the text does not parse.
pub fn rename_extensions(
    source: &Arc<Source>,
    language: Language,
    from: &str,
    to: &str,
) -> Result<String, PatchError> {
    let mut specifiers = specifiers(source, language)?;
    specifiers.retain(|specifier| specifier.is_relative() && specifier.path.ends_with(from));
    let splices: Vec<Splice> = specifiers
        .iter()
        .map(|specifier| {
            let end = specifier.span.end - 1;
            Splice { span: end - from.len()..end, parts: vec![Part::Text(to.to_owned())], edit: 0 }
        })
        .collect();
    Ok(splice(&source.text, &splices).map(|spliced| spliced.text).unwrap_or_default())
}

/// Has a module import `to` wherever it imports `from`.
///
/// # Errors
/// P018 if the text does not parse.
pub fn rename_import(
    source: &Arc<Source>,
    language: Language,
    from: &str,
    to: &str,
) -> Result<String, PatchError> {
    let mut specifiers = specifiers(source, language)?;
    specifiers.retain(|specifier| specifier.path == from);
    let splices: Vec<Splice> = specifiers
        .iter()
        .map(|specifier| {
            let inside = specifier.span.start + 1..specifier.span.end - 1;
            Splice { span: inside, parts: vec![Part::Text(to.to_owned())], edit: 0 }
        })
        .collect();
    Ok(splice(&source.text, &splices).map(|spliced| spliced.text).unwrap_or_default())
}

struct Specifier {
    path: String,
    /// The literal with its quotes.
    span: Range<usize>,
}

impl Specifier {
    fn is_relative(&self) -> bool {
        self.path.starts_with('.')
    }
}

/// Without the tree that is matched, which costs more than this question is worth.
fn specifiers(source: &Arc<Source>, language: Language) -> Result<Vec<Specifier>, PatchError> {
    let allocator = Allocator::default();
    let program = parse::program(&allocator, &source.text, language)
        .map_err(|problem| PatchError::unreadable(source, problem))?;
    let mut collector = Collector(Vec::new());
    collector.visit_program(&program);
    Ok(collector.0)
}

struct Collector(Vec<Specifier>);

impl Collector {
    fn add(&mut self, literal: &StringLiteral<'_>) {
        let span = literal.span();
        let span = span.start as usize..span.end as usize;
        self.0.push(Specifier { path: literal.value.to_string(), span });
    }
}

impl<'a> Visit<'a> for Collector {
    fn visit_import_declaration(&mut self, node: &ImportDeclaration<'a>) {
        self.add(&node.source);
    }

    fn visit_export_from_declaration(&mut self, node: &ExportFromDeclaration<'a>) {
        self.add(&node.source);
    }

    fn visit_export_all_declaration(&mut self, node: &ExportAllDeclaration<'a>) {
        self.add(&node.source);
    }

    fn visit_import_expression(&mut self, node: &ImportExpression<'a>) {
        if let Expression::StringLiteral(literal) = &node.source {
            self.add(literal);
        }
        walk::walk_import_expression(self, node);
    }

    fn visit_ts_import_type(&mut self, node: &TSImportType<'a>) {
        self.add(&node.source);
        walk::walk_ts_import_type(self, node);
    }
}
