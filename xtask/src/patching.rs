//! From a source tree to patched modules, with the post-checks.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use semantic_patch::{Edit, Language, PatchFile, Rename, Renamed, Source, rewrite};
use semver::Version;

use crate::{
    adapter::Adapter,
    error::Failure,
    package::record::ModuleEdit,
    upstream::{SourceFile, SourceTree},
};

/// Upstream's modules with the edits in them, not yet compiled.
pub struct Patched {
    pub tree: SourceTree,
    /// The modules and declarations that differ from upstream's.
    pub changed: Vec<Changed>,
    /// Every edit, in order of modules.
    pub edits: Vec<ModuleEdit>,
    /// How many string literals were renamed.
    pub renamed: usize,
}

/// A file before and after its edits.
pub struct Changed {
    pub path: String,
    pub before: String,
    pub after: String,
}

/// Applies the patches of a runtime to a release of its upstream package.
pub fn patch(adapter: &Adapter, mut tree: SourceTree) -> Result<Patched, Failure> {
    let mut patching = Patching::new(adapter, &tree.version);
    patching.files(&mut tree.modules, |file| &file.edits);
    patching.files(&mut tree.declarations, |file| &file.declares);
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

/// The patches going into one file after the other; what is wrong is collected.
struct Patching<'a> {
    adapter: &'a Adapter,
    version: Version,
    changed: Vec<Changed>,
    edits: Vec<ModuleEdit>,
    renamed: usize,
    allowed: BTreeSet<usize>,
    failures: Vec<Failure>,
}

impl<'a> Patching<'a> {
    fn new(adapter: &'a Adapter, version: &Version) -> Self {
        Self {
            adapter,
            version: version.clone(),
            changed: Vec::new(),
            edits: Vec::new(),
            renamed: 0,
            allowed: BTreeSet::new(),
            failures: Vec::new(),
        }
    }

    /// Applies the edits that `list` takes from each patch file.
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
            patch_file(
                &self.adapter.rename,
                &self.version,
                module,
                file,
                &edits.collect::<Vec<&Edit>>(),
            )
        });
        for result in done.collect::<Vec<Result<Done, Failure>>>() {
            match result {
                Ok(done) => {
                    self.changed.extend(done.changed);
                    self.edits.extend(done.edits);
                    self.renamed += done.renamed.count;
                    self.allowed.extend(done.renamed.allowed);
                }
                Err(failure) => self.failures.push(failure),
            }
        }
    }
}

/// What patching did to one file.
struct Done {
    changed: Option<Changed>,
    edits: Vec<ModuleEdit>,
    renamed: Renamed,
}

/// Edits a module or declaration file, and renames the package in it.
fn patch_file(
    rename: &Rename,
    version: &Version,
    module: &str,
    file: &mut SourceFile,
    edits: &[&Edit],
) -> Result<Done, Failure> {
    let language = Language::of(&file.path);
    let source = Source::new(file.path.as_str(), file.text.as_str());
    let rewritten = rewrite(&source, language, edits)?;
    let edited = Source::new(file.path.as_str(), rewritten.text);
    let renamed = rename.apply(module, version, &edited, language)?;

    let edits = rewritten.applied.into_iter().map(|applied| ModuleEdit {
        module: file.path.clone(),
        id: applied.id,
        why: applied.why,
        matches: applied.matches,
    });
    let edits = edits.collect();
    let changed = (renamed.text != file.text).then(|| Changed {
        path: file.path.clone(),
        before: std::mem::replace(&mut file.text, renamed.text.clone()),
        after: renamed.text.clone(),
    });
    Ok(Done { changed, edits, renamed })
}
