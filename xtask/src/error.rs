//! What can go wrong outside upstream and patches, and how every failure is shown.

use std::process::ExitCode;

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::{Entry, Explain, Place, Report};
use javascript::JavaScriptError;
use semantic_patch::PatchError;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::{commands::publish::PublishError, output, upstream::UpstreamError};

/// Every error that has a code, in the order of codes.
pub fn catalogue() -> Vec<&'static Entry> {
    let own = BuildError::CATALOGUE.iter().chain(UsageError::CATALOGUE);
    let own = own.chain(PublishError::CATALOGUE);
    let all = own.chain(PatchError::CATALOGUE).chain(JavaScriptError::CATALOGUE);
    let mut all: Vec<&Entry> = all.chain(UpstreamError::CATALOGUE).collect();
    all.sort_by_key(|entry| entry.code);
    all
}

/// The end of a command that failed, with everything that was wrong.
#[derive(Debug, Clone)]
pub struct Failure(Vec<Report>);

// Not one `impl<E: Explain>`: it would overlap with those of lists.
impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::of([error])
    }
}

impl From<UsageError> for Failure {
    fn from(error: UsageError) -> Self {
        Self::of([error])
    }
}

impl From<UpstreamError> for Failure {
    fn from(error: UpstreamError) -> Self {
        Self::of([error])
    }
}

impl From<PublishError> for Failure {
    fn from(error: PublishError) -> Self {
        Self::of([error])
    }
}

impl From<PatchError> for Failure {
    fn from(error: PatchError) -> Self {
        Self::of([error])
    }
}

impl From<JavaScriptError> for Failure {
    fn from(error: JavaScriptError) -> Self {
        Self::of([error])
    }
}

impl From<Vec<PatchError>> for Failure {
    fn from(errors: Vec<PatchError>) -> Self {
        Self::of(errors)
    }
}

/// One thing that was wrong, as other programs are told it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    pub code: String,
    pub message: String,
    pub help: String,
    pub exit: u8,
    /// Whether what was asked is not known, and asking again may tell it.
    pub no_answer: bool,
}

impl Failure {
    /// Everything that was wrong at once.
    pub fn of<E: Explain>(errors: impl IntoIterator<Item = E>) -> Self {
        Self(errors.into_iter().map(Report::from).collect())
    }

    /// Several failures as one; `None` if there is none.
    pub fn all(failures: Vec<Self>) -> Option<Self> {
        let reports: Vec<Report> = failures.into_iter().flat_map(|failure| failure.0).collect();
        (!reports.is_empty()).then_some(Self(reports))
    }

    /// What has succeeded if nothing failed, else everything that was wrong, in the order of both.
    pub fn collect<T>(results: impl IntoIterator<Item = Result<T, Self>>) -> Result<Vec<T>, Self> {
        let (mut succeeded, mut failures) = (Vec::new(), Vec::new());
        for result in results {
            match result {
                Ok(success) => succeeded.push(success),
                Err(failure) => failures.push(failure),
            }
        }
        Self::all(failures).map_or(Ok(succeeded), Err)
    }

    /// The same, with the name of the release that it is about before each sentence without it.
    #[must_use]
    pub fn of_release(mut self, package: &str, version: &Version) -> Self {
        let release = format!("{package}@{version}");
        for report in self.0.iter_mut().filter(|report| !report.message.contains(&release)) {
            report.message = format!("{release}: {}", report.message);
        }
        self
    }

    /// For programs.
    fn json(&self) -> String {
        let told = self.0.iter().map(|report| Told {
            code: report.code.to_owned(),
            message: report.message.clone(),
            help: report.help.clone(),
            exit: report.exit,
            no_answer: report.no_answer,
        });
        // Strings, numbers and booleans: nothing in it can fail to serialise.
        serde_json::to_string(&told.collect::<Vec<Told>>()).unwrap_or_default()
    }

    /// Everything that was wrong, one by one.
    pub fn reports(&self) -> &[Report] {
        &self.0
    }

    /// How a process ends with this.
    pub fn exit(&self) -> u8 {
        self.0.iter().map(|report| report.exit).max().unwrap_or(1)
    }

