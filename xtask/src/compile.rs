//! Compiles TypeScript to JavaScript and declarations with oxc, one module at a time.

use std::{path::Path, sync::Arc};

use diagnostics::{Explain, Failure, Place, Source};
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ExportAllDeclaration, ExportFromDeclaration, Expression, ImportDeclaration, ImportExpression,
    Program, StringLiteral, TSImportType,
};
use oxc_ast::builder::AstBuilder;
use oxc_ast_visit::{VisitMut, walk_mut};
use oxc_codegen::{Codegen, CodegenOptions, CommentOptions, IndentChar};
use oxc_isolated_declarations::{IsolatedDeclarations, IsolatedDeclarationsOptions};
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::{GetSpan, SourceType};
use oxc_transformer::{TransformOptions, Transformer};
use semver::Version;

/// The target of upstream's own build, so that both forms give the same JavaScript.
const TARGET: &str = "node20";

/// The expression that upstream's build replaces with the package version (`scripts/cmd/build.js`).
const VERSION: [&str; 3] = ["process", "env", "PACKAGE_VERSION"];

/// The JavaScript of an upstream TypeScript module. `version` is the version of its package.
pub fn javascript(source: &Arc<Source>, version: &Version) -> Result<String, Failure> {
    let allocator = Allocator::default();
    let mut program = parse(&allocator, source)?;
    Defines { allocator: &allocator, version: version.to_string() }.visit_program(&mut program);
    transform(&allocator, source, program)
}

/// The JavaScript and the declarations of a module with explicit types on all exports.
///
/// `renames` maps a module specifier to its new text; `None` keeps it.
pub fn javascript_and_declarations(
    source: &Arc<Source>,
    renames: impl Fn(&str) -> Option<String>,
) -> Result<(String, String), Failure> {
    let allocator = Allocator::default();
    let mut program = parse(&allocator, source)?;
    Specifiers { allocator: &allocator, renames }.visit_program(&mut program);
    let options = IsolatedDeclarationsOptions::default();
    let declared = IsolatedDeclarations::new(&allocator, options).build(&program);
    refuse(source, &declared.diagnostics)?;
    let declarations = print(&declared.program, Comments::All);
    Ok((transform(&allocator, source, program)?, declarations))
}

/// Inserts the version, as upstream's build does.
struct Defines<'a> {
    allocator: &'a Allocator,
    version: String,
}

impl<'a> VisitMut<'a> for Defines<'a> {
    fn visit_expression(&mut self, node: &mut Expression<'a>) {
        if is_version(node) {
            let text = self.allocator.alloc_str(&self.version);
            let builder = AstBuilder::new(self.allocator);
            *node = Expression::new_string_literal(node.span(), text, None, &builder);
        } else {
            walk_mut::walk_expression(self, node);
        }
    }
}

/// Whether the expression is [`VERSION`].
fn is_version(expression: &Expression<'_>) -> bool {
    let [object, middle, property] = VERSION;
    let Expression::StaticMemberExpression(outer) = expression else { return false };
    let Expression::StaticMemberExpression(inner) = &outer.object else { return false };
    outer.property.name == property
        && inner.property.name == middle
        && matches!(&inner.object, Expression::Identifier(name) if name.name == object)
}

/// Renames the specifiers of imports and re-exports, including those of types.
struct Specifiers<'a, R> {
    allocator: &'a Allocator,
    renames: R,
}

impl<'a, R: Fn(&str) -> Option<String>> Specifiers<'a, R> {
    fn rename(&self, literal: &mut StringLiteral<'a>) {
        if let Some(renamed) = (self.renames)(&literal.value) {
            literal.value = self.allocator.alloc_str(&renamed).into();
            literal.raw = None;
        }
    }
}

impl<'a, R: Fn(&str) -> Option<String>> VisitMut<'a> for Specifiers<'a, R> {
    fn visit_import_declaration(&mut self, node: &mut ImportDeclaration<'a>) {
        self.rename(&mut node.source);
    }

    fn visit_export_from_declaration(&mut self, node: &mut ExportFromDeclaration<'a>) {
        self.rename(&mut node.source);
    }

    fn visit_export_all_declaration(&mut self, node: &mut ExportAllDeclaration<'a>) {
        self.rename(&mut node.source);
    }

    fn visit_import_expression(&mut self, node: &mut ImportExpression<'a>) {
        if let Expression::StringLiteral(literal) = &mut node.source {
            self.rename(literal);
        }
        walk_mut::walk_import_expression(self, node);
    }

    fn visit_ts_import_type(&mut self, node: &mut TSImportType<'a>) {
        self.rename(&mut node.source);
        walk_mut::walk_ts_import_type(self, node);
    }
}

fn transform<'a>(
    allocator: &'a Allocator,
    source: &Arc<Source>,
    mut program: Program<'a>,
) -> Result<String, Failure> {
    let scoping = SemanticBuilder::new().build(&program).semantic.into_scoping();
    let mut options = TransformOptions::from_target(TARGET).map_err(|message| {
        CompileError::NotCompiled { module: source.name.clone(), message, places: Vec::new() }
    })?;
    // As with `verbatimModuleSyntax`: an import without `type` is a value.
    options.typescript.only_remove_type_imports = true;
    let transformed = Transformer::new(allocator, Path::new(&source.name), &options)
        .build_with_scoping(scoping, &mut program);
    refuse(source, &transformed.diagnostics)?;
    Ok(print(&program, Comments::Needed))
}

fn parse<'a>(allocator: &'a Allocator, source: &'a Arc<Source>) -> Result<Program<'a>, Failure> {
    let parsed = Parser::new(allocator, &source.text, SourceType::ts()).parse();
    refuse(source, &parsed.diagnostics)?;
    Ok(parsed.program)
}

/// The comments that a printed module keeps.
#[derive(Clone, Copy)]
enum Comments {
    /// All comments: declarations are documentation.
    All,
    /// Comments for tools, and legal comments. Bundlers copy the others into the uploaded code,
    /// where size costs money.
    Needed,
}

fn print(program: &Program<'_>, comments: Comments) -> String {
    let is_kept = matches!(comments, Comments::All);
    // Two spaces, as in upstream's published modules.
    let options = CodegenOptions {
        indent_char: IndentChar::Space,
        indent_width: 2,
        comments: CommentOptions { normal: is_kept, jsdoc: is_kept, ..CommentOptions::default() },
        ..CodegenOptions::default()
    };
    Codegen::new().with_options(options).build(program).code
}

fn refuse(
    source: &Arc<Source>,
    diagnostics: &[oxc_diagnostics::OxcDiagnostic],
) -> Result<(), Failure> {
    let Some(first) = diagnostics.first() else { return Ok(()) };
    let span = first.labels.first().map(|label| {
        let start = label.offset() as usize;
        start..start + label.len() as usize
    });
    Err(CompileError::NotCompiled {
        module: source.name.clone(),
        message: first.message.to_string(),
        places: span.map(|span| source.wrong(span, "here")).into_iter().collect(),
    }
    .into())
}

/// A module cannot be compiled.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum CompileError {
    /// A module cannot be compiled
    ///
    /// TypeScript is compiled to JavaScript module by module. Our own modules also get
    /// declarations, which require explicit types on all exports (isolatedDeclarations).
    #[error("`{module}` cannot be compiled: {message}")]
    #[explain(code = "B005", help = "fix the marked place")]
    NotCompiled { module: String, message: String, places: Vec<Place> },
}
