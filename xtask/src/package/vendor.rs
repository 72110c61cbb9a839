//! Bundles a CommonJS package as a single ECMAScript module, so that its modules work whatever the
//! layout of `node_modules` and the bundler.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use diagnostics::{Failure, Source};
use javascript::{CommonJs, Require};
use serde::Deserialize;

use crate::{
    adapter::Vendored,
    package::{PackageError, layout, manifest::licence},
    upstream::PackagePin,
};

/// A vendored package in its bundled form.
#[derive(Debug)]
pub struct Module {
    /// The package's name.
    pub package: String,
    /// Its release.
    pub pin: PackagePin,
    /// Its path in our package.
    pub path: String,
    /// Its text.
    pub code: String,
    /// The text of the package's licence.
    pub licence: String,
    /// The licence in its manifest.
    pub named_licence: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Manifest {
    main: Option<String>,
}

impl Module {
    pub fn file(&self) -> (String, Vec<u8>) {
        (self.path.clone(), self.code.clone().into_bytes())
    }
}

/// Bundles a published package as a single module.
pub fn module(
    vendored: &Vendored,
    manifest: &str,
    files: &BTreeMap<String, Vec<u8>>,
) -> Result<Module, Failure> {
    let release = format!("{}@{}", vendored.package, vendored.pin.version);
    let unfit = |reason: &str, places| PackageError::NotVendored {
        release: release.clone(),
        reason: reason.to_owned(),
        places,
    };
    let named_licence = licence(manifest);
    let manifest: Manifest = serde_json::from_str(manifest).unwrap_or_default();
    let main = manifest.main.unwrap_or_else(|| "index.js".to_owned());
    let entry =
        find(files, "", &main).ok_or_else(|| unfit("the package has no entry", Vec::new()))?;
    let licence = ["LICENSE", "LICENSE.md", "LICENCE", "LICENSE.txt"];
    let licence = licence.iter().find_map(|name| files.get(*name));
    let licence = licence.ok_or_else(|| unfit("the package has no licence", Vec::new()))?;

    let mut package = Package {
        vendored,
        release: &release,
        files,
        modules: BTreeMap::new(),
        used: BTreeSet::new(),
    };
    package.add(&entry)?;
    package.check_declared()?;
    Ok(Module {
        package: vendored.package.clone(),
        pin: vendored.pin.clone(),
        path: layout::vendored_path(&vendored.package),
        code: package.print(&entry),
        licence: String::from_utf8_lossy(licence).into_owned(),
        named_licence,
    })
}

/// The modules of a package reachable from its entry.
struct Package<'p> {
    vendored: &'p Vendored,
    release: &'p str,
    files: &'p BTreeMap<String, Vec<u8>>,
    modules: BTreeMap<String, (Arc<Source>, CommonJs)>,
    /// The declared names that are required.
    used: BTreeSet<String>,
}