    /// Shows everything on stderr and says how the process has to end. Programs that want it get
    /// the same as JSON, in this file.
    pub fn report(self, json: Option<&Utf8Path>) -> ExitCode {
        let written = json.map_or(Ok(()), |path| output::write_file(path, self.json()));
        if let Err(error) = written {
            anstream::eprintln!("{}", Report::from(error).render(true));
        }
        let mut codes: Vec<&str> = Vec::new();
        for report in &self.0 {
            anstream::eprintln!("{}", report.render(true));
            if !codes.contains(&report.code) {
                codes.push(report.code);
            }
        }
        let explain: Vec<String> =
            codes.iter().map(|code| format!("`cargo xtask explain {code}`")).collect();
        output::hint(&format!("more about it: {}", explain.join(", ")));
        ExitCode::from(self.exit())
    }
}

/// What can go wrong in the checkout and while building.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum BuildError {
    /// The command was not called in a checkout
    ///
    /// The root of the checkout is the nearest folder upwards that holds `upstream/upstream.toml`.
    #[error("`{folder}` is in no checkout of this project")]
    #[explain(code = "B001", help = "change into the checkout and call `cargo xtask` there")]
    NoCheckout { folder: String },

    /// A file among the patches is no patch file
    ///
    /// Patch files are named after the upstream module that they edit, with the ending `.toml`. A
    /// file of another kind would be silently unused.
    #[error("`{path}` is no patch file")]
    #[explain(
        code = "B002",
        help = "rename it to the upstream module with the ending `.toml`, or move it elsewhere"
    )]
    NoPatch { path: Utf8PathBuf },

    /// A runtime's description cannot be read
    ///
    /// `adapter.toml` says what a runtime is: the upstream package and its folder, our package's
    /// name, what is added to the manifest, the ranges of peers that are raised, the packages that
    /// templates import, and where the upstream package's name may stay. A range is raised only while
    /// upstream's begins earlier.
    #[error("{message}")]
    #[explain(code = "B003", help = "correct the marked place")]
    AdapterUnreadable { message: String, places: Vec<Place> },

    /// A file of the checkout cannot be read
    ///
    /// A patch file, a template, a README or a licence that the build needs.
    #[error("`{path}` cannot be read: {reason}")]
    #[explain(code = "B004", help = "run `git status` to see what is missing in the checkout")]
    Unreadable { path: Utf8PathBuf, reason: String },

    /// A module cannot be compiled
    ///
    /// TypeScript is compiled to JavaScript module by module, and our own modules to declarations
    /// as well, which needs explicit types on everything that is exported (isolatedDeclarations).
    #[error("`{module}` cannot be compiled: {message}")]
    #[explain(code = "B005", help = "correct the marked place")]
    NotCompiled { module: String, message: String, places: Vec<Place> },

    /// A package refers to a file that it does not have
    ///
    /// Every relative import of a module in `dist/` has to lead to a file of the package, and so has
    /// every target of `exports` in `adapter.toml`. A patch and `exports` name `templates/x/y.ts` by
    /// where it is in the package, `websocket/x/y.js` below `dist/`, and a template by where it is
    /// beside the other.
    #[error("`{module}` refers to `{specifier}`, which the package does not have")]
    #[explain(
        code = "B006",
        help = "correct it in the patch, in the template or in `adapter.toml`; `git ls-files templates` lists what there is"
    )]
    MissingModule { module: String, specifier: String },

    /// Upstream's manifest cannot be used
    ///
    /// The upstream package's `package.json` is not a JSON object with the keys that every
    /// published package has.
    #[error("upstream's package.json of `{package}` cannot be used: {reason}")]
    #[explain(code = "B007", help = "run `npm pack {package}` and look at its package.json")]
    Manifest { package: String, reason: String },

    /// Another build is running
    ///
    /// Builds of one runtime write to one folder, so only one may run at a time. The lock is
    /// released when its process ends, however it ends.
    #[error("another build of `{runtime}` is running")]
    #[explain(code = "B008", help = "wait for it to end, then build again")]
    Locked { runtime: String },

    /// The package cannot be written
    ///
    /// A package is written beside the earlier one and takes its place in one step at the end, so
    /// the earlier one is still as it was.
    #[error("`{path}` cannot be written: {reason}")]
    #[explain(
        code = "B009",
        help = "see who owns it and what is free: `ls -ld {path}`, `df {path}`; the earlier build is unchanged"
    )]
    Unwritable { path: Utf8PathBuf, reason: String },

    /// Another program failed
    ///
    /// A command hands work to another program: tests and benchmarks to `cargo`, the submodule to
    /// `git`. It could not be started, or it ended with an error of its own.
    #[error("`{command}` failed: {reason}")]
    #[explain(code = "B010", help = "run it by hand: `{command}`")]
    ProgramFailed { command: String, reason: String },

    /// A package cannot be made into one module
    ///
    /// A package under `[[vendor]]` goes into ours as one ECMAScript module: its CommonJS modules,
    /// each in a function, with `require('…')` replaced by what it stands for. So it needs an entry
    /// (`main` of its manifest), a licence to be passed on, and modules that ask nothing of Node's
    /// module system but `require` with a literal: no computed names, no `require.resolve`, no
    /// `__dirname`.
    #[error("`{release}` cannot be made into one module: {reason}")]
    #[explain(
        code = "B011",
        help = "run `npm pack {release}` and look at it; a package that does not fit has to stay under `dependencies`"
    )]
    NotVendored { release: String, reason: String, places: Vec<Place> },

    /// A vendored package requires a module that is not declared
    ///
    /// What a vendored package requires from outside is listed in `adapter.toml`: `imports` for
    /// what it gets, `absent` for optional packages that it must not find. Anything else is new in
    /// this release of it, and wants a decision.
    #[error("`{release}` requires `{specifier}`, which is neither in it nor declared")]
    #[explain(
        code = "B012",
        help = "add `{specifier}` to `imports` or to `absent` of the package in `adapter.toml`"
    )]
    UndeclaredRequire { release: String, specifier: String, places: Vec<Place> },

    /// A declared module is not required
    ///
    /// `imports` and `absent` of a vendored package list what it requires. A name that nothing in
    /// it requires is left over from another release, or misspelt.
    #[error("`{specifier}` is declared for `{release}`, where nothing requires it")]
    #[explain(code = "B013", help = "remove `{specifier}` from `[[vendor]]` in `adapter.toml`")]
    UnusedRequire { release: String, specifier: String },

    /// The record of reviews cannot be read
    ///
    /// `upstream/reviewed.toml` holds hashes of the code that edits depend on. It is written by
    /// `cargo xtask sync-version --accept`, and not by hand.
    #[error("`upstream/reviewed.toml` cannot be read: {message}")]
    #[explain(
        code = "B014",
        help = "run `git checkout -- upstream/reviewed.toml`; after a merge, delete it and run `cargo xtask sync-version --accept`"
    )]
    ReviewedUnreadable { message: String, places: Vec<Place> },

    /// The history of the checkout cannot be read
    ///
    /// Release notes and proposals are made of commits and tags: the checkout has to be a clone of the
    /// repository, and not an archive of its files.
    #[error("the history of this checkout cannot be read: {reason}")]
    #[explain(
        code = "B015",
        help = "call it in a clone with all commits and tags: `git fetch --unshallow --tags`"
    )]
    NoHistory { reason: String },

    /// The changelog does not tell of a release
    ///
    /// `CHANGELOG.md` has a section for every release, `## [0.2.0] - 2026-12-24`. It is what people
    /// wrote about the release, and the notes begin with it.
    #[error("`CHANGELOG.md` says nothing of {version}")]
    #[explain(
        code = "B016",
        help = "put what stands under `## [Unreleased]` under `## [{version}]` with the day, commit, and move the tag"
    )]
    NotInChangelog { version: Version },

    /// A proposal cannot be used
    ///
    /// A proposal is what `cargo xtask follow` prints: JSON with a pull request, an issue, both or
    /// none. It is made in a job that runs foreign code, so nothing is taken from it but texts and
    /// pins, and the pins have to be readable.
    #[error("`{path}` is no proposal: {reason}")]
    #[explain(code = "B017", help = "make it anew: `cargo xtask follow > {path}`")]
    NoProposal { path: Utf8PathBuf, reason: String },

    /// Releases that are said not to fit do fit
    ///
    /// An entry under `[[unfit]]` of `adapter.toml` says of some releases why the patches cannot be
    /// for them, and a sweep takes that for an answer. All the releases that it names fit by now, so
    /// it would hide what one day does not.
    #[error("`{runtime}`: every release of `{versions}` fits")]
    #[explain(code = "B018", help = "remove the marked entry")]
    FitsAfterAll { runtime: String, versions: String, places: Vec<Place> },

    /// A module goes into no package
    ///
    /// A package holds the modules of `templates/` that its patches import and that `exports` in
    /// `adapter.toml` names, with everything that these import, packages under `[[vendor]]` too. What
    /// no package of any runtime and line holds is dead code: nothing runs it but its own tests. Only
    /// a build of all packages can tell.
    #[error("no package holds `{module}`")]
    #[explain(
        code = "B019",
        help = "import it in a patch or in a template that is used, name it under `exports` in `adapter.toml`, or remove it"
    )]
    InNoPackage { module: String },
}

