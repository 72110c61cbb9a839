//! What goes into a package beside upstream: our own modules, the page that npm shows, licences.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;

use crate::{
    adapter::{ADAPTERS, Adapter, Borrowed, Vendored},
    error::Failure,
    package::{
        modules::{self, Compiled, Import, Seen},
        vendor::{self, Module},
    },
    upstream::{self, Registry, SourceTree},
    workspace,
};

/// What goes into every package of a runtime, whatever the line; what is borrowed only as far as the
/// package imports it.
pub struct Ours {
    own: Modules,
    borrowed: Modules,
    /// The page that npm shows.
    pub readme: String,
    licence: String,
}

/// Modules that are not upstream's.
struct Modules {
    vendored: Vec<Module>,
    compiled: Compiled,
}

impl Ours {
    /// Reads and compiles what a runtime's description names.
    pub fn make(root: &Utf8Path, registry: &Registry, adapter: &Adapter) -> Result<Self, Failure> {
        let Borrowed { templates, vendored } = &adapter.borrowed;
        let (own, borrowed) = rayon::join(
            || Modules::make(root, registry, &adapter.templates, &adapter.vendored),
            || Modules::make(root, registry, templates, vendored),
        );
        let readme = format!("{ADAPTERS}/{}/README.md", adapter.runtime);
        Ok(Self {
            own: own?,
            borrowed: borrowed?,
            readme: workspace::read(root, Utf8Path::new(&readme))?,
            licence: workspace::read(root, Utf8Path::new("LICENSE"))?,
        })
    }

    /// Adds our modules to upstream's files. Then nothing is missing that they import.
    pub fn add_to(
        &self,
        files: &mut BTreeMap<String, Vec<u8>>,
        seen: &Seen,
    ) -> Result<(), Failure> {
        let mut imports = modules::imports(files, seen)?;
        let Modules { vendored, compiled } = &self.own;
        files.extend(vendored.iter().map(Module::file));
        files.extend(compiled.files.iter().map(|(path, bytes)| (path.clone(), bytes.clone())));
        imports.extend(compiled.imports.iter().cloned());

        let Modules { vendored, compiled } = &self.borrowed;
        let (reached, further) = compiled.reached(&imports);
        files.extend(reached);
        imports.extend(further);
        let targets: BTreeSet<String> = imports.iter().map(Import::target).collect();
        let imported = vendored.iter().filter(|module| targets.contains(&module.path));
        files.extend(imported.map(Module::file));
        modules::check_imports(files, imports)
    }

    /// The packages that these files hold.
    pub fn vendored(&self, files: &BTreeMap<String, Vec<u8>>) -> Vec<&Module> {
        let all = self.own.vendored.iter().chain(&self.borrowed.vendored);
        all.filter(|module| files.contains_key(&module.path)).collect()
    }

    /// Our licence, upstream's with its notices, and those of the vendored packages.
    pub fn licences(&self, tree: &SourceTree, vendored: &[&Module]) -> String {
        let ours = &self.licence;
        let upstream = tree.extras.get("LICENSE").map(|bytes| String::from_utf8_lossy(bytes));
        let package = &tree.package;
        let mut text = match upstream {
            Some(upstream) => format!(
                "{ours}\n---\n\nThis package is made of {package}, which has this licence:\n\n{upstream}"
            ),
            None => ours.clone(),
        };
        for Module { package, path, licence, .. } in vendored {
            let notice = format!("`{path}` is made of {package}, which has this licence:");
            text.push_str(&format!("\n---\n\n{notice}\n\n{licence}"));
        }
        text
    }
}

impl Modules {
    /// The modules of template folders, and the packages that they import, each made into one.
    fn make(
        root: &Utf8Path,
        registry: &Registry,
        folders: &[String],
        packages: &[Vendored],
    ) -> Result<Self, Failure> {
        let names: Vec<&str> = packages.iter().map(|one| one.package.as_str()).collect();
        let vendored = || {
            let modules = packages.iter().map(|vendored| {
                let (manifest, files) =
                    upstream::published(&vendored.package, &vendored.pin, registry)?;
                vendor::module(vendored, &manifest, &files)
            });
            modules.collect::<Result<Vec<Module>, Failure>>()
        };
        let (vendored, compiled) =
            rayon::join(vendored, || modules::compile(root, folders, &names));
        Ok(Self { vendored: vendored?, compiled: compiled? })
    }
}
