//! Every way in which upstream cannot be had; errors of a tarball, a clone and a provenance stand beside
//! the modules that read them.

use camino::Utf8PathBuf;
use diagnostics::{Explain, Place};

use super::{archive::ArchiveError, git::GitError, provenance::ProvenanceError};

/// Upstream could not be had, and why.
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

    /// The provenance of a release cannot be relied on.
    #[error(transparent)]
    #[explain(transparent)]
    Provenance(#[from] ProvenanceError),

    /// The pins cannot be read
    ///
    /// `upstream/upstream.toml` says which release of Astro and of its adapters is built. The file
    /// is missing, is not UTF-8, or may not be read.
    #[error("`{path}` cannot be read: {reason}")]
    #[explain(code = "U001", help = "run `git checkout -- {path}` at the root of the checkout")]
    PinsUnreadable { path: Utf8PathBuf, reason: String },

    /// The pins are not valid
    ///
    /// `upstream/upstream.toml` holds one table per Astro major: its version, its release commit
    /// (all 40 digits, an abbreviation can become ambiguous) and, for every adapter, the version
    /// and the sha512 of its published tarball. A package that an `adapter.toml` has under
    /// `[[vendor]]` is pinned there, in the same way. Unknown keys are errors, because a misspelt key
    /// would otherwise leave something unpinned.
    #[error("{message}")]
    #[explain(code = "U002", help = "{advice}")]
    PinInvalid { message: String, advice: String, places: Vec<Place> },

    /// The package is not pinned
    ///
    /// An adapter is built from a package whose version and sha512 are written down. The table of
    /// this Astro major does not name the package.
    #[error("`{package}` is not pinned in `[{line}.packages]`")]
    #[explain(
        code = "U003",
        help = "run `npm view {package} version dist.integrity` and add both under `[{line}.packages]`"
    )]
    NotPinned { package: String, line: String, places: Vec<Place> },

    /// No registry is known
    ///
    /// Neither the environment nor an `.npmrc` names a registry, so npm itself was asked with
    /// `npm config get registry`, and gave no answer. npm comes with Node.
    #[error("npm does not say which registry to use: {reason}")]
    #[explain(
        code = "U004",
        no_answer,
        help = "install Node, or name a registry: `npm_config_registry=URL cargo xtask build`"
    )]
    NoRegistry { reason: String },

    /// npm's configuration cannot be used
    ///
    /// A certificate file or a proxy that npm's configuration names cannot be used. The settings
    /// are read from the environment (`npm_config_…`), from the `.npmrc` at the root of the
    /// checkout, from the user's and, where no other names a registry, from the global one.
    #[error("npm's setting `{key}` cannot be used: {reason}")]
    #[explain(
        code = "U005",
        no_answer,
        help = "run `npm config ls -l` to see where `{key}` is set, and correct it"
    )]
    Configuration { key: String, reason: String },

    /// The registry cannot be reached
    ///
    /// The tarball is not in the cache and the registry gave no answer: no network, a proxy that
    /// is not configured, a certificate that is not trusted. A tarball has to be fetched only
    /// once, afterwards builds need no network. Settings are taken from npm's configuration and
    /// from `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY` and `SSL_CERT_FILE`;
    /// a certificate that only Node knows (`NODE_EXTRA_CA_CERTS`) has to be npm's `cafile` as well.
    #[error("`{package}` is not in the cache, and {url} cannot be reached: {reason}")]
    #[explain(
        code = "U006",
        no_answer,
        help = "run `npm view {package} version`, which asks the same registry; when that works, build again"
    )]
    Unreachable { package: String, url: String, reason: String },

    /// The registry wants other credentials
    ///
    /// The registry answered 401 or 403. Credentials are taken from npm's configuration, from the
    /// entry for this host: `_authToken`, `_auth`, or `username` with `_password`. They are never
    /// sent to another host.
    #[error("the registry refuses `{package}` with status {status}: {url}")]
    #[explain(
        code = "U007",
        no_answer,
        help = "run `npm login --registry={registry}`, then build again"
    )]
    Refused { package: String, url: String, registry: String, status: u16 },

    /// The registry does not have the package
    ///
    /// The registry answered, but knows neither the package nor this version of it: a private
    /// registry that does not mirror it, or a wrong pin.
    #[error("the registry does not have `{release}`: {url}")]
    #[explain(
        code = "U008",
        help = "run `npm view {release} dist.tarball` and compare with `upstream/upstream.toml`"
    )]
    NotPublished { release: String, url: String },

    /// The registry's answer makes no sense
    ///
    /// The registry answered with an unexpected status, or with something that is not a package's
    /// metadata. A proxy that answers with a page of its own is a usual cause.
    #[error("the registry's answer for `{package}` makes no sense: {reason}: {url}")]
    #[explain(code = "U009", no_answer, help = "run `curl -i {url}` and see who answers")]
    BadAnswer { package: String, url: String, reason: String },

    /// The tarball is not the pinned one
    ///
    /// The sha512 of what the registry sent differs from the pin, so not a byte of it was used. A
    /// published version never changes: the pin is wrong, the registry serves something of its
    /// own, or the transfer was tampered with.
    #[error("the tarball of `{release}` is not the pinned one: expected {expected}, got {actual}")]
    #[explain(
        code = "U010",
        help = "run `npm view {release} dist.integrity`; only if it says {actual}, correct the pin"
    )]
    WrongIntegrity { release: String, expected: String, actual: String, places: Vec<Place> },

    /// A module is not text
    ///
    /// Source modules, declarations and manifests have to be UTF-8.
    #[error("`{path}` is not UTF-8: byte {offset}")]
    #[explain(
        code = "U014",
        help = "see what changed upstream: `{path}`; pin another release until it is mended"
    )]
    NotText { path: String, offset: usize },

    /// What was read is not the pinned package
    ///
    /// The `package.json` that was read names another package or another version than the pin.
    /// Commit and version in `upstream/upstream.toml` have to name the same release.
    #[error("`{path}` is of {actual}, but `{release}` is pinned")]
    #[explain(
        code = "U015",
        help = "compare `version` and `commit` in `upstream/upstream.toml`: both have to name one release"
    )]
    OtherPackage { path: String, release: String, actual: String, places: Vec<Place> },

    /// The cache cannot be used
    ///
    /// Tarballs are kept in the user's cache folder, named by their sha512, so that a second build
    /// needs no network.
    #[error("the cache cannot be used: {path}: {reason}")]
    #[explain(
        code = "U016",
        help = "name a folder that can be written: `ZASTRO_CACHE=FOLDER cargo xtask build`"
    )]
    Cache { path: String, reason: String },

    /// A published release has changed
    ///
    /// The registry names another sha512 for a release than the pins do. A published version never
    /// changes: the registry serves something of its own, the release was withdrawn and published
    /// anew, or the pin was never right. What is built is still what the pins say.
    #[error("`{release}` is not what it was: pinned is {pinned}, the registry says {actual}")]
    #[explain(
        code = "U017",
        help = "run `npm view {release} dist.integrity` against another registry, and find out why before the pin is corrected"
    )]
    Changed { release: String, pinned: String, actual: String, places: Vec<Place> },

    /// A release has no sha512
    ///
    /// The registry's metadata name no sha512 for the tarball, so nothing could verify it. npm has
    /// added one to every release since 2017.
    #[error("the registry names no sha512 for `{release}`")]
    #[explain(code = "U018", help = "run `npm view {release} dist`, and take another release")]
    NoIntegrity { release: String },

    /// A version from the workspace is not known
    ///
    /// In Astro's repository packages depend on each other by `workspace:`; a published manifest
    /// needs the real version. It is looked up in the `package.json` files of the same commit, and
    /// none of them has this name.
    #[error(
        "`{file}` depends on `{dependency}` by `{requirement}`, and no package at commit {commit} has that name"
    )]
    #[explain(
        code = "U024",
        help = "run `git -C {path} grep -l '\"name\": \"{dependency}\"' {commit}` to see where it went"
    )]
    WorkspaceVersion {
        path: Utf8PathBuf,
        commit: String,
        file: String,
        dependency: String,
        requirement: String,
    },

    /// The source is there, but not its declarations
    ///
    /// The source was found in git. Type declarations, the licence and other published files are
    /// not in git: they come from the published tarball in both forms, and it could not be had.
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
    /// The tag of a release leads to another commit than the one that is pinned, and not to one before
    /// it either, as that of an Astro does whose adapter was released later. Tags of releases do not
    /// move: either the pin was never right, or somebody has changed what the release is said to be
    /// made of.
    #[error("the tag `{tag}` leads to {tagged}, but {pinned} is pinned")]
    #[explain(
        code = "U031",
        help = "compare the two with `git diff --stat {pinned} {tagged}`; to pin what the tag leads to, say `--commit {tagged}`"
    )]
    TagMoved { tag: String, tagged: String, pinned: String, places: Vec<Place> },

    /// The submodule is not there
    ///
    /// `--submodule` takes the release that `upstream/astro`, or the clone that `--upstream` names,
    /// has checked out. There is no repository, or no release of Astro in it.
    #[error("`{path}` has no release of Astro checked out")]
    #[explain(
        code = "U032",
        help = "run `git submodule update --init --depth 1 {path}`, or say what is to be pinned: `--to VERSION`"
    )]
    NoSubmodule { path: Utf8PathBuf },

    /// There is no such release
    ///
    /// The registry has no release of Astro with this version, or none of the adapter that the commit
    /// has: it is misspelt, or not published yet. Upstream has also counted up versions that it never
    /// published.
    #[error("the registry does not have `{release}`")]
    #[explain(code = "U033", help = "{newest}; run `cargo xtask status` to see all lines")]
    NoSuchRelease { release: String, newest: String },

    /// No release of the adapter is for this Astro
    ///
    /// A line is one major of each adapter. None of its releases accepts this version of Astro by
    /// its peer dependency, or all that do were made with a later one: the release is older than
    /// the range that the adapter has.
    #[error("no release of `{package}` {major}.x is for Astro {astro}")]
    #[explain(
        code = "U034",
        help = "run `npm view '{package}@{major}' peerDependencies.astro`, and choose an Astro that one of them accepts"
    )]
    NoAdapter { package: String, major: u64, astro: String },

    /// Upstream's repository cannot be fetched from
    ///
    /// Tags and changelogs are in Astro's repository only. They are fetched by the git of this machine,
    /// from the address that `.gitmodules` names for the submodule, into a bare clone in the cache.
    #[error("git cannot fetch from `{url}`: {reason}")]
    #[explain(
        code = "U035",
        help = "try it by hand: `git ls-remote {url} HEAD`; or name a clone that has what is needed: `--upstream PATH`"
    )]
    NotFetched { url: String, reason: String },

    /// A step could not reach upstream
    ///
    /// `cargo xtask follow` runs other commands. One of them got no answer from the registry, so nothing
    /// is known of the new releases: neither that they fit nor that they do not. The pins are as they
    /// were.
    #[error("`{command}` could not reach upstream")]
    #[explain(code = "U036", help = "what it said is above; try again later: `cargo xtask follow`")]
    Unknown { command: String },

    /// No one commit is the release of a line
    ///
    /// What a line is made of has to be at one commit, which the stamp names. Of the newest releases
    /// none has a tag that leads to a commit with all the others: upstream is still publishing, has
    /// counted up a version that it never published, or has released from two branches. Or several do,
    /// and which of them came last is not known, because the clone is shallow. An adapter that is
    /// released from another repository is pinned with `form = "registry"`, and not looked for.
    #[error("no one commit is known to be the release of {releases}: {found}")]
    #[explain(
        code = "U037",
        help = "wait if upstream is still publishing, or choose: `cargo xtask sync-version --to VERSION --commit SHA` takes the adapters that the commit has"
    )]
    NoOneCommit { releases: String, found: String },

    /// A range of versions cannot be read
    ///
    /// The metadata of a release name the Node.js that it needs and the Astro that it is for, as ranges
    /// of npm's. This one is none that npm would read, so it is not known what the release accepts.
    #[error("`{field}` of `{release}` cannot be read, `{range}`: {reason}")]
    #[explain(
        code = "U043",
        help = "run `npm view {release} {field}`; if the registry says the same, choose another release: `cargo xtask sync-version --to VERSION`"
    )]
    RangeUnreadable { release: String, field: &'static str, range: String, reason: String },
}
