//! From TypeScript to JavaScript and declarations, one module at a time, by oxc.

use std::{path::Path, sync::Arc};

use oxc_allocator::Allocator;
use oxc_ast::ast::Program;
use oxc_codegen::{Codegen, CodegenOptions, IndentChar};
use oxc_isolated_declarations::{IsolatedDeclarations, IsolatedDeclarationsOptions};
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::SourceType;
use oxc_transformer::{TransformOptions, Transformer};
use semantic_patch::{Language, Source, rename_extensions};

use crate::error::{BuildError, Failure};

/// What upstream's own build compiles for, so that both of its forms give the same JavaScript.
const TARGET: &str = "node20";

/// The JavaScript of a TypeScript module.
pub fn javascript(source: &Arc<Source>) -> Result<String, Failure> {
    let source = as_published(source)?;
    let allocator = Allocator::default();
    let program = parse(&allocator, &source)?;
    transform(&allocator, &source, program)
}

/// The JavaScript and the declarations of a module that says the types of everything it exports.
pub fn javascript_and_declarations(source: &Arc<Source>) -> Result<(String, String), Failure> {
    let source = as_published(source)?;
    let allocator = Allocator::default();
    let program = parse(&allocator, &source)?;
    let options = IsolatedDeclarationsOptions::default();
    let declared = IsolatedDeclarations::new(&allocator, options).build(&program);
    refuse(&source, &declared.diagnostics)?;
    let declarations = print(&declared.program);
    Ok((transform(&allocator, &source, program)?, declarations))
}

/// Sources import each other as `./x.ts`, which Node runs as it is; in the package it is `./x.js`.
/// The endings are equally long, so that places in the source stay what they are.
fn as_published(source: &Arc<Source>) -> Result<Arc<Source>, Failure> {
    let text = rename_extensions(source, Language::TypeScript, ".ts", ".js")?;
    Ok(Source::new(source.name.as_str(), text))
}

fn transform<'a>(
    allocator: &'a Allocator,
    source: &Arc<Source>,
    mut program: Program<'a>,
) -> Result<String, Failure> {
    let scoping = SemanticBuilder::new().build(&program).semantic.into_scoping();
    let mut options = TransformOptions::from_target(TARGET).map_err(|message| {
        BuildError::NotCompiled { module: source.name.clone(), message, places: Vec::new() }
    })?;
    // As `verbatimModuleSyntax` says: what is imported without `type` is a value.
    options.typescript.only_remove_type_imports = true;
    let transformed = Transformer::new(allocator, Path::new(&source.name), &options)
        .build_with_scoping(scoping, &mut program);
    refuse(source, &transformed.diagnostics)?;
    Ok(print(&program))
}

fn parse<'a>(allocator: &'a Allocator, source: &'a Arc<Source>) -> Result<Program<'a>, Failure> {
    let parsed = Parser::new(allocator, &source.text, SourceType::ts()).parse();
    refuse(source, &parsed.diagnostics)?;
    Ok(parsed.program)
}

fn print(program: &Program<'_>) -> String {
    // Two spaces, as in the modules that upstream publishes.
    let options = CodegenOptions {
        indent_char: IndentChar::Space,
        indent_width: 2,
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
    Err(BuildError::NotCompiled {
        module: source.name.clone(),
        message: first.message.to_string(),
        places: span.map(|span| source.wrong(span, "here")).into_iter().collect(),
    }
    .into())
}
