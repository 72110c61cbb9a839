//! The imports of a module.

use std::{ops::Range, sync::Arc};

use diagnostics::Source;
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration, ImportExpression,
    StringLiteral, TSImportType,
};
use oxc_ast_visit::{Visit, walk};

use crate::{JavaScriptError, Language};

/// An import or a re-export with a relative path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelativeImport {
    /// For example `./site.ts`.
    pub specifier: String,
    /// The span, including quotes.
    pub span: Range<usize>,
}

/// The relative imports and re-exports of a module, including those of types.
///
/// # Errors
/// P018 if the text does not parse.
pub fn relative_imports(
    source: &Arc<Source>,
    language: Language,
) -> Result<Vec<RelativeImport>, JavaScriptError> {
    // Parsing a long module is slow, and many modules have no relative imports.
    if !["\"./", "'./", "\"../", "'../"].iter().any(|start| source.text.contains(start)) {
        return Ok(Vec::new());
    }
    let allocator = Allocator::default();
    let program = crate::parse(&allocator, &source.text, language)
        .map_err(|problem| JavaScriptError::unreadable(source, problem))?;
    let mut collector = Collector(Vec::new());
    collector.visit_program(&program);
    Ok(collector.0)
}

struct Collector(Vec<RelativeImport>);

impl Collector {
    fn add(&mut self, literal: &StringLiteral<'_>) {
        if literal.value.starts_with('.') {
            let span = literal.span.start as usize..literal.span.end as usize;
            self.0.push(RelativeImport { specifier: literal.value.to_string(), span });
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

#[cfg(test)]
mod tests {
    use diagnostics::Source;

    use super::relative_imports;
    use crate::Language;

    const SPECIFIERS: &str = "\
import a from './a.ts';
export { b } from \"../b.ts\";
export * from './c.ts';
const d = await import('./d.ts');
const e: import('./e.ts').E = './f.ts';
import g from 'g.ts';
";

    #[test]
    fn relative_imports_are_found_in_every_position() {
        let source = Source::new("module.ts", SPECIFIERS);
        let imports = relative_imports(&source, Language::TypeScript).unwrap();
        let specifiers: Vec<&str> =
            imports.iter().map(|import| import.specifier.as_str()).collect();
        assert_eq!(specifiers, ["./a.ts", "../b.ts", "./c.ts", "./d.ts", "./e.ts"]);
        assert_eq!(&SPECIFIERS[imports[1].span.clone()], "\"../b.ts\"");
    }
}
