//! The pipeline from a source tree to a package. Everything happens in memory.

use std::{collections::BTreeMap, panic::resume_unwind, sync::Arc, thread};

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::{Explain, Failure, Source};
use rayon::prelude::*;
use semantic_patch::check_versions;
use semver::Version;

use crate::{
    adapter::Adapter,
    checkout, compile,
    day::Day,
    output,
    package::{
        additions::Additions,
        manifest::{self, Manifest},
        modules, readme,
        record::{self, RECORD},
        sbom::{self, SBOM},
        stamp, tarball,
    },
    patching::{self, Patched},
    upstream::{
        self, Cache, Choice, Form, Integrity, Line, PackagePin, Pins, Registry, Release,
        Remembered, SourceTree, UpstreamError,
    },
};

/// The shared state of commands: the checkout, its pins, and the source of upstream.
pub struct Workshop {
    pub root: Utf8PathBuf,
    pub registry: Registry,
    pub pins: Pins,
    upstream: Option<Utf8PathBuf>,
    /// Whether that clone must hold the commits of all lines.
    is_upstream_whole: bool,
    patched: patching::PatchCache,
    imports: modules::ImportCache,
}

/// One runtime for one Astro major.
pub struct Job<'w> {
    pub adapter: &'w Adapter,
    pub line: &'w Line,
    workshop: &'w Workshop,
}

/// A finished package.
pub struct Package {
    pub name: String,
    pub version: String,
    /// All files, by their paths in the package.
    pub files: BTreeMap<String, Vec<u8>>,
    pub tarball: Vec<u8>,
    pub integrity: String,
}

impl Package {
    /// `name@version`.
    pub fn release(&self) -> String {
        format!("{}@{}", self.name, self.version)
    }
}

impl Workshop {
    /// Opens the checkout. `upstream` is a clone to use instead of the submodule or the registry.
    pub fn open(upstream: Option<&Utf8Path>) -> Result<Self, Failure> {
        let root = checkout::root()?;
        let pins = Pins::read(&root)?;
        let registry = Registry::new(&root, Cache::of_user()?);
        let upstream = upstream.map(Utf8Path::to_owned);
        let (patched, imports) = (patching::PatchCache::default(), modules::ImportCache::default());
        let is_upstream_whole = true;
        Ok(Self { root, pins, registry, upstream, is_upstream_whole, patched, imports })
    }

    /// Like [`Self::open`], but the clone may lack commits: the registry then provides the source.
    pub fn open_with_tags_of(upstream: Option<&Utf8Path>) -> Result<Self, Failure> {
        Ok(Self { is_upstream_whole: false, ..Self::open(upstream)? })
    }

    /// The releases of these packages. If the registry is unreachable, uses its last answer and
    /// prints a hint.
    pub fn ask(&self, packages: &[&str]) -> Result<Vec<Arc<Vec<Release>>>, UpstreamError> {
        let known = thread::scope(|scope| {
            let ask = |package| scope.spawn(move || self.registry.releases_or_remembered(package));
            let asked: Vec<_> = packages.iter().copied().map(ask).collect();
            // A panicking thread has printed its reason.
            let answers =
                asked.into_iter().map(|it| it.join().unwrap_or_else(|it| resume_unwind(it)));
            answers.collect::<Result<Vec<_>, UpstreamError>>()
        })?;
        let reason = known.iter().find_map(|(_, remembered)| Some(&remembered.as_ref()?.reason));
        if let Some(reason) = reason {
            output::hint(reason);
        }
        let told = packages.iter().zip(known).map(|(package, (releases, remembered))| {
            if let Some(Remembered { since, .. }) = remembered {
                let day = Day::of(since);
                output::hint(&format!("using the releases of `{package}` as of {day}"));
            }
            releases
        });
        Ok(told.collect())
    }

