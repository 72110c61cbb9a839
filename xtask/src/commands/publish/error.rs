//! Every way in which a package is not published.

use diagnostics::Explain;

use crate::upstream::UpstreamError;

/// A package is not published, and why.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum PublishError {
    /// The package has not passed its tests
    ///
    /// A package is published when its tarball, with this sha512, has passed the suite `toolchain`
    /// and that of its runtime on its own line of Astro. `cargo xtask test` writes down what has
    /// passed a suite that was run whole, in a file beside the built package,
    /// `adapters/<runtime>/pkg/<line>.passed-<suite>.json`; a suite that fails takes it away again.
    /// Where tests run in other jobs than publishing, these files are to be carried from the ones to
    /// the other.
    #[error("`{release}` has not passed {suites}")]
    #[explain(
        code = "N001",
        help = "run {commands}, or `cargo xtask test --every-line` for all packages"
    )]
    NotTested { release: String, suites: String, commands: String },

    /// The package is not the one that was tested
    ///
    /// The tarball that would be uploaded has another sha512 than the one that has passed the suite:
    /// something that goes into it was changed since. Packing is no cause of that: the same sources
    /// make the same bytes on every machine.
    #[error(
        "`{release}` is not the package that has passed {suites}: that one was {tested}, this one is {actual}"
    )]
    #[explain(
        code = "N002",
        help = "run `git log --stat` to see what was changed; then test it: {commands}"
    )]
    NotTheTested {
        release: String,
        suites: String,
        tested: String,
        actual: String,
        commands: String,
    },

    /// The package is built from another pin than its stamp says
    ///
    /// A stamp names one release of Astro and its commit, and with it one release of the adapter. What
    /// was tested under this stamp was made of another release of the adapter than what would be
    /// uploaded under it: somebody has moved that pin and not the rest of the line.
    #[error(
        "`{release}` is stamped like a package that was made of `{tested}`, and is made of `{actual}`"
    )]
    #[explain(
        code = "N003",
        help = "move all pins of a line at once, `cargo xtask sync-version`; or give the package a stamp of its own, `revision` in `upstream/upstream.toml`"
    )]
    OtherPin { release: String, tested: String, actual: String },

    /// The work tree has changes
    ///
    /// What is published has to be found in the repository by whoever wants to know how it was made,
    /// and a package names its commit where the CI proves its origin. Files that git does not know
    /// count as well: a template among them would go into the package.
    #[error("the work tree has changes that are not committed: {files}")]
    #[explain(code = "N004", help = "run `git status`; commit the changes, or `git stash -u` them")]
    Dirty { files: String },

    /// The version is published with other content
    ///
    /// The registry has a package of this name and version with another sha512. A published version
    /// never changes, so this one needs a version of its own. `revision` in the line of the pins is
    /// made for that: it is appended to the stamp, and sorts after it.
    #[error("`{release}` is published with other content: there it is {published}, here {actual}")]
    #[explain(
        code = "N005",
        help = "set `revision = {revision}` in `[{line}]` of `upstream/upstream.toml`, build and test"
    )]
    OtherContent { release: String, published: String, actual: String, line: String, revision: u64 },

    /// The dist-tag would go back
    ///
    /// Sites that install a package by its tag would get an older Astro than before: the tag is at a
    /// newer version. That is so when an older line still has the tag that a newer one has got since.
    #[error("the tag `{tag}` of `{package}` is at {newer}, which is newer than {version}")]
    #[explain(
        code = "N006",
        help = "give the line a tag of its own in `upstream/upstream.toml`, or name another: `--tag TAG --astro {major}`"
    )]
    TagWouldGoBack { package: String, tag: String, version: String, newer: String, major: u64 },

    /// The registry does not say what it has
    ///
    /// Before anything is uploaded, and whenever the answer to an upload was lost, the registry is
    /// asked what it has. It could not be asked, or its answer makes no sense.
    #[error("the registry does not say what it has of `{package}`: {cause}")]
    #[explain(
        code = "N007",
        help = "run `npm view {package} dist-tags --registry={registry}`, which asks the same; when that works or says E404, publish again: what is there is not uploaded a second time"
    )]
    Silent {
        package: String,
        registry: String,
        #[source]
        cause: Box<UpstreamError>,
    },

    /// Nobody is logged in
    ///
    /// npm's configuration has no credentials for this registry. On a machine of your own, log in. In
    /// CI, let the registry trust the workflow (trusted publishing: no token is needed, but the
    /// job needs the permission `id-token: write`, and the package has to name the workflow as
    /// its publisher), or set a token.
    #[error("npm is not logged in to {registry}")]
    #[explain(
        code = "N010",
        help = "run `npm login --registry={registry}`; in CI configure a trusted publisher, or have npm's configuration name a token: `npm config set {key}:_authToken=TOKEN`"
    )]
    NotLoggedIn { registry: String, key: String },

    /// The registry does not know the credentials
    ///
    /// There are credentials for this registry in npm's configuration, and it refuses them (E401):
    /// the token has expired, was revoked, or is one of another registry.
    #[error("the registry does not accept the credentials for `{release}`: {reason}")]
    #[explain(
        code = "N011",
        help = "run `npm whoami --registry={registry}`; if that fails too, make a new token or run `npm login --registry={registry}`"
    )]
    BadCredentials { release: String, registry: String, reason: String },

    /// The registry wants a one-time password
    ///
    /// The account, or the package, asks for a second factor at every publication (EOTP). A password
    /// from an authenticator is good for some of the packages; run the command again with the next
    /// one, and it goes on where it stopped. A workflow has nobody to ask: there it takes
    /// trusted publishing, or a granular token that bypasses two-factor authentication.
    #[error("the registry wants a one-time password for `{release}`")]
    #[explain(
        code = "N012",
        help = "run it again with a password: `npm_config_otp=123456 cargo xtask publish`; in CI configure a trusted publisher"
    )]
    OneTimePassword { release: String },

    /// The registry does not allow it
    ///
    /// The credentials are good, but not for this (E403, or E404 from a registry that does not tell
    /// what others have): the account is no maintainer of the package, the token is limited to reading or
    /// to other packages, the name is taken or too like another, or the registry trusts another
    /// workflow or environment than this one.
    #[error("the registry does not let this account publish `{release}`: {reason}")]
    #[explain(
        code = "N013",
        help = "run `npm owner ls {package} --registry={registry}` and `npm whoami --registry={registry}`; look at what the token is limited to"
    )]
    NotAllowed { release: String, package: String, registry: String, reason: String },

    /// The upload did not get through
    ///
    /// The connection broke or the registry failed, several times, and the registry does not have
    /// the package. Packages that were published before it stay published.
    #[error("`{release}` could not be uploaded: {reason}")]
    #[explain(
        code = "N014",
        help = "run the same command again when {registry} answers: it goes on where it stopped"
    )]
    Interrupted { release: String, registry: String, reason: String },

    /// npm refuses
    ///
    /// npm, or the registry by way of npm, refuses for a reason that is none of those that have a
    /// code of their own.
    #[error("npm refuses `{release}` with {npm_code}: {reason}")]
    #[explain(
        code = "N015",
        help = "run `npm publish --dry-run` on the tarball that `cargo xtask pack` writes"
    )]
    Refused { release: String, npm_code: String, reason: String },

    /// npm could not be brought
    ///
    /// Packages are published with an npm and a Node.js of pinned versions, which the npm of this
    /// machine installs below cargo's target folder. It runs no install scripts and compares
    /// every tarball with a lockfile.
    #[error("the npm to publish with could not be installed: {reason}")]
    #[explain(
        code = "N016",
        help = "install Node.js with npm, and run `npm ping` to see whether the registry answers"
    )]
    NoNpm { reason: String },

    /// The dist-tag cannot be used
    ///
    /// A stamp is a prerelease to semver, so npm publishes it only under a tag that is named. Every
    /// line has one of its own, `tag` in `upstream/upstream.toml`, and `--tag` names another for one
    /// line; a tag that two lines shared would be moved from one Astro to another, and `latest` to an
    /// older one. npm takes no tag that could be a range of versions, such as `7` or `v7.2`.
    #[error("{message}")]
    #[explain(code = "B026", exit = 2, help = "{advice}")]
    Tag { message: String, advice: String },
}
