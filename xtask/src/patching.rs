//! Patches a source tree, and runs the post-checks.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use diagnostics::{Failure, Source};
use rayon::prelude::*;
use semantic_patch::{Edit, Language, PatchFile, Rename, Renamed, rewrite};
use semver::Version;

use crate::{
    adapter::Adapter,
    package::record::ModuleEdit,
    result_cache::{Key, ResultCache},
    upstream::{SourceFile, SourceTree},
};

/// Upstream's modules with the edits, before compilation.
pub struct Patched {
    pub tree: SourceTree,
    /// Files of code that differ from upstream's.
    pub changed: Vec<Changed>,
    /// Every edit, in module order.
    pub edits: Vec<ModuleEdit>,
    /// The number of renamed string literals.
    pub renamed: usize,
}

/// Patched files of earlier releases.
pub type PatchCache = ResultCache<Result<Arc<Done>, Failure>>;

/// A file before and after its edits.
pub struct Changed {
    pub path: String,
    pub before: String,
    pub after: String,
}

/// Applies a runtime's patches to a release of its upstream package.
pub fn patch(
    adapter: &Adapter,
    mut tree: SourceTree,
    cache: &PatchCache,
) -> Result<Patched, Failure> {
    let mut patching = Patching::new(adapter, &tree.version, cache);
    patching.files(&mut tree.modules, |file| &file.edits);
    patching.files(&mut tree.declarations, |file| &file.declares);
    patching.rename_in(&mut tree.extras);
    let Patching { changed, edits, renamed, allowed, mut failures, .. } = patching;
    if failures.is_empty() {
        let checked = adapter.rename.check_allowances(&tree.version, &allowed);
        failures.extend(checked.err().map(Failure::from));
    }
    match Failure::all(failures) {
        Some(failure) => Err(failure),
        None => Ok(Patched { tree, changed, edits, renamed }),
    }
}

/// The state of applying patches to one file after the other. Errors are collected.
struct Patching<'a> {
    adapter: &'a Adapter,
    version: Version,
    cache: &'a PatchCache,
    changed: Vec<Changed>,
    edits: Vec<ModuleEdit>,
    renamed: usize,
    allowed: BTreeSet<usize>,
    failures: Vec<Failure>,
}

impl<'a> Patching<'a> {
    fn new(adapter: &'a Adapter, version: &Version, cache: &'a PatchCache) -> Self {
        Self {
            adapter,
            version: version.clone(),
            cache,
            changed: Vec::new(),
            edits: Vec::new(),
            renamed: 0,
            allowed: BTreeSet::new(),
            failures: Vec::new(),
        }
    }

    /// Applies the edits that `list` selects from each patch file.
    fn files(
        &mut self,
        files: &mut BTreeMap<String, SourceFile>,
        list: fn(&PatchFile) -> &Vec<Edit>,
    ) {
        for patch in &self.adapter.patches {
            let is_idle = list(patch).iter().all(|edit| !edit.is_for(&self.version));
            if !is_idle && !files.contains_key(&patch.module) {
                self.failures.push(patch.unused(files.keys().map(String::as_str)).into());
            }
        }
        let done = files.into_par_iter().map(|(module, file)| {
            let patches = self.adapter.patches.iter().filter(|patch| patch.module == *module);
            let edits = patches.flat_map(list).filter(|edit| edit.is_for(&self.version));
            let edits: Vec<&Edit> = edits.collect();
            let done = self.patched(module, file, &edits)?;
            let before = done.text.clone().map(|text| std::mem::replace(&mut file.text, text));
            Ok((file.path.clone(), before, done))
        });
        for result in done.collect::<Vec<Result<(String, Option<String>, Arc<Done>), Failure>>>() {
            match result {
                Ok((path, before, done)) => {
                    let after = done.text.clone();
                    let changed =
                        before.zip(after).map(|(before, after)| Changed { path, before, after });
                    self.changed.extend(changed);
                    self.edits.extend(done.edits.iter().cloned());
                    self.renamed += done.renamed;
                    self.allowed.extend(&done.allowed);
                }
                Err(failure) => self.failures.push(failure),
            }
        }
    }

    /// Renames the package in code that is neither a module nor its declaration, such as `types.d.ts`
    /// beside `dist/`.
    fn rename_in(&mut self, extras: &mut BTreeMap<String, Vec<u8>>) {
        for (path, bytes) in extras.iter_mut().filter(|(path, _)| is_code(path)) {
            let Ok(before) = String::from_utf8(bytes.clone()) else { continue };
            let source = Source::new(path.as_str(), before.as_str());
            let renamed =
                self.adapter.rename.apply(path, &self.version, &source, Language::of(path));
            match renamed {
                Ok(Renamed { text: after, count, allowed }) => {
                    self.renamed += count;
                    self.allowed.extend(allowed);
                    if after != before {
                        *bytes = after.clone().into_bytes();
                        self.changed.push(Changed { path: path.clone(), before, after });
                    }
                }
                Err(errors) => self.failures.push(errors.into()),
            }
        }
    }

    /// Edits a module or declaration file, and renames the package in it. Reuses the result of
    /// another release with the same file and the same edits.
    fn patched(
        &self,
        module: &str,
        file: &SourceFile,
        edits: &[&Edit],
    ) -> Result<Arc<Done>, Failure> {
        let rename = &self.adapter.rename;
        let allowed = rename.allowed(&self.version);
        let parts =
            [rename.from.as_bytes(), file.path.as_bytes(), file.text.as_bytes()].into_iter();
        let parts = parts.chain(edits.iter().map(|edit| edit.id.as_bytes()));
        let parts = parts.chain(allowed.iter().map(|text| text.as_bytes()));
        self.cache.get(&format!("{}/{}", rename.from, file.path), Key::of(parts), || {
            patch_file(rename, &self.version, module, file, edits).map(Arc::new)
        })
    }
}

fn is_code(path: &str) -> bool {
    [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts"].iter().any(|ending| path.ends_with(ending))
}

/// The result of patching one file.
pub struct Done {
    /// The new text, if it changed.
    text: Option<String>,
    edits: Vec<ModuleEdit>,
    /// The number of renamed string literals.
    renamed: usize,
    /// The allowances that were used.
    allowed: BTreeSet<usize>,
}

fn patch_file(
    rename: &Rename,
    version: &Version,
    module: &str,
    file: &SourceFile,
    edits: &[&Edit],
) -> Result<Done, Failure> {
    let language = Language::of(&file.path);
    let source = Source::new(file.path.as_str(), file.text.as_str());
    let rewritten = rewrite(&source, language, edits)?;
    let edited = Source::new(file.path.as_str(), rewritten.text);
    let Renamed { text, count, allowed } = rename.apply(module, version, &edited, language)?;

    let edits = rewritten.applied.into_iter().map(|applied| ModuleEdit {
        module: file.path.clone(),
        id: applied.id,
        why: applied.why,
        matches: applied.matches,
    });
    let text = (text != file.text).then_some(text);
    Ok(Done { text, edits: edits.collect(), renamed: count, allowed })
}
