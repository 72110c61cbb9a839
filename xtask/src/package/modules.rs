//! The imports between the modules of a package.

use std::{collections::BTreeMap, sync::Arc};

use diagnostics::{Failure, Source};
use javascript::{Language, relative_imports};
use rayon::prelude::*;

use crate::{
    package::PackageError,
    result_cache::{Key, ResultCache},
};

/// A relative import: the importing module's path in the package, and the specifier.
#[derive(Clone)]
pub struct Import {
    pub module: String,
    pub specifier: String,
}

/// The relative imports of modules, cached between releases.
pub type ImportCache = ResultCache<Result<Arc<Vec<String>>, Failure>>;

/// Every relative import of these files: upstream's modules, with the imports that patches add.
pub fn imports(
    files: &BTreeMap<String, Vec<u8>>,
    cache: &ImportCache,
) -> Result<Vec<Import>, Failure> {
    let modules =
        files.par_iter().filter(|(path, _)| path.ends_with(".js") || path.ends_with(".d.ts"));
    let imports = modules.map(|(path, bytes)| {
        let specifiers = cache.get(path, Key::of([bytes.as_slice()]), || {
            let source = Source::new(path.as_str(), String::from_utf8_lossy(bytes));
            let imports = relative_imports(&source, Language::of(path))?;
            Ok(Arc::new(imports.into_iter().map(|import| import.specifier).collect()))
        });
        let specifiers = specifiers?;
        let imports = specifiers.iter().cloned();
        Ok(imports.map(|specifier| Import { module: path.clone(), specifier }).collect())
    });
    let imports: Vec<Vec<Import>> = imports.collect::<Result<_, Failure>>()?;
    Ok(imports.into_iter().flatten().collect())
}

/// Checks that each import resolves to a file of the package.
pub fn check_imports(
    files: &BTreeMap<String, Vec<u8>>,
    imports: Vec<Import>,
) -> Result<(), Failure> {
    let missing = imports.into_iter().filter(|import| !is_there(files, &import.target()));
    let missing: Vec<PackageError> = missing
        .map(|Import { module, specifier }| PackageError::MissingModule { module, specifier })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Failure::of(missing)) }
}

/// Whether the package has the module, or at least its declarations.
fn is_there(files: &BTreeMap<String, Vec<u8>>, path: &str) -> bool {
    let declarations = path.strip_suffix(".js").map(|stem| format!("{stem}.d.ts"));
    files.contains_key(path) || declarations.is_some_and(|path| files.contains_key(&path))
}

impl Import {
    /// The imported file.
    pub fn target(&self) -> String {
        let mut parts: Vec<&str> = self.module.split('/').collect();
        parts.pop();
        for part in self.specifier.split('/') {
            match part {
                "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        parts.join("/")
    }
}
