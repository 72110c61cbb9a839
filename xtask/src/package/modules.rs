//! Our own modules in a package: the templates, compiled, and what imports them.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use semantic_patch::{Language, Source, relative_imports};

use crate::{
    compile,
    error::{BuildError, Failure},
    workspace,
};

/// The folder of our own modules in a package.
const OUR_MODULES: &str = "dist/websocket";

/// The modules of these template folders, as JavaScript and declarations, by their paths in the
/// package.
pub fn compile(root: &Utf8Path, folders: &[String]) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut files = BTreeMap::new();
    for folder in folders {
        let base = Utf8PathBuf::from(format!("templates/{folder}"));
        for path in workspace::files(root, &base, ".ts")? {
            if path.as_str().ends_with(".test.ts") || path.as_str().ends_with(".d.ts") {
                continue;
            }
            let source = Source::new(base.join(&path), workspace::read(root, &base.join(&path))?);
            let name = format!("{OUR_MODULES}/{folder}/{}", path.with_extension(""));
            files.insert(format!("{name}.js"), compile::javascript(&source)?.into_bytes());
            files.insert(format!("{name}.d.ts"), compile::declarations(&source)?.into_bytes());
        }
    }
    Ok(files)
}

/// Checks that every relative import in the package leads to a file of it.
pub fn check_imports(files: &BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    let mut errors = Vec::new();
    for (path, bytes) in
        files.iter().filter(|(path, _)| path.ends_with(".js") || path.ends_with(".d.ts"))
    {
        let text = String::from_utf8_lossy(bytes);
        let source = Source::new(path.as_str(), text);
        for specifier in relative_imports(&source, Language::of(path))? {
            let target = resolve(path, &specifier);
            let declared = target.strip_suffix(".js").map(|stem| format!("{stem}.d.ts"));
            let is_there = files.contains_key(&target)
                || declared.is_some_and(|path| files.contains_key(&path));
            if !is_there {
                errors.push(BuildError::MissingModule { module: path.clone(), specifier });
            }
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Failure::of(errors)) }
}

/// The file that a relative specifier names.
fn resolve(module: &str, specifier: &str) -> String {
    let mut parts: Vec<&str> = module.split('/').collect();
    parts.pop();
    for part in specifier.split('/') {
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
