//! Module specifiers: which modules a module names.

use std::sync::Arc;

use diagnostics::Source;
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration, ImportExpression,
    StringLiteral, TSImportType,
};
use oxc_ast_visit::{Visit, walk};

use crate::{
    error::PatchError,
    parse::{self, Language},
};

/// The relative specifiers of a module's imports and re-exports, those of types too.
///
/// # Errors
/// P018 if the text does not parse.
pub fn relative_imports(
    source: &Arc<Source>,
    language: Language,
) -> Result<Vec<String>, PatchError> {
    // Most of the time of a long module goes into parsing it, and many import nothing of their own.
    if !["\"./", "'./", "\"../", "'../"].iter().any(|start| source.text.contains(start)) {
        return Ok(Vec::new());
    }
    let allocator = Allocator::default();
    let program = parse::program(&allocator, &source.text, language)
        .map_err(|problem| PatchError::unreadable(source, problem))?;
    let mut collector = Collector(Vec::new());
    collector.visit_program(&program);
    Ok(collector.0)
}

struct Collector(Vec<String>);

impl Collector {
    fn add(&mut self, literal: &StringLiteral<'_>) {
        if literal.value.starts_with('.') {
            self.0.push(literal.value.to_string());
        }
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