    /// The jobs of these runtimes: one for every line that pins the runtime, or only for the line
    /// of the Astro major `astro`. Jobs of one runtime are adjacent.
    pub fn jobs<'w>(
        &'w self,
        adapters: &'w [Adapter],
        astro: Option<u64>,
    ) -> Result<Vec<Job<'w>>, Failure> {
        let chosen = self.lines(astro)?;
        let mut jobs = Vec::new();
        for adapter in adapters {
            let lines = self.of_adapter(adapter, &chosen)?;
            // With several runtimes, one that is missing from the line is skipped.
            if let (true, Some(newest)) = (lines.is_empty(), chosen.last())
                && (astro.is_none() || adapters.len() == 1)
            {
                newest.package(&adapter.upstream.package)?;
            }
            jobs.extend(lines.into_iter().map(|line| self.job(adapter, line)));
        }
        Ok(jobs)
    }

    /// The lines that pin a runtime's upstream package.
    pub fn of_adapter<'w>(
        &'w self,
        adapter: &Adapter,
        lines: &[&'w Line],
    ) -> Result<Vec<&'w Line>, Failure> {
        let package = &adapter.upstream.package;
        let pinned = self.pins.lines.iter().filter_map(|line| line.packages.get(package));
        let pinned: Vec<Version> = pinned.map(|pin| pin.version.clone()).collect();
        if !pinned.is_empty() {
            check_versions(&adapter.patches, &pinned)?;
        }
        Ok(lines.iter().copied().filter(|line| line.packages.contains_key(package)).collect())
    }

    /// The lines, the oldest first, or only the line of one Astro major.
    pub fn lines(&self, astro: Option<u64>) -> Result<Vec<&Line>, PipelineError> {
        let lines = &self.pins.lines;
        let chosen: Vec<&Line> =
            lines.iter().filter(|line| astro.is_none_or(|major| line.major == major)).collect();
        match astro {
            Some(major) if chosen.is_empty() => {
                let known: Vec<String> = lines.iter().map(|line| line.major.to_string()).collect();
                Err(PipelineError::NoLine { major, known: known.join(", ") })
            }
            _ => Ok(chosen),
        }
    }

    /// The job of a runtime on a line, whether the line is pinned or not.
    pub fn job<'w>(&'w self, adapter: &'w Adapter, line: &'w Line) -> Job<'w> {
        Job { adapter, line, workshop: self }
    }

    /// Our additions to packages, for every runtime and line.
    pub fn additions(&self) -> Result<Additions, Failure> {
        Additions::make(&self.root, &self.registry)
    }
}

