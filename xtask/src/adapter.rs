//! The description of a runtime: `adapters/<runtime>/adapter.toml` and its patch files.

use std::{collections::BTreeMap, fs, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::{Explain, Failure, Place, Source};
use semantic_patch::{Allowance, PatchError, PatchFile, Rename, Words, check_ids};
use semver::VersionReq;
use serde::Deserialize;
use toml::Spanned;

use crate::{
    checkout::{self, CheckoutError},
    upstream::{PackagePin, UpstreamError},
};

/// The folder of the runtimes, below the root.
pub const ADAPTERS: &str = "adapters";

/// A runtime and its settings.
#[derive(Debug)]
pub struct Adapter {
    /// The name of its folder, for example `node`.
    pub runtime: String,
    /// Its upstream package.
    pub upstream: UpstreamTable,
    /// Our package.
    pub package: PackageTable,
    /// The rename from upstream's package name to ours.
    pub rename: Rename,
    /// Releases of the upstream package that the patches cannot fit.
    pub unfit: Vec<Unfit>,
    /// Upstream peer ranges that start too early.
    pub ranges: Vec<Range>,
    /// Its patch files, in path order.
    pub patches: Vec<PatchFile>,
}

/// A range that replaces one in the upstream package's manifest.
#[derive(Debug)]
pub struct Range {
    /// The peer dependency.
    pub package: String,
    /// The affected releases of the upstream package.
    pub versions: VersionReq,
    /// The range in our manifest.
    pub range: String,
    /// The location of the entry.
    pub place: Place,
}

/// The upstream package of a runtime.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UpstreamTable {
    /// Its name on npm.
    pub package: String,
    /// Its folder in Astro's repository.
    pub folder: String,
}

/// Our additions to upstream's manifest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageTable {
    /// Our name on npm.
    pub name: String,
    /// One line for npm search.
    pub description: String,
    /// Added to upstream's.
    #[serde(default)]
    pub keywords: Vec<String>,
    /// Added to upstream's, with their ranges.
    #[serde(default)]
    pub dependencies: BTreeMap<String, String>,
    /// Optional peer dependencies, added to upstream's, with their ranges.
    #[serde(default)]
    pub peers: BTreeMap<String, String>,
    /// Added to upstream's: modules with their declarations beside them.
    #[serde(default)]
    pub exports: BTreeMap<String, String>,
}

/// A CommonJS package that is bundled, as a single module, into our packages that import it.
#[derive(Debug)]
pub struct Vendored {
    /// Its name on npm.
    pub package: String,
    /// Its release.
    pub pin: PackagePin,
    /// The exports of the bundled module.
    pub exports: Vec<String>,
    /// Outside modules that it may require, and the import specifier of each.
    pub imports: BTreeMap<String, String>,
    /// Optional packages that it must not find.
    pub absent: Vec<String>,
}

