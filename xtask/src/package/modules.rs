//! Our own modules in a package: the templates, compiled, and what imports them.

use std::{cell::RefCell, collections::BTreeMap, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};
use rayon::prelude::*;
use semantic_patch::{Language, Source, relative_imports};

use crate::{
    compile,
    error::{BuildError, Failure},
    memo::{Key, Memo},
    package::vendor,
    workspace,
};

/// The folder of our own modules in a package.
pub const OUR_MODULES: &str = "dist/websocket";

/// The modules of template folders, compiled.
pub struct Compiled {
    /// JavaScript and declarations, by their paths in the package.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Every relative import among them.
    pub imports: Vec<Import>,
}

impl Compiled {
    /// What of these modules has to be in a package that has these imports: the files, and the
    /// imports that come with them.
    pub fn reached(&self, from: &[Import]) -> (BTreeMap<String, Vec<u8>>, Vec<Import>) {
        let (mut files, mut imports) = (BTreeMap::new(), Vec::new());
        let mut open: Vec<&Import> = from.iter().collect();
        while let Some(import) = open.pop() {
            let path = import.target();
            let Some((code, stem)) = self.files.get(&path).zip(path.strip_suffix(".js")) else {
                continue;
            };
            let declarations = format!("{stem}.d.ts");
            if let Some(text) = self.files.get(&declarations) {
                files.insert(declarations, text.clone());
            }
            let stem = stem.to_owned();
            if files.insert(path, code.clone()).is_none() {
                let further = self.imports.iter().filter(|import| import.module == stem);
                let further: Vec<&Import> = further.collect();
                imports.extend(further.iter().copied().cloned());
                open.extend(further);
            }
        }
        (files, imports)
    }
}

/// One relative import: the path of the module in the package, and what it imports.
#[derive(Clone)]
pub struct Import {
    module: String,
    specifier: String,
}

/// Compiles the modules of these template folders. `vendored` are the packages that are imported
/// from within the package.
pub fn compile(
    root: &Utf8Path,
    folders: &[String],
    vendored: &[&str],
) -> Result<Compiled, Failure> {
    let mut sources = Vec::new();
    for folder in folders {
        let base = Utf8PathBuf::from(format!("templates/{folder}"));
        for path in workspace::files(root, &base)? {
            if is_module(&path) {
                let text = workspace::read(root, &base.join(&path))?;
                let name = format!("{OUR_MODULES}/{folder}/{}", path.with_extension(""));
                sources.push((name, Source::new(base.join(&path), text)));
            }
        }
    }
    let compiled = sources.par_iter().map(|(name, source)| {
        let imports = RefCell::new(Vec::new());
        let renames = |specifier: &str| {
            let renamed = published(name, specifier, vendored);
            let specifier = renamed.as_deref().unwrap_or(specifier);
            if specifier.starts_with('.') {
                imports
                    .borrow_mut()
                    .push(Import { module: name.clone(), specifier: specifier.to_owned() });
            }
            renamed
        };
        let (javascript, declarations) = compile::javascript_and_declarations(source, renames)?;
        let files = [(format!("{name}.js"), javascript), (format!("{name}.d.ts"), declarations)];
        Ok((files.map(|(path, code)| (path, code.into_bytes())), imports.into_inner()))
    });
    let compiled: Vec<_> = compiled.collect::<Result<_, Failure>>()?;
    let (files, imports): (Vec<_>, Vec<_>) = compiled.into_iter().unzip();
    Ok(Compiled {
        files: files.into_iter().flatten().collect(),
        imports: imports.into_iter().flatten().collect(),
    })
}

/// Tests stay here, and hand-written declarations are for the editor only.
fn is_module(path: &Utf8Path) -> bool {
    let is_left_out = [".test.ts", ".d.ts"].iter().any(|ending| path.as_str().ends_with(ending));
    path.extension() == Some("ts") && !is_left_out
}

/// What a specifier of a template is in the package. Templates import each other as `./x.ts`, which
/// Node runs as it is; vendored packages are imported from where they are in ours.
fn published(module: &str, specifier: &str, vendored: &[&str]) -> Option<String> {
    if vendored.contains(&specifier) {
        let up = module.split('/').count() - OUR_MODULES.split('/').count() - 1;
        return Some(format!("{}{}", "../".repeat(up), vendor::module_path(specifier)));
    }
    let stem = specifier.strip_suffix(".ts").filter(|stem| stem.starts_with('.'))?;
    Some(format!("{stem}.js"))
}

/// What modules of releases that were checked before import by a relative path.
pub type Seen = Memo<Result<Arc<Vec<String>>, Failure>>;

/// Every relative import of these files, which are those of upstream, with what patches have added.
pub fn imports(files: &BTreeMap<String, Vec<u8>>, seen: &Seen) -> Result<Vec<Import>, Failure> {
    let modules =
        files.par_iter().filter(|(path, _)| path.ends_with(".js") || path.ends_with(".d.ts"));
    let imports = modules.map(|(path, bytes)| {
        let specifiers = seen.get(path, Key::of([bytes.as_slice()]), || {
            let source = Source::new(path.as_str(), String::from_utf8_lossy(bytes));
            Ok(Arc::new(relative_imports(&source, Language::of(path))?))
        });
        let specifiers = specifiers?;
        let imports = specifiers.iter().cloned();
        Ok(imports.map(|specifier| Import { module: path.clone(), specifier }).collect())
    });
    let imports: Vec<Vec<Import>> = imports.collect::<Result<_, Failure>>()?;
    Ok(imports.into_iter().flatten().collect())
}

/// Checks that every one of these imports leads to a file of the package.
pub fn check_imports(
    files: &BTreeMap<String, Vec<u8>>,
    imports: Vec<Import>,
) -> Result<(), Failure> {
    let missing = imports.into_iter().filter(|import| !is_there(files, &import.target()));
    let missing: Vec<BuildError> = missing
        .map(|Import { module, specifier }| BuildError::MissingModule { module, specifier })
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(Failure::of(missing)) }
}

/// Whether the package has a module, or at least its declarations.
fn is_there(files: &BTreeMap<String, Vec<u8>>, path: &str) -> bool {
    let declarations = path.strip_suffix(".js").map(|stem| format!("{stem}.d.ts"));
    files.contains_key(path) || declarations.is_some_and(|path| files.contains_key(&path))
}

impl Import {
    /// The file that it names.
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