/// Runs several jobs in parallel. Shared parts are built once.
pub fn build(jobs: &[Job<'_>]) -> Result<Vec<(Patched, Package)>, Failure> {
    let [first, ..] = jobs else { return Ok(Vec::new()) };
    let (additions, patched) = rayon::join(
        || first.workshop.additions(),
        || jobs.par_iter().map(Job::patched).collect::<Vec<Result<Patched, Failure>>>(),
    );
    let additions = additions?;
    let built = jobs.par_iter().zip(patched).map(|(job, patched)| {
        let patched = patched?;
        let package = job.package(&patched, &additions)?;
        Ok((patched, package))
    });
    Failure::collect(built.collect::<Vec<Result<(Patched, Package), Failure>>>())
}

impl Job<'_> {
    /// The folder of the built package, below the root.
    pub fn folder(&self) -> Utf8PathBuf {
        self.adapter.packages().join(&self.line.name)
    }

    /// The file name of the package's tarball, as in `npm pack`.
    pub fn tarball_name(&self) -> String {
        let name = self.adapter.package.name.trim_start_matches('@').replace('/', "-");
        format!("{name}-{}.tgz", self.stamp())
    }

    /// The version of the package.
    pub fn stamp(&self) -> String {
        stamp::of(self.line, &self.adapter.upstream.package)
    }

    /// The upstream release of the package, `name@version`.
    pub fn upstream_release(&self) -> Result<String, UpstreamError> {
        let package = &self.adapter.upstream.package;
        Ok(format!("{package}@{}", self.line.package(package)?.version))
    }

    /// A release of the runtime's upstream package in the registry form.
    pub fn published(&self, pin: &PackagePin) -> Result<SourceTree, UpstreamError> {
        let package = &self.adapter.upstream.package;
        let commit = self.line.commit.as_deref();
        upstream::published_tree(package, pin, commit, &self.workshop.registry)
    }

    /// From pins to patched modules.
    pub fn patched(&self) -> Result<Patched, Failure> {
        let patched = self.read().and_then(|tree| self.patch(tree));
        // With a single line, the release is obvious.
        patched.map_err(|failure| match self.line.packages.get(&self.adapter.upstream.package) {
            Some(pin) if self.workshop.pins.lines.len() > 1 => {
                failure.about(&format!("{}@{}", self.adapter.upstream.package, pin.version))
            }
            _ => failure,
        })
    }

    /// From pins to a source tree.
    pub fn read(&self) -> Result<SourceTree, Failure> {
        let upstream = &self.adapter.upstream;
        let workshop = self.workshop;
        let is_held = |clone: &&Utf8Path| {
            workshop.is_upstream_whole
                || self.line.commit.as_ref().is_none_or(|commit| upstream::holds(clone, commit))
        };
        let clone = workshop.upstream.as_deref().filter(is_held);
        let choice = Choice::from_options(&workshop.root, clone, self.line);
        let tree = upstream::read(
            self.line,
            &upstream.package,
            &upstream.folder,
            &choice,
            &workshop.registry,
        )?;
        if let Some(commit) = &self.line.commit {
            for path in &tree.not_read {
                output::hint(&format!(
                    "ignoring the changes to `{path}` in the work tree; the pinned commit was read: {commit}"
                ));
            }
        } else if workshop.upstream.is_some() && workshop.is_upstream_whole {
            output::hint(&format!(
                "`[{}]` pins no commit, so `{}` is read from the registry",
                self.line.name, upstream.package
            ));
        }
        Ok(tree)
    }

    /// From a source tree to patched modules, with the post-checks.
    pub fn patch(&self, tree: SourceTree) -> Result<Patched, Failure> {
        patching::patch(self.adapter, tree, &self.workshop.patched)
    }

    /// From patched modules to a package: compile, manifest and stamp, tarball.
    pub fn package(&self, patched: &Patched, additions: &Additions) -> Result<Package, Failure> {
        let files = self.files(patched, additions)?;
        let folder = self.workshop.root.join(self.adapter.packages());
        let tarball = tarball::pack(&files).map_err(|error| output::unwritable(&folder, &error))?;
        let integrity = Integrity::of(&tarball).to_string();
        let (name, version) = (self.adapter.package.name.clone(), self.stamp());
        Ok(Package { name, version, files, tarball, integrity })
    }

    /// Checks a package without packing it.
    pub fn verify(&self, patched: &Patched, additions: &Additions) -> Result<(), Failure> {
        self.files(patched, additions).map(drop)
    }

    /// The complete files of the package, by path.
    fn files(
        &self,
        patched: &Patched,
        additions: &Additions,
    ) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
        let Patched { tree, edits, renamed, .. } = patched;
        let mut files = tree.extras.clone();
        for (name, file) in &tree.modules {
            let code = match tree.form {
                Form::Git => {
                    let source = Source::new(file.path.as_str(), file.text.as_str());
                    compile::javascript(&source, &tree.version)?
                }
                Form::Registry => file.text.clone(),
            };
            files.insert(format!("dist/{name}.js"), code.into_bytes());
        }
        for (name, file) in &tree.declarations {
            files.insert(format!("dist/{name}.d.ts"), file.text.clone().into_bytes());
        }
        let upstream = format!("{}@{}", tree.package, tree.version);
        additions.add_to(&mut files, self.adapter, &upstream, &self.workshop.imports)?;
        let stamp = self.stamp();
        let release = Manifest {
            version: &stamp,
            astro: &self.line.astro,
            adapter: &tree.version,
            tag: &self.line.tag,
            files: &[RECORD, SBOM],
        };
        let manifest = manifest::rewrite(self.adapter, &tree.manifest, &release)?;
        files.insert("package.json".to_owned(), manifest.into_bytes());
        let vendored = additions.vendored(&files);
        files.insert(
            RECORD.to_owned(),
            record::record(self.line, tree, &vendored, edits, *renamed).into_bytes(),
        );
        let path = self.adapter.readme();
        let readme = readme::for_npm(&checkout::read(&self.workshop.root, &path)?, &path);
        files.insert("README.md".to_owned(), readme.into_bytes());
        files.insert("LICENSE".to_owned(), additions.licences(tree, &vendored).into_bytes());
        // Last, because it lists all other files.
        let sbom = sbom::document(self.adapter, self.line, tree, &vendored, &files);
        files.insert(SBOM.to_owned(), sbom.into_bytes());
        Ok(files)
    }
}

/// The requested line is not pinned.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 2)]
pub enum PipelineError {
    /// No line for this Astro major
    ///
    /// A line is a table of `upstream/upstream.toml`, one for every supported Astro major.
    #[error("Astro {major} has no line")]
    #[explain(code = "B023", help = "choose one of: {known}")]
    NoLine { major: u64, known: String },
}