/// What can be wrong with the way a command is called, beside what its grammar says.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 2)]
pub enum UsageError {
    /// There is no such runtime
    ///
    /// A runtime is a folder of `adapters/` with an `adapter.toml`.
    #[error("there is no runtime `{name}`")]
    #[explain(code = "B020", help = "choose one of: {known}")]
    Runtime { name: String, known: String },

    /// There is no line for this Astro major
    ///
    /// A line is a table of `upstream/upstream.toml`, one for every Astro major that is built.
    #[error("there is no line for Astro {major}")]
    #[explain(code = "B023", help = "choose one of: {known}")]
    Line { major: u64, known: String },

    /// There is no such release
    ///
    /// A sweep takes the releases whose major is pinned for one of the lines. None of them is as
    /// new as `--since` asks for.
    #[error("no release of the pinned majors is {since} or newer")]
    #[explain(code = "B024", help = "run `cargo xtask status` to see the newest releases")]
    NoRelease { since: Version },

    /// No such Node.js is brought
    ///
    /// Suites run on the Node.js that the tools pin, or on one of `tests/tools/nodes/`, each a folder
    /// with a `package.json` and its lockfile.
    #[error("no Node.js {major} is pinned")]
    #[explain(code = "B028", help = "choose one of: {known}")]
    Node { major: u64, known: String },

