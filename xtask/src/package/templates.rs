//! Our own modules: the compiled templates, and the selection for a package.

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

/// The folder of the modules, below the root.
pub const TEMPLATES: &str = "templates";

/// The compiled modules of `templates/`, by the path of their JavaScript in a package.
pub struct Templates(BTreeMap<String, Template>);

struct Template {
    javascript: String,
    declarations: String,
    /// The relative imports.
    imports: Vec<Import>,
}

impl Templates {
    /// Compiles all templates. `vendored` lists the packages imported from inside ours.
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

    /// Adds the modules that these imports lead to, directly or indirectly. Appends the imports of
    /// the added modules to `imports`.
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
    /// `name` is the path in the package, without the extension.
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

/// The templates that none of these packages includes.
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

/// Tests and test helpers are not published. Hand-written declarations and `node_modules` are for
/// the editor only.
fn is_module(path: &Utf8Path) -> bool {
    let is_left_out =
        [".test.ts", ".fixture.ts", ".d.ts"].iter().any(|ending| path.as_str().ends_with(ending))
            || path.iter().any(|part| part == "node_modules");
    path.extension() == Some("ts") && !is_left_out
}

/// The path of a template in a package, with this extension.
fn in_package(path: &Utf8Path, ending: &str) -> String {
    format!("{OUR_MODULES}/{}{ending}", path.with_extension(""))
}

/// The published form of a template's specifier. Templates import each other as `./x.ts`, which
/// Node runs directly. Vendored packages are imported from their path in ours.
fn published(module: &str, specifier: &str, vendored: &[&str]) -> Option<String> {
    if vendored.contains(&specifier) {
        let up = module.split('/').count() - OUR_MODULES.split('/').count() - 1;
        let up = if up == 0 { "./".to_owned() } else { "../".repeat(up) };
        return Some(format!("{up}{}", layout::vendored_module(specifier)));
    }
    let stem = specifier.strip_suffix(".ts").filter(|stem| stem.starts_with('.'))?;
    Some(format!("{stem}.js"))
}
