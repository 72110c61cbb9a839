//! Upstream's released adapters: pinned, verified, and the same from every source.
//!
//! - `pins`: the pinned releases (`upstream/upstream.toml`); `moving` finds newer ones, `provenance`
//!   or `composition` their commit, `pins_edit` writes them
//! - `git`: the source at the pinned commit, from a clone's object database; `history` reads tags
//! - `registry`: the published tarball, through `npmrc`, `client` and `cache`; `archive` unpacks it,
//!   `release` reads the metadata
//! - `workspace_protocol`: the changes that publishing makes to a manifest
//! - `fetching`: tags and commits, fetched by the machine's own git; `changelog` reads the changelogs
//!
//! The registry form needs no git. The git form also takes declarations and other published files
//! from the tarball, because the repository does not have them.

mod archive;
mod cache;
pub mod changelog;
mod client;
mod composition;
mod error;
mod fetching;
mod git;
mod history;
mod integrity;
mod moving;
mod npmrc;
mod pins;
mod pins_edit;
mod provenance;
mod registry;
mod release;
mod workspace_protocol;

use std::{collections::BTreeMap, fmt};

use camino::{Utf8Path, Utf8PathBuf};
use semver::Version;
use serde::Deserialize;

pub use archive::ArchiveError;
pub use cache::Cache;
pub use error::UpstreamError;
pub use fetching::{Fetcher, address};
pub use git::{GitError, holds};
pub use history::{ASTRO_FOLDER, History, set_submodule_commit, submodule_commit};
pub use integrity::Integrity;
pub use moving::{Moved, Mover, Target, newest, newest_for};
pub use npmrc::Npmrc;
pub use pins::{Line, PINS, PackagePin, Pins, is_commit};
pub use pins_edit::rewritten;
pub use provenance::ProvenanceError;
pub use registry::{Registry, Remembered};
pub use release::{ASTRO, Release, accepts, purl};

/// The path of the submodule, below the root of the checkout.
pub const SUBMODULE: &str = "upstream/astro";

/// Upstream's released adapter, from either form.
#[derive(Debug, Clone)]
pub struct SourceTree {
    /// The name of the package.
    pub package: String,
    /// Its version.
    pub version: Version,
    /// The source of the modules.
    pub form: Form,
    /// The modules by name, for example `standalone` or `utils/handler`: `dist/**/*.js` in the
    /// tarball, or `src/**/*.ts` in git without declarations and tests.
    pub modules: BTreeMap<String, SourceFile>,
    /// The declarations of the modules, by the same names: `dist/**/*.d.ts` of the tarball in both
    /// forms.
    pub declarations: BTreeMap<String, SourceFile>,
    /// The text of `package.json`. In the git form, real versions replace `workspace:`; the rest is
    /// as in git.
    pub manifest: String,
    /// Every other published file by its path in the package.
    pub extras: BTreeMap<String, Vec<u8>>,
    /// The origin of the files.
    pub origin: Origin,
    /// Modules with another text in the clone's work tree. That text is ignored.
    pub not_read: Vec<String>,
}

/// An upstream source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The path in the package, or in Astro's repository.
    pub path: String,
    /// The text.
    pub text: String,
}

/// The source of modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// TypeScript in Astro's repository.
    Git,
    /// JavaScript in the published package.
    Registry,
}

impl fmt::Display for Form {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Git => "git",
            Self::Registry => "registry",
        })
    }
}

/// The origin of a source tree, for `upstream.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The source of the modules.
    pub form: Form,
    /// The pinned commit. In the git form it was read; in the registry form it names the release.
    pub commit: Option<String>,
    /// The sha512 of the tarball, which both forms read.
    pub integrity: Integrity,
}

/// Where to read the source from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The published tarball.
    Registry,
    /// A clone of Astro's repository.
    Git(Utf8PathBuf),
}

impl Choice {
    /// The clone in `--upstream`. Otherwise the submodule, if it exists and holds the pinned
    /// commit. Otherwise the registry. A line without a commit is read from the registry.
    #[must_use]
    pub fn from_options(root: &Utf8Path, upstream: Option<&Utf8Path>, line: &Line) -> Self {
        let Some(commit) = &line.commit else { return Self::Registry };
        let submodule = root.join(SUBMODULE);
        match upstream {
            Some(path) => Self::Git(path.to_owned()),
            None if git::holds(&submodule, commit) => Self::Git(submodule),
            None => Self::Registry,
        }
    }
}

/// Reads one adapter of one line. `folder` is its path in Astro's repository, for example
/// `packages/integrations/node`.
///
/// # Errors
///
/// Any reason for missing upstream files, see [`UpstreamError`].
pub fn read(
    line: &Line,
    package: &str,
    folder: &str,
    choice: &Choice,
    registry: &Registry,
) -> Result<SourceTree, UpstreamError> {
    let pin = line.package(package)?;
    let commit = line.commit.as_deref();
    match (choice, commit) {
        (Choice::Git(path), Some(commit)) if !pin.is_elsewhere => {
            let snapshot = git::Snapshot::open(path, commit, line.commit_place.as_ref())?;
            let is_module = |path: &str| is_source_module(path);
            let modules = modules(
                snapshot.files(&format!("{folder}/src"), is_module)?,
                &format!("{folder}/src/"),
                ".ts",
            )?;
            let manifest = manifest_in_git(&snapshot, path, package, pin, folder)?;
            let published = published_tree(package, pin, Some(commit), registry)
                .map_err(|cause| without_declarations(package, cause))?;
            let origin = Origin { form: Form::Git, ..published.origin };
            let not_read = snapshot.changed_in_work_tree(&modules);
            Ok(SourceTree { form: Form::Git, modules, manifest, origin, not_read, ..published })
        }
        _ => published_tree(package, pin, commit, registry),
    }
}

