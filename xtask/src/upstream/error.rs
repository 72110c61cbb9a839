//! Errors of upstream. Errors of tarballs, clones and provenance are in the modules that read them.

use camino::Utf8PathBuf;
use diagnostics::{Explain, Place};

use super::{archive::ArchiveError, git::GitError, provenance::ProvenanceError};

/// Upstream is not available.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 3)]
pub enum UpstreamError {
    /// A tarball cannot be unpacked.
    #[error(transparent)]
    #[explain(transparent)]
    Archive(#[from] ArchiveError),

    /// A clone cannot be read.
    #[error(transparent)]
    #[explain(transparent)]
    Git(#[from] GitError),

    /// The provenance of a release cannot be trusted.
    #[error(transparent)]
    #[explain(transparent)]
    Provenance(#[from] ProvenanceError),

    /// The pins file cannot be read
    ///
    /// `upstream/upstream.toml` pins the releases of Astro and its adapters to build. The file is
    /// missing, is not UTF-8, or lacks read permission.
    #[error("`{path}` cannot be read: {reason}")]
    #[explain(code = "U001", help = "run `git checkout -- {path}` at the root of the checkout")]
    PinsUnreadable { path: Utf8PathBuf, reason: String },

    /// A pin is not valid
    ///
    /// `upstream/upstream.toml` holds one table per Astro major: its version, its release commit,
    /// and the version and tarball sha512 of every adapter. The commit needs all 40 digits: an
    /// abbreviation can become ambiguous. Packages under `[[vendor]]` in an `adapter.toml` are
    /// pinned in the same way. Unknown keys are errors: a misspelt key would leave something
    /// unpinned.
    #[error("{message}")]
    #[explain(code = "U002", help = "{advice}")]
    PinInvalid { message: String, advice: String, places: Vec<Place> },

    /// The package is not pinned
    ///
    /// An adapter is built only from a package with a pinned version and sha512. The table of this
    /// Astro major does not list the package.
    #[error("`{package}` is not pinned in `[{line}.packages]`")]
    #[explain(
        code = "U003",
        help = "run `npm view {package} version dist.integrity` and add both under `[{line}.packages]`"
    )]
    NotPinned { package: String, line: String, places: Vec<Place> },

    /// No registry is configured
    ///
    /// Neither the environment nor an `.npmrc` sets a registry. xtask therefore asked npm with `npm
    /// config get registry`, which also failed. npm comes with Node.
    #[error("npm reports no registry: {reason}")]
    #[explain(
        code = "U004",
        no_answer,
        help = "install Node, or set a registry: `npm_config_registry=URL cargo xtask build`"
    )]
    NoRegistry { reason: String },

    /// npm's configuration cannot be used
    ///
    /// npm's configuration names a certificate file or a proxy that cannot be used. Settings come
    /// from the environment (`npm_config_…`), from the `.npmrc` at the root of the checkout, and
    /// from the user's. The global one counts only if no other sets a registry.
    #[error("npm's setting `{key}` cannot be used: {reason}")]
    #[explain(
        code = "U005",
        no_answer,
        help = "run `npm config ls -l` to find the setting `{key}`, and fix it"
    )]
    Configuration { key: String, reason: String },

    /// The registry is unreachable
    ///
    /// The tarball is not in the cache and the registry did not respond: no network, a missing
    /// proxy setting, or an untrusted certificate. Each tarball is fetched once; later builds need
    /// no network. Settings come from npm's configuration and from `HTTPS_PROXY`, `HTTP_PROXY`,
    /// `NO_PROXY` and `SSL_CERT_FILE`. A certificate in `NODE_EXTRA_CA_CERTS` is known to Node
    /// alone: set it as npm's `cafile` too.
    #[error("`{package}` is not in the cache, and {url} is unreachable: {reason}")]
    #[explain(
        code = "U006",
        no_answer,
        help = "run `npm view {package} version`, which asks the same registry; once it works, build again"
    )]
    Unreachable { package: String, url: String, reason: String },

    /// The registry rejects the credentials
    ///
    /// The registry answered with status 401 or 403. Credentials come from the entry for this host
    /// in npm's configuration: `_authToken`, `_auth`, or `username` with `_password`. They are
    /// never sent to another host.
    #[error("the registry rejects the request for `{package}` with status {status}: {url}")]
    #[explain(
        code = "U007",
        no_answer,
        help = "run `npm login --registry={registry}`, then build again"
    )]
    Refused { package: String, url: String, registry: String, status: u16 },

    /// The registry does not have the package
    ///
    /// The registry answered, but has no such package or version. It may be a private registry
    /// without a mirror of the package, or the pin may be wrong.
    #[error("the registry does not have `{release}`: {url}")]
    #[explain(
        code = "U008",
        help = "run `npm view {release} dist.tarball` and compare with `upstream/upstream.toml`"
    )]
    NotPublished { release: String, url: String },

    /// The registry's answer is invalid
    ///
    /// The registry answered with an unexpected status, or with something other than package
    /// metadata. A usual cause is a proxy with its own error page.
    #[error("the registry's answer for `{package}` is invalid: {reason}: {url}")]
    #[explain(code = "U009", no_answer, help = "run `curl -i {url}` to see the answer")]
    BadAnswer { package: String, url: String, reason: String },

    /// The tarball does not match the pin
    ///
    /// The sha512 of the downloaded tarball differs from the pin, so none of it was used. A
    /// published version never changes. Either the pin is wrong, the registry serves other content,
    /// or the transfer was tampered with.
    #[error("the tarball of `{release}` does not match its pin: expected {expected}, got {actual}")]
    #[explain(
        code = "U010",
        help = "run `npm view {release} dist.integrity`; correct the pin only if it prints {actual}"
    )]
    WrongIntegrity { release: String, expected: String, actual: String, places: Vec<Place> },

    /// A source file is not UTF-8
    ///
    /// Source modules, declarations and manifests must be UTF-8.
    #[error("`{path}` is not UTF-8: byte {offset}")]
    #[explain(
        code = "U014",
        help = "check the upstream changes of `{path}`; pin another release until upstream fixes it"
    )]
    NotText { path: String, offset: usize },

    /// The package differs from the pin
    ///
    /// The `package.json` has another name or version than the pin. Commit and version in
    /// `upstream/upstream.toml` must belong to the same release.
    #[error("`{path}` belongs to {actual}, but `{release}` is pinned")]
    #[explain(
        code = "U015",
        help = "compare `version` and `commit` in `upstream/upstream.toml`: both must belong to one release"
    )]
    OtherPackage { path: String, release: String, actual: String, places: Vec<Place> },

    /// The cache cannot be used
    ///
    /// Tarballs are stored in the user's cache folder, named by their sha512, so a second build
    /// needs no network.
    #[error("the cache cannot be used: {path}: {reason}")]
    #[explain(
        code = "U016",
        help = "choose a writable folder: `ZASTRO_CACHE=FOLDER cargo xtask build`"
    )]
    Cache { path: String, reason: String },

    /// A published release has changed
    ///
    /// The registry reports another sha512 for a release than the pins. A published version never
    /// changes. Either the registry serves other content, the release was withdrawn and
    /// republished, or the pin was always wrong. Builds still use the pinned content.
    #[error("`{release}` has changed: the pin is {pinned}, but the registry reports {actual}")]
    #[explain(
        code = "U017",
        help = "run `npm view {release} dist.integrity` against another registry, and find the cause before you change the pin"
    )]
    Changed { release: String, pinned: String, actual: String, places: Vec<Place> },

    /// A release has no sha512
    ///
    /// The registry's metadata have no sha512 for the tarball, so it cannot be verified. npm has
    /// added one to every release since 2017.
    #[error("the registry has no sha512 for `{release}`")]
    #[explain(code = "U018", help = "run `npm view {release} dist`, then choose another release")]
    NoIntegrity { release: String },

    /// A workspace dependency cannot be resolved
    ///
    /// In Astro's repository packages depend on each other by `workspace:`. A published manifest
    /// needs the real version, taken from the `package.json` files of the same commit. None of them
    /// has this name.
    #[error(
        "`{file}` depends on `{dependency}` by `{requirement}`, but no package at commit {commit} has that name"
    )]
    #[explain(
        code = "U024",
        help = "run `git -C {path} grep -l '\"name\": \"{dependency}\"' {commit}` to find the package"
    )]
    WorkspaceVersion {
        path: Utf8PathBuf,
        commit: String,
        file: String,
        dependency: String,
        requirement: String,
    },

    /// The type declarations of a git source are missing
    ///
    /// The source comes from git. Type declarations, the licence and other published files are not
    /// in git: in both forms they come from the published tarball. That tarball is not available.
    #[error(
        "the source of `{package}` is in git, but its type declarations come from the published package: {cause}"
    )]
    #[explain(code = "U026", no_answer, help = "{advice}")]
    DeclarationsMissing {
        package: String,
        advice: String,
        #[source]
        cause: Box<UpstreamError>,
    },

    /// A tag has moved
    ///
    /// The tag of a release leads to a commit that is neither the pinned one nor before it. Astro's
    /// tag may lead to an earlier commit if an adapter was released later. Release tags do not
    /// move. Either the pin was always wrong, or someone has changed the content of the release.
    #[error("the tag `{tag}` leads to {tagged}, but {pinned} is pinned")]
    #[explain(
        code = "U031",
        help = "compare the two with `git diff --stat {pinned} {tagged}`; to pin the tag's commit, use `--commit {tagged}`"
    )]
    TagMoved { tag: String, tagged: String, pinned: String, places: Vec<Place> },

    /// The submodule is missing
    ///
    /// `--submodule` uses the release checked out in `upstream/astro`, or in the clone given by
    /// `--upstream`. The path has no repository, or no release of Astro in it.
    #[error("`{path}` has no release of Astro checked out")]
    #[explain(
        code = "U032",
        help = "run `git submodule update --init --depth 1 {path}`, or name the release: `--to VERSION`"
    )]
    NoSubmodule { path: Utf8PathBuf },

    /// No such release
    ///
    /// The registry has no release of Astro with this version, or no release of the adapter at this
    /// commit. The version is misspelt or not published yet. Upstream has also skipped versions
    /// without publishing them.
    #[error("the registry does not have `{release}`")]
    #[explain(code = "U033", help = "{newest}; run `cargo xtask status` to see all lines")]
    NoSuchRelease { release: String, newest: String },

    /// No release of the adapter fits this Astro
    ///
    /// A line pins one major of each adapter. No release of that major accepts this Astro version
    /// by its peer dependency and was built with it or an earlier one. This Astro is older than the
    /// range that the adapter supports.
    #[error("no release of `{package}` {major}.x fits Astro {astro}")]
    #[explain(
        code = "U034",
        help = "run `npm view '{package}@{major}' peerDependencies.astro`, and choose an Astro version in one of the ranges"
    )]
    NoAdapter { package: String, major: u64, astro: String },

    /// Upstream's repository cannot be fetched
    ///
    /// Tags and changelogs exist only in Astro's repository. The git of this machine fetches them
    /// from the submodule's address in `.gitmodules` into a bare clone in the cache.
    #[error("git cannot fetch from `{url}`: {reason}")]
    #[explain(
        code = "U035",
        help = "try `git ls-remote {url} HEAD`, or use a clone with these commits and tags: `--upstream PATH`"
    )]
    NotFetched { url: String, reason: String },

    /// A step could not reach upstream
    ///
    /// `cargo xtask follow` runs other commands. One of them got no answer from the registry, so
    /// the new releases remain untested. The pins are unchanged.
    #[error("`{command}` could not reach upstream")]
    #[explain(code = "U036", help = "see its error above; try again later: `cargo xtask follow`")]
    Unknown { command: String },

    /// The release commit of a line is unknown
    ///
    /// All releases of a line must be at one commit, which the stamp names. None of the newest
    /// releases has a tag that leads to a commit with all the others. Upstream may still be
    /// publishing, may have skipped a version, or may have released from two branches. If several
    /// commits match, a shallow clone cannot tell the last one. Pin an adapter that is released
    /// from another repository with `form = "registry"`: it is then left out.
    #[error("no single commit is known for {releases}: {found}")]
    #[explain(
        code = "U037",
        help = "wait if upstream is still publishing, or choose a commit and its adapters: `cargo xtask sync-version --to VERSION --commit SHA`"
    )]
    NoOneCommit { releases: String, found: String },

    /// A version range cannot be parsed
    ///
    /// A release's metadata give its Node.js and Astro versions as npm ranges. npm cannot parse
    /// this range either, so the accepted versions are unknown.
    #[error("`{field}` of `{release}` is not a valid range, `{range}`: {reason}")]
    #[explain(
        code = "U043",
        help = "run `npm view {release} {field}`; if the registry has the same range, choose another release: `cargo xtask sync-version --to VERSION`"
    )]
    RangeUnreadable { release: String, field: &'static str, range: String, reason: String },
}