impl Package<'_> {
    /// Adds a module, and those that it requires.
    fn add(&mut self, path: &str) -> Result<(), Failure> {
        let text = String::from_utf8_lossy(self.files.get(path).map_or(&[], Vec::as_slice));
        let source = Source::new(format!("{}/{path}", self.release), text);
        let module = CommonJs::read(&source)?;
        if let Some(span) = module.unfit.first() {
            return Err(PackageError::NotVendored {
                release: self.release.to_owned(),
                reason: format!("`{path}` uses the module system"),
                places: vec![source.wrong(span.clone(), "cannot be resolved at build time")],
            }
            .into());
        }
        let mut inside = Vec::new();
        for require in &module.requires {
            let Require { specifier, span } = require;
            if let Some(found) = self.inside(path, specifier) {
                inside.push(found);
            } else if self.vendored.imports.contains_key(specifier)
                || self.vendored.absent.contains(specifier)
            {
                self.used.insert(specifier.clone());
            } else {
                return Err(PackageError::UndeclaredRequire {
                    release: self.release.to_owned(),
                    specifier: specifier.clone(),
                    places: vec![source.wrong(span.clone(), "required here")],
                }
                .into());
            }
        }
        self.modules.insert(path.to_owned(), (source, module));
        for path in inside {
            if !self.modules.contains_key(&path) {
                self.add(&path)?;
            }
        }
        Ok(())
    }

    /// The required file inside the package; `None` for an outside module.
    fn inside(&self, module: &str, specifier: &str) -> Option<String> {
        let folder = module.rsplit_once('/').map_or("", |(folder, _)| folder);
        specifier.starts_with('.').then(|| find(self.files, folder, specifier)).flatten()
    }

    fn check_declared(&self) -> Result<(), Failure> {
        let declared = self.vendored.imports.keys().chain(&self.vendored.absent);
        let unused = declared.filter(|name| !self.used.contains(*name));
        let unused: Vec<PackageError> = unused
            .map(|specifier| PackageError::UnusedRequire {
                release: self.release.to_owned(),
                specifier: specifier.clone(),
            })
            .collect();
        if unused.is_empty() { Ok(()) } else { Err(Failure::of(unused)) }
    }

    /// The bundled module. Each module of the package becomes a function that runs at its first
    /// `require`, so cyclic requires behave as before.
    fn print(&self, entry: &str) -> String {
        let own = self.own_prefix();
        let imports: BTreeMap<&str, (String, &str)> = self
            .vendored
            .imports
            .iter()
            .enumerate()
            .map(|(index, (name, from))| {
                (name.as_str(), (format!("{own}import{index}"), from.as_str()))
            })
            .collect();
        let mut code = format!(
            "// {}: its published CommonJS modules, bundled as a single module. Its licence is in LICENSE.\n",
            self.release
        );
        for (name, from) in imports.values() {
            code.push_str(&format!("import {name} from \"{from}\";\n"));
        }
        code.push_str(&format!("const {own}modules = {{\n"));
        for (path, (source, module)) in &self.modules {
            let text = module.with(source, |require| {
                let specifier = &require.specifier;
                match (self.inside(path, specifier), imports.get(specifier.as_str())) {
                    (Some(inside), _) => format!("{own}require(\"{inside}\")"),
                    (None, Some((name, _))) => name.clone(),
                    (None, None) => format!("{own}absent(\"{specifier}\")"),
                }
            });
            code.push_str(&format!("\"{path}\"(module, exports) {{\n{}\n}},\n", text.trim_end()));
        }
        code.push_str(&format!(
            "}};
const {own}loaded = {{}};
function {own}require(path) {{
  const loaded = {own}loaded[path];
  if (loaded !== undefined) return loaded.exports;
  const module = {own}loaded[path] = {{ exports: {{}} }};
  {own}modules[path].call(module.exports, module, module.exports);
  return module.exports;
}}
"
        ));
        if !self.vendored.absent.is_empty() {
            code.push_str(&format!(
                "function {own}absent(name) {{\n  throw Object.assign(new Error(`Cannot find module '${{name}}'`), {{ code: \"MODULE_NOT_FOUND\" }});\n}}\n"
            ));
        }
        code.push_str(&format!("const {own}entry = {own}require(\"{entry}\");\n"));
        for name in &self.vendored.exports {
            code.push_str(&format!("export const {name} = {own}entry.{name};\n"));
        }
        code
    }

    /// The prefix of our own names, chosen so that it does not occur in the package.
    fn own_prefix(&self) -> String {
        let mut prefix = "vendor$".to_owned();
        while self.modules.values().any(|(source, _)| source.text.contains(&prefix)) {
            prefix.push('$');
        }
        prefix
    }
}

/// The file at a path, with the lookup rules of `require`.
///
/// Source: <https://nodejs.org/api/modules.html#all-together>.
fn find(files: &BTreeMap<String, Vec<u8>>, folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    let candidates = [path.clone(), format!("{path}.js"), format!("{path}/index.js")];
    let is_module = |path: &String| path.ends_with(".js") || path.ends_with(".cjs");
    candidates.into_iter().find(|path| is_module(path) && files.contains_key(path))
}