/// A published package: the text of its `package.json`, and all other files by path.
///
/// # Errors
///
/// Any reason for a missing package, see [`UpstreamError`].
pub fn published(
    package: &str,
    pin: &PackagePin,
    registry: &Registry,
) -> Result<(String, BTreeMap<String, Vec<u8>>), UpstreamError> {
    let release = format!("{package}@{}", pin.version);
    let mut files = archive::unpack(&release, &registry.tarball(package, pin)?)?;
    let manifest = text("package.json", files.remove("package.json").unwrap_or_default())?;
    expect_package("package.json", &manifest, package, pin)?;
    Ok((manifest, files))
}

/// A release in the registry form. `commit` is its known commit.
///
/// # Errors
///
/// Any reason for a missing package, see [`UpstreamError`].
pub fn published_tree(
    package: &str,
    pin: &PackagePin,
    commit: Option<&str>,
    registry: &Registry,
) -> Result<SourceTree, UpstreamError> {
    let (manifest, mut files) = published(package, pin, registry)?;
    let mut take = |extension: &str| -> BTreeMap<String, Vec<u8>> {
        files
            .extract_if(.., |path, _| path.starts_with("dist/") && path.ends_with(extension))
            .collect()
    };
    let declarations = modules(take(".d.ts"), "dist/", ".d.ts")?;
    let modules = modules(take(".js"), "dist/", ".js")?;
    Ok(SourceTree {
        package: package.to_owned(),
        version: pin.version.clone(),
        form: Form::Registry,
        modules,
        declarations,
        manifest,
        extras: files,
        origin: Origin {
            form: Form::Registry,
            commit: commit.map(str::to_owned),
            integrity: pin.integrity,
        },
        not_read: Vec::new(),
    })
}

/// The manifest at the commit, with dependencies as in a published package.
fn manifest_in_git(
    snapshot: &git::Snapshot<'_>,
    path: &Utf8Path,
    package: &str,
    pin: &PackagePin,
    folder: &str,
) -> Result<String, UpstreamError> {
    let file = format!("{folder}/package.json");
    let manifest = text(&file, snapshot.file(&file)?)?;
    expect_package(&file, &manifest, package, pin)?;
    let versions = snapshot.versions(folder, &workspace_protocol::names(&manifest))?;
    workspace_protocol::resolve(&manifest, &versions).map_err(|(dependency, requirement)| {
        UpstreamError::WorkspaceVersion {
            path: path.to_owned(),
            commit: snapshot.commit().to_owned(),
            file,
            dependency,
            requirement,
        }
    })
}

/// Modules by name: the path without folder and extension.
fn modules(
    files: BTreeMap<String, Vec<u8>>,
    folder: &str,
    extension: &str,
) -> Result<BTreeMap<String, SourceFile>, UpstreamError> {
    let named = files.into_iter().map(|(path, bytes)| {
        let name = path.strip_prefix(folder).unwrap_or(&path);
        let name = name.strip_suffix(extension).unwrap_or(name).to_owned();
        let text = text(&path, bytes)?;
        Ok((name, SourceFile { path, text }))
    });
    named.collect()
}

/// Excludes tests and hand-written declarations.
fn is_source_module(path: &str) -> bool {
    let mut folders = path.rsplit('/');
    let name = folders.next().unwrap_or(path);
    name.ends_with(".ts")
        && ![".d.ts", ".test.ts", ".spec.ts"].iter().any(|extension| name.ends_with(extension))
        && !folders.any(|folder| matches!(folder, "test" | "tests" | "__tests__"))
}

fn text(path: &str, bytes: Vec<u8>) -> Result<String, UpstreamError> {
    String::from_utf8(bytes).map_err(|error| UpstreamError::NotText {
        path: path.to_owned(),
        offset: error.utf8_error().valid_up_to(),
    })
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Identity {
    name: String,
    version: String,
}

/// Checks that both forms match the pinned release.
fn expect_package(
    path: &str,
    manifest: &str,
    package: &str,
    pin: &PackagePin,
) -> Result<(), UpstreamError> {
    let actual = serde_json::from_str::<Identity>(manifest);
    if let Ok(Identity { name, version }) = &actual
        && name == package
        && *version == pin.version.to_string()
    {
        return Ok(());
    }
    Err(UpstreamError::OtherPackage {
        path: path.to_owned(),
        release: format!("{package}@{}", pin.version),
        actual: match actual {
            Ok(Identity { name, version }) => format!("`{name}@{version}`"),
            Err(_) => "no package".to_owned(),
        },
        places: pin.version_place.iter().cloned().collect(),
    })
}

/// Explains an error of the registry in the git form, where it would be surprising.
fn without_declarations(package: &str, cause: UpstreamError) -> UpstreamError {
    use diagnostics::Explain as _;
    match cause {
        UpstreamError::NoRegistry { .. }
        | UpstreamError::Unreachable { .. }
        | UpstreamError::Refused { .. }
        | UpstreamError::NotPublished { .. }
        | UpstreamError::BadAnswer { .. } => UpstreamError::DeclarationsMissing {
            package: package.to_owned(),
            advice: cause.help(),
            cause: Box::new(cause),
        },
        other => other,
    }
}
