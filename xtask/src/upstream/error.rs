//! Every way in which upstream cannot be had.

use camino::Utf8PathBuf;
use diagnostics::Explain;
use diagnostics::Place;

/// Upstream could not be had, and why.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 3)]
pub enum UpstreamError {
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

    /// The tarball is damaged
    ///
    /// The tarball is the pinned one, yet it ends too early or is not a gzipped tar archive: it
    /// was published, or pinned, in that state.
    #[error("the tarball of `{release}` is damaged: {reason}")]
    #[explain(
        code = "U011",
        help = "run `npm pack {release}` and `tar tzf` on the result; if it is damaged there, pin another version"
    )]
    Damaged { release: String, reason: String },

    /// The tarball holds an entry that does not belong into a package
    ///
    /// Packages hold regular files below one folder. A path that is absolute or leads out of the
    /// package, a link, a device, or a path that occurs twice is a sign of an attack, and is
    /// refused before anything is written.
    #[error("the tarball of `{release}` holds `{entry}`, {reason}")]
    #[explain(
        code = "U012",
        help = "run `npm pack {release}` and `tar tvzf` on the result; don't pin this version"
    )]
    Hostile { release: String, entry: String, reason: String },

    /// The tarball is too large
    ///
    /// More than 50 MB, as sent or as unpacked. Adapters are a thousandth of that; reading stops
    /// at the limit, so that a gzip bomb fills no memory.
    #[error("what the registry has for `{release}` is larger than {limit} MB, {what}")]
    #[explain(
        code = "U013",
        help = "run `npm view {release} dist.unpackedSize`; don't pin a version of that size"
    )]
    TooLarge { release: String, what: &'static str, limit: usize },

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

    /// The path is not a git repository
    ///
    /// `--upstream` takes a clone of Astro's repository: a work tree or a bare one, complete,
    /// shallow or sparse.
    #[error("`{path}` is not a git repository that can be read: {reason}")]
    #[explain(
        code = "U020",
        help = "run `git -C {path} status`; without `--upstream` the published package is used"
    )]
    NotARepository { path: Utf8PathBuf, reason: String },

    /// The clone does not hold the pinned commit
    ///
    /// The source is read out of the object database at the pinned commit, whatever is checked
    /// out. A shallow clone holds only what was fetched into it.
    #[error("`{path}` does not hold the pinned commit {commit}")]
    #[explain(code = "U021", help = "run `git -C {path} fetch {depth}origin {commit}`")]
    CommitMissing { path: Utf8PathBuf, commit: String, depth: &'static str, places: Vec<Place> },

    /// The commit does not hold the adapter's folder
    ///
    /// `adapter.toml` names the folder of the adapter in Astro's repository. At the pinned commit
    /// there is no such folder, or it holds no TypeScript below `src`: upstream moved it, or the
    /// clone is of another repository.
    #[error("commit {commit} in `{path}` holds no modules in `{folder}`")]
    #[explain(
        code = "U022",
        help = "run `git -C {path} ls-tree -r -d --name-only {commit}` to see where it went, and correct `folder` in the adapter's `adapter.toml`"
    )]
    FolderMissing { path: Utf8PathBuf, commit: String, folder: String },

    /// A partial clone lacks an object
    ///
    /// Clones made with `--filter` fetch objects when git needs them. They are read here without
    /// git, so they have to be fetched before.
    #[error("`{path}` lacks the object {object} of `{file}`: it is a partial clone")]
    #[explain(
        code = "U023",
        help = "run `git -C {path} cat-file -e {object}`, which fetches it, or for all of them `git -C {path} fetch --refetch --no-filter {depth}origin {commit}`"
    )]
    ObjectMissing {
        path: Utf8PathBuf,
        object: String,
        file: String,
        commit: String,
        depth: &'static str,
    },

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

    /// The clone cannot be read
    ///
    /// The repository is there, but an object in it is corrupt or cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    #[explain(code = "U025", help = "run `git -C {path} fsck --connectivity-only`")]
    GitUnreadable { path: Utf8PathBuf, reason: String },

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

    /// An attestation cannot be read
    ///
    /// npm publishes packages with an attestation of their provenance: a Sigstore bundle in JSON. The
    /// registry has one of this release, and it is not in a format that is known here. A newer format is
    /// possible; a damaged one has to be looked into.
    #[error("the attestation of `{release}` cannot be read: {reason}")]
    #[explain(
        code = "U038",
        help = "see whether `npm audit signatures` accepts it; to pin without it, name the commit: `--commit SHA`"
    )]
    AttestationUnreadable { release: String, reason: String },

    /// An attestation is of another tarball
    ///
    /// The statement that was signed names the package and the sha512 of its tarball. Those are not the
    /// release that is to be pinned: the registry mixes up releases, or serves a tarball that upstream
    /// did not build.
    #[error(
        "the attestation of `{release}` is not about its tarball, whose sha512 is {expected}: it is about {actual}"
    )]
    #[explain(
        code = "U039",
        help = "don't pin this release before it is known why: compare `npm view {release} dist` on another registry"
    )]
    AttestationOfOther { release: String, actual: String, expected: String },

    /// An attestation is not signed as it has to be
    ///
    /// The signature has to be made with the key of the certificate in the attestation, the certificate
    /// has to be issued by an authority in `upstream/sigstore.pem`, and both have to name the same
    /// commit. Otherwise anybody could have written the attestation.
    #[error("the attestation of `{release}` proves nothing: {reason}")]
    #[explain(
        code = "U040",
        help = "don't pin this release before it is known why: see what `npm audit signatures` says of it"
    )]
    AttestationForged { release: String, reason: String },

    /// An attestation is of another repository
    ///
    /// The release was built from a repository that is not upstream's, which `.gitmodules` names: a fork
    /// that was published in its place, or upstream has moved.
    #[error("`{release}` was built from {actual}, and not from {expected}")]
    #[explain(
        code = "U041",
        help = "don't pin this release before it is known why; if upstream has moved, correct the address in `.gitmodules`"
    )]
    AttestationElsewhere { release: String, actual: String, expected: String },

    /// Whom to believe is not known
    ///
    /// The registry has an attestation of a release. It is held against the certificates in
    /// `upstream/sigstore.pem` and the address of upstream's repository in `.gitmodules`, and one of them
    /// cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    #[explain(code = "U042", help = "run `git checkout -- {path}` at the root of the checkout")]
    RootsUnreadable { path: Utf8PathBuf, reason: String },

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
