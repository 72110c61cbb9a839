//! Our additions to a package: our own modules, the README for npm, and licences.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::Failure;

use crate::{
    adapter::{Adapter, Vendored},
    checkout,
    package::{
        PackageError, layout,
        modules::{self, Import, ImportCache},
        templates::{self, Templates},
        vendor::{self, Module},
    },
    upstream::{self, Registry, SourceTree},
};

/// Our additions, for every runtime and line. Each package gets only the modules that it imports.
pub struct Additions {
    templates: Templates,
    vendored: Vec<Module>,
    licence: String,
}

impl Additions {
    /// Compiles the templates, and bundles each package that they import as a single module.
    pub fn make(root: &Utf8Path, registry: &Registry) -> Result<Self, Failure> {
        let packages = Vendored::all(root)?;
        let names: Vec<&str> = packages.iter().map(|one| one.package.as_str()).collect();
        let vendored = || {
            let modules = packages.iter().map(|vendored| {
                let (manifest, files) =
                    upstream::published(&vendored.package, &vendored.pin, registry)?;
                vendor::module(vendored, &manifest, &files)
            });
            modules.collect::<Result<Vec<Module>, Failure>>()
        };
        let (vendored, templates) = rayon::join(vendored, || Templates::compile(root, &names));
        let licence = checkout::read(root, Utf8Path::new("LICENSE"))?;
        Ok(Self { templates: templates?, vendored: vendored?, licence })
    }

    /// Adds our modules that upstream's files import, that `exports` lists, and that these modules
    /// import in turn. The package is then complete. `release` is upstream's.
    pub fn add_to(
        &self,
        files: &mut BTreeMap<String, Vec<u8>>,
        adapter: &Adapter,
        release: &str,
        cache: &ImportCache,
    ) -> Result<(), Failure> {
        let folder = format!("{}/", layout::OUR_MODULES);
        if let Some(path) = files.keys().find(|path| path.starts_with(&folder)) {
            let (release, name) =
                (release.to_owned(), format!("`{path}`, in the folder of our modules"));
            return Err(PackageError::Taken { release, name }.into());
        }
        let mut imports = modules::imports(files, cache)?;
        imports.extend(
            adapter.package.exports.values().map(|target| Import {
                module: "package.json".to_owned(),
                specifier: target.clone(),
            }),
        );
        self.templates.add_reached(files, &mut imports);
        let targets: BTreeSet<String> = imports.iter().map(Import::target).collect();
        let imported = self.vendored.iter().filter(|module| targets.contains(&module.path));
        files.extend(imported.map(Module::file));
        modules::check_imports(files, imports)
    }

    /// The vendored packages in these files.
    pub fn vendored(&self, files: &BTreeMap<String, Vec<u8>>) -> Vec<&Module> {
        self.vendored.iter().filter(|module| files.contains_key(&module.path)).collect()
    }

    /// Our licence, upstream's with its notices, and those of the vendored packages.
    pub fn licences(&self, tree: &SourceTree, vendored: &[&Module]) -> String {
        let ours = &self.licence;
        let upstream = tree.extras.get("LICENSE").map(|bytes| String::from_utf8_lossy(bytes));
        let package = &tree.package;
        let mut text = match upstream {
            Some(upstream) => format!(
                "{ours}\n---\n\nThis package is built from {package}, which has this licence:\n\n{upstream}"
            ),
            None => ours.clone(),
        };
        for Module { package, path, licence, .. } in vendored {
            let notice = format!("`{path}` is built from {package}, which has this licence:");
            text.push_str(&format!("\n---\n\n{notice}\n\n{licence}"));
        }
        text
    }
}

/// Checks that each of our modules is in at least one package. `packages` must hold all packages.
pub fn check_used(root: &Utf8Path, packages: &[&BTreeMap<String, Vec<u8>>]) -> Result<(), Failure> {
    let templates = templates::unused(root, packages)?.into_iter().map(Utf8PathBuf::into_string);
    let is_unused = |vendored: &Vendored| {
        let path = layout::vendored_path(&vendored.package);
        !packages.iter().any(|files| files.contains_key(&path))
    };
    let vendored = Vendored::all(root)?.into_iter().filter(is_unused);
    let unused = templates.chain(vendored.map(|vendored| vendored.package));
    let unused: Vec<PackageError> =
        unused.map(|module| PackageError::InNoPackage { module }).collect();
    if unused.is_empty() { Ok(()) } else { Err(Failure::of(unused)) }
}