    /// There is no such revision
    ///
    /// A tag, a branch or a commit of this repository. Releases have tags such as `v0.2.0`.
    #[error("there is no revision `{name}`")]
    #[explain(
        code = "B027",
        help = "run `git fetch --tags`, and `git tag --list 'v*'` to see the releases"
    )]
    Revision { name: String },

    /// What is asked for contradicts itself
    ///
    /// A version of Astro belongs to the line of its major, and a commit to one release.
    #[error("{message}")]
    #[explain(code = "B025", help = "{advice}")]
    Contradiction { message: String, advice: String },

    /// The dist-tag cannot be used
    ///
    /// A stamp is a prerelease to semver, so npm publishes it only under a tag that is named. Every
    /// line has one of its own, `tag` in `upstream/upstream.toml`, and `--tag` names another for one
    /// line; a tag that two lines shared would be moved from one Astro to another, and `latest` to an
    /// older one. npm takes no tag that could be a range of versions, such as `7` or `v7.2`.
    #[error("{message}")]
    #[explain(code = "B026", help = "{advice}")]
    Tag { message: String, advice: String },

    /// There is no such code
    ///
    /// Codes are a letter and three digits: P for patches, U for upstream, N for publishing on npm, B
    /// for everything else.
    #[error("there is no error code `{code}`")]
    #[explain(code = "B021", help = "run `cargo xtask explain` for the list")]
    Code { code: String },

    /// There is no such suite
    ///
    /// Test suites are `toolchain` and one per runtime; benchmarks have names of their own.
    #[error("there is no suite `{name}`")]
    #[explain(code = "B022", help = "choose one of: {known}")]
    Suite { name: String, known: String },
}