/// Releases of upstream that the patches cannot fit, with a reason outside the patches.
#[derive(Debug)]
pub struct Unfit {
    /// Unlike an edit's `versions`, this range distinguishes prereleases.
    pub versions: VersionReq,
    /// The reason.
    pub why: String,
    /// The location of the entry.
    pub place: Place,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    upstream: UpstreamTable,
    package: PackageTable,
    #[serde(default)]
    vendor: Vec<VendorTable>,
    #[serde(default)]
    allow: Vec<Spanned<AllowTable>>,
    #[serde(default)]
    unfit: Vec<Spanned<UnfitTable>>,
    #[serde(default)]
    range: Vec<Spanned<RangeTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AllowTable {
    module: String,
    text: String,
    versions: Option<Spanned<String>>,
    #[expect(dead_code, reason = "mandatory, for the reader of the file")]
    why: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RangeTable {
    package: String,
    versions: Spanned<String>,
    range: String,
    #[expect(dead_code, reason = "mandatory, for the reader of the file")]
    why: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnfitTable {
    versions: Spanned<String>,
    why: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VendorTable {
    package: Spanned<String>,
    version: Spanned<String>,
    integrity: Spanned<String>,
    #[expect(dead_code, reason = "mandatory, for the reader of the file")]
    why: Words,
    exports: Vec<String>,
    #[serde(default)]
    imports: BTreeMap<String, String>,
    #[serde(default)]
    absent: Vec<String>,
}

impl Description {
    fn read(root: &Utf8Path, runtime: &str) -> Result<(Self, Arc<Source>), Failure> {
        let path = Utf8PathBuf::from(format!("{ADAPTERS}/{runtime}/adapter.toml"));
        let source = Source::new(path.as_str(), checkout::read(root, &path)?);
        let description = toml::from_str(&source.text).map_err(|error| AdapterError::Invalid {
            message: format!("`{path}` is not valid: {}", error.message()),
            places: error.span().map(|span| source.wrong(span, "here")).into_iter().collect(),
        })?;
        Ok((description, source))
    }
}

impl Vendored {
    /// The vendored packages of all runtimes. Each package is pinned once, whichever templates
    /// import it.
    pub fn all(root: &Utf8Path) -> Result<Vec<Self>, Failure> {
        let mut all: Vec<Self> = Vec::new();
        for runtime in runtimes(root)? {
            let (description, source) = Description::read(root, &runtime)?;
            for table in description.vendor {
                let (package, span) = (table.package.get_ref(), table.package.span());
                if all.iter().any(|other| other.package == *package) {
                    return Err(AdapterError::Invalid {
                        message: format!("`{package}` is pinned twice"),
                        places: vec![source.wrong(span, "second pin")],
                    }
                    .into());
                }
                all.push(Self::validate(table, &source)?);
            }
        }
        Ok(all)
    }

    fn validate(table: VendorTable, source: &Arc<Source>) -> Result<Self, UpstreamError> {
        let VendorTable { package, version, integrity, exports, imports, absent, .. } = table;
        let package = package.into_inner();
        let pin = PackagePin::validate(source, &package, &version, &integrity)?;
        Ok(Self { package, pin, exports, imports, absent })
    }
}

impl Adapter {
    /// The named runtimes, or all of them.
    pub fn select(root: &Utf8Path, names: &[String]) -> Result<Vec<Self>, Failure> {
        let known = runtimes(root)?;
        if let Some(name) = names.iter().find(|name| !known.contains(name)) {
            return Err(
                AdapterError::NoRuntime { name: name.clone(), known: known.join(", ") }.into()
            );
        }
        let chosen = known.iter().filter(|name| names.is_empty() || names.contains(name));
        chosen.map(|runtime| Self::read(root, runtime)).collect()
    }

    fn read(root: &Utf8Path, runtime: &str) -> Result<Self, Failure> {
        let (description, source) = Description::read(root, runtime)?;
        let allow = description.allow.into_iter().map(|entry| allowance(entry, &source));
        let allow = allow.collect::<Result<_, AdapterError>>()?;
        let unfit = description.unfit.into_iter().map(|entry| unfit(entry, &source));
        let unfit = unfit.collect::<Result<_, AdapterError>>()?;
        let ranges = description.range.into_iter().map(|entry| raised_range(entry, &source));
        let ranges = ranges.collect::<Result<_, AdapterError>>()?;
        let rename = Rename {
            from: description.upstream.package.clone(),
            to: description.package.name.clone(),
            allow,
        };
        Ok(Self {
            runtime: runtime.to_owned(),
            upstream: description.upstream,
            package: description.package,
            rename,
            unfit,
            ranges,
            patches: patches(root, runtime)?,
        })
    }

    /// The README for npm.
    pub fn readme(&self) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("{ADAPTERS}/{}/README.md", self.runtime))
    }

    /// A build of the runtime, as an error names it.
    pub fn build_name(&self) -> String {
        format!("build of `{}`", self.runtime)
    }

    /// The folder of the runtime's built packages.
    pub fn packages(&self) -> Utf8PathBuf {
        Utf8PathBuf::from(format!("{ADAPTERS}/{}/pkg", self.runtime))
    }
}

/// The names of all runtimes.
pub fn runtimes(root: &Utf8Path) -> Result<Vec<String>, CheckoutError> {
    let unreadable = |error: std::io::Error| CheckoutError::Unreadable {
        path: ADAPTERS.into(),
        reason: error.to_string(),
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(root.join(ADAPTERS)).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.path().join("adapter.toml").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn allowance(entry: Spanned<AllowTable>, source: &Arc<Source>) -> Result<Allowance, AdapterError> {
    let place = source.wrong(entry.span(), "this entry");
    let AllowTable { module, text, versions, .. } = entry.into_inner();
    let versions = versions.map_or(Ok(VersionReq::STAR), |text| range(&text, source))?;
    Ok(Allowance { module, text, versions, place })
}

fn unfit(entry: Spanned<UnfitTable>, source: &Arc<Source>) -> Result<Unfit, AdapterError> {
    let place = source.wrong(entry.span(), "this entry");
    let UnfitTable { versions, why } = entry.into_inner();
    Ok(Unfit { versions: range(&versions, source)?, why: why.into(), place })
}

fn raised_range(entry: Spanned<RangeTable>, source: &Arc<Source>) -> Result<Range, AdapterError> {
    let place = source.wrong(entry.span(), "this entry");
    let RangeTable { package, versions, range: text, .. } = entry.into_inner();
    Ok(Range { package, versions: range(&versions, source)?, range: text, place })
}

fn range(text: &Spanned<String>, source: &Arc<Source>) -> Result<VersionReq, AdapterError> {
    VersionReq::parse(text.get_ref()).map_err(|error| AdapterError::Invalid {
        message: format!("`{}` is not a range of versions: {error}", text.get_ref()),
        places: vec![source.wrong(text.span(), "here")],
    })
}

fn patches(root: &Utf8Path, runtime: &str) -> Result<Vec<PatchFile>, Failure> {
    let folder = Utf8PathBuf::from(format!("patches/{runtime}"));
    let mut files = Vec::new();
    let mut errors: Vec<PatchError> = Vec::new();
    for path in checkout::files(root, &folder)? {
        if is_of_an_editor(&path) {
            continue;
        }
        if path.extension() != Some("toml") {
            return Err(AdapterError::NoPatch { path: folder.join(&path) }.into());
        }
        let text = checkout::read(root, &folder.join(&path))?;
        match PatchFile::read(path.with_extension("").as_str(), folder.join(&path).as_str(), &text)
        {
            Ok(file) => files.push(file),
            Err(wrong) => errors.extend(wrong),
        }
    }
    if errors.is_empty() {
        check_ids(&files)?;
        Ok(files)
    } else {
        Err(errors.into())
    }
}

/// Whether a file is hidden or a copy, as editors and file managers leave them beside an open file:
/// `.server.toml.swp`, `server.toml~`, `#server.toml#`, `.DS_Store`.
fn is_of_an_editor(path: &Utf8Path) -> bool {
    path.file_name().is_some_and(|name| name.starts_with(['.', '#']) || name.ends_with('~'))
}

/// Errors in the description of a runtime.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum AdapterError {
    /// A file among the patches is not a patch file
    ///
    /// A patch file has the name of the upstream module that it edits, with the extension `.toml`.
    /// Any other file would be silently ignored. Only the files of editors are, such as
    /// `.server.toml.swp`.
    #[error("`{path}` is not a patch file")]
    #[explain(
        code = "B002",
        help = "rename it to the upstream module with the extension `.toml`, or move it out of `patches`"
    )]
    NoPatch { path: Utf8PathBuf },

    /// A runtime's description is not valid
    ///
    /// `adapter.toml` describes a runtime: the upstream package and its folder, our package's name
    /// and additions to the manifest, raised peer ranges, the packages that templates import, and
    /// texts that may keep the upstream package's name. A range is raised only while upstream's
    /// starts earlier.
    #[error("{message}")]
    #[explain(code = "B003", help = "fix the marked place")]
    Invalid { message: String, places: Vec<Place> },

    /// No such runtime
    ///
    /// A runtime is a folder of `adapters/` with an `adapter.toml`.
    #[error("the runtime `{name}` does not exist")]
    #[explain(code = "B020", exit = 2, help = "choose one of: {known}")]
    NoRuntime { name: String, known: String },
}
