//! Our own modules: the templates, compiled, and what of them a package holds.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::{Failure, Source};
use rayon::prelude::*;

use crate::{
    checkout::{self, CheckoutError},
    compile,
    package::{
        layout::{self, OUR_MODULES},
        modules::Import,
    },
};

/// Where the modules are written, below the root.
pub const TEMPLATES: &str = "templates";

/// The modules of `templates/`, compiled, by where their JavaScript is in a package.
pub struct Templates(BTreeMap<String, Template>);

struct Template {
    javascript: String,
    declarations: String,
    /// The relative ones.
    imports: Vec<Import>,
}

impl Templates {
    /// Compiles all templates. `vendored` are the packages that are imported from within ours.
    pub fn compile(root: &Utf8Path, vendored: &[&str]) -> Result<Self, Failure> {
        let compiled = paths(root)?.into_par_iter().map(|path| {
            let written = Utf8Path::new(TEMPLATES).join(&path);
            let source = Source::new(written.as_str(), checkout::read(root, &written)?);
            let template = Template::compile(&source, &in_package(&path, ""), vendored)?;
            Ok((in_package(&path, ".js"), template))
        });
        let compiled: Vec<Result<(String, Template), Failure>> = compiled.collect();
        Ok(Self(Failure::collect(compiled)?.into_iter().collect()))
    }

    /// Adds to a package what these imports lead to, and what that imports in turn. To `imports` come
    /// those of the modules that were added.
    pub fn add_reached(&self, files: &mut BTreeMap<String, Vec<u8>>, imports: &mut Vec<Import>) {
        let mut reached = BTreeMap::new();
        let mut next = 0;
        while let Some(import) = imports.get(next) {
            next += 1;
            if let Some((path, template)) = self.0.get_key_value(&import.target())
                && reached.insert(path, template).is_none()
            {
                imports.extend(template.imports.iter().cloned());
            }
        }
        for (path, Template { javascript, declarations, .. }) in reached {
            files.insert(path.clone(), javascript.clone().into_bytes());
            let path = Utf8Path::new(path).with_extension("d.ts").into_string();
            files.insert(path, declarations.clone().into_bytes());
        }
    }
}

impl Template {
    /// `name` is the path in the package, without its ending.
    fn compile(source: &Arc<Source>, name: &str, vendored: &[&str]) -> Result<Self, Failure> {
        let imports = RefCell::new(Vec::new());
        let renames = |specifier: &str| {
            let renamed = published(name, specifier, vendored);
            let specifier = renamed.as_deref().unwrap_or(specifier);
            if specifier.starts_with('.') {
                let import = Import { module: name.to_owned(), specifier: specifier.to_owned() };
                imports.borrow_mut().push(import);
            }
            renamed
        };
        let (javascript, declarations) = compile::javascript_and_declarations(source, renames)?;
        Ok(Self { javascript, declarations, imports: imports.into_inner() })
    }
}

/// Those of the templates that none of these packages holds.
pub fn unused(
    root: &Utf8Path,
    packages: &[&BTreeMap<String, Vec<u8>>],
) -> Result<Vec<Utf8PathBuf>, CheckoutError> {
    let is_unused = |path: &Utf8PathBuf| {
        let path = in_package(path, ".js");
        !packages.iter().any(|files| files.contains_key(&path))
    };
    let unused = paths(root)?.into_iter().filter(is_unused);
    Ok(unused.map(|path| Utf8Path::new(TEMPLATES).join(path)).collect())
}

/// The paths of all modules below [`TEMPLATES`].
pub fn paths(root: &Utf8Path) -> Result<Vec<Utf8PathBuf>, CheckoutError> {
    let files = checkout::files(root, Utf8Path::new(TEMPLATES))?;
    Ok(files.into_iter().filter(|path| is_module(path)).collect())
}

/// Tests and what they share stay here. Hand-written declarations are for the editor only, and so is
/// what somebody has installed for it.
fn is_module(path: &Utf8Path) -> bool {
    let is_left_out =
        [".test.ts", ".fixture.ts", ".d.ts"].iter().any(|ending| path.as_str().ends_with(ending))
            || path.iter().any(|part| part == "node_modules");
    path.extension() == Some("ts") && !is_left_out
}

/// Where a template is in a package, with this ending.
fn in_package(path: &Utf8Path, ending: &str) -> String {
    format!("{OUR_MODULES}/{}{ending}", path.with_extension(""))
}

/// What a specifier of a template is in the package. Templates import each other as `./x.ts`, which
/// Node runs as it is; vendored packages are imported from where they are in ours.
fn published(module: &str, specifier: &str, vendored: &[&str]) -> Option<String> {
    if vendored.contains(&specifier) {
        let up = module.split('/').count() - OUR_MODULES.split('/').count() - 1;
        let up = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
        return Some(format!("{up}{}", layout::vendored_module(specifier)));
    }
    let stem = specifier.strip_suffix(".ts").filter(|stem| stem.starts_with('.'))?;
    Some(format!("{stem}.js"))
}
