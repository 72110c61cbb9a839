//! Errors of publishing.

use diagnostics::Explain;

use crate::upstream::UpstreamError;

/// The package is not published.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum PublishError {
    /// The package has not passed its tests
    ///
    /// A package needs two passed suites: `toolchain`, and its runtime's suite on its own Astro
    /// line. The record holds the sha512 of the tested tarball. `cargo xtask test` writes it beside
    /// the built package, `adapters/<runtime>/pkg/<line>.passed-<suite>.json`, after a full run of
    /// the suite. A failed suite removes it. If testing and publishing are separate jobs, pass
    /// these files between them.
    #[error("`{release}` has not passed {suites}")]
    #[explain(
        code = "N001",
        help = "run {commands}, or `cargo xtask test --every-line` for all packages"
    )]
    NotTested { release: String, suites: String, commands: String },

    /// The package differs from the tested one
    ///
    /// The tarball to upload has another sha512 than the one that passed the suite. Something that
    /// goes into it has changed since. Packing is not the cause: the same sources give the same
    /// bytes on every machine.
    #[error("`{release}` is not the package that passed {suites}: tested {tested}, now {actual}")]
    #[explain(
        code = "N002",
        help = "run `git log --stat` to see the changes, then test the package: {commands}"
    )]
    NotTheTested {
        release: String,
        suites: String,
        tested: String,
        actual: String,
        commands: String,
    },

    /// The package and its stamp come from different pins
    ///
    /// A stamp names one release of Astro and its commit, and so one release of the adapter. The
    /// tested package with this stamp used another adapter release than the one to upload. The
    /// adapter's pin was moved without the rest of its line.
    #[error(
        "`{release}` has the stamp of a package built from `{tested}`, but is built from `{actual}`"
    )]
    #[explain(
        code = "N003",
        help = "move all pins of a line at once with `cargo xtask sync-version`, or give the package its own stamp with `revision` in `upstream/upstream.toml`"
    )]
    OtherPin { release: String, tested: String, actual: String },

    /// The work tree has uncommitted changes
    ///
    /// Users must be able to find the source of a published package in the repository. If CI
    /// provides provenance, the package also names its commit. Untracked files count too: an
    /// untracked template would go into the package.
    #[error("the work tree has uncommitted changes: {files}")]
    #[explain(
        code = "N004",
        help = "run `git status`, then commit the changes or `git stash -u` them"
    )]
    Dirty { files: String },

    /// The version is already published with other content
    ///
    /// The registry has a package of this name and version with another sha512. A published version
    /// never changes, so this package needs its own version. Set `revision` in the line of the
    /// pins: it is appended to the stamp, and sorts after it.
    #[error(
        "`{release}` is already published with other content: {published} in the registry, {actual} here"
    )]
    #[explain(
        code = "N005",
        help = "set `revision = {revision}` in `[{line}]` of `upstream/upstream.toml`, then build and test"
    )]
    OtherContent { release: String, published: String, actual: String, line: String, revision: u64 },

    /// The dist-tag would move back
    ///
    /// The tag points to a newer version. Sites that install the package by this tag would get an
    /// older Astro. This happens if an older line still has a tag that a newer line has taken over.
    #[error("the tag `{tag}` of `{package}` points to {newer}, which is newer than {version}")]
    #[explain(
        code = "N006",
        help = "give the line its own tag in `upstream/upstream.toml`, or choose another: `--tag TAG --astro {major}`"
    )]
    TagWouldGoBack { package: String, tag: String, version: String, newer: String, major: u64 },

    /// The registry does not report its packages
    ///
    /// Publishing asks the registry for its packages before the first upload, and again after an
    /// upload without an answer. The registry was unreachable, or its answer was invalid.
    #[error("the registry does not report the versions of `{package}`: {cause}")]
    #[explain(
        code = "N007",
        help = "run `npm view {package} dist-tags --registry={registry}`, which makes the same request; once it works or reports E404, publish again: published packages are not uploaded twice"
    )]
    Silent {
        package: String,
        registry: String,
        #[source]
        cause: Box<UpstreamError>,
    },

    /// npm is not logged in
    ///
    /// npm's configuration has no credentials for this registry. On your own machine, log in. In
    /// CI, let the registry trust the workflow, or set a token. Trusted publishing needs no token.
    /// The job needs the permission `id-token: write`, and the package must list the workflow as
    /// its publisher.
    #[error("npm is not logged in to {registry}")]
    #[explain(
        code = "N010",
        help = "run `npm login --registry={registry}`; in CI configure a trusted publisher, or set a token in npm's configuration: `npm config set {key}:_authToken=TOKEN`"
    )]
    NotLoggedIn { registry: String, key: String },

    /// The registry rejects the credentials
    ///
    /// npm's configuration has credentials for this registry, but the registry rejects them (E401).
    /// The token has expired, was revoked, or belongs to another registry.
    #[error("the registry rejects the credentials for `{release}`: {reason}")]
    #[explain(
        code = "N011",
        help = "run `npm whoami --registry={registry}`; if that fails too, create a new token or run `npm login --registry={registry}`"
    )]
    BadCredentials { release: String, registry: String, reason: String },

    /// The registry requires a one-time password
    ///
    /// The account or the package requires a second factor for every publication (EOTP). A password
    /// from an authenticator lasts for some of the packages. Run the command again with the next
    /// password: it continues where it stopped. A workflow has no one to ask. Use trusted
    /// publishing there, or a granular token that bypasses two-factor authentication.
    #[error("the registry requires a one-time password for `{release}`")]
    #[explain(
        code = "N012",
        help = "run it again with the password: `npm_config_otp=123456 cargo xtask publish`; in CI configure a trusted publisher"
    )]
    OneTimePassword { release: String },

    /// The account lacks permission to publish
    ///
    /// The credentials are valid, but lack permission (E403, or E404 from a registry that hides the
    /// packages of others). The account is not a maintainer of the package, or the token is limited
    /// to reading or to other packages. Or the name is taken or too similar to another, or the
    /// registry trusts another workflow or environment.
    #[error("the registry does not allow this account to publish `{release}`: {reason}")]
    #[explain(
        code = "N013",
        help = "run `npm owner ls {package} --registry={registry}` and `npm whoami --registry={registry}`; check the limits of the token"
    )]
    NotAllowed { release: String, package: String, registry: String, reason: String },

    /// The upload failed
    ///
    /// The connection broke or the registry failed several times, and the registry does not have
    /// the package. Packages published before it stay published.
    #[error("`{release}` could not be uploaded: {reason}")]
    #[explain(
        code = "N014",
        help = "run the same command again once {registry} answers: it continues where it stopped"
    )]
    Interrupted { release: String, registry: String, reason: String },

    /// npm rejects the package
    ///
    /// npm, or the registry through npm, rejects the package for a reason without its own code in
    /// this catalogue.
    #[error("npm rejects `{release}` with {npm_code}: {reason}")]
    #[explain(
        code = "N015",
        help = "run `npm publish --dry-run` on the tarball that `cargo xtask pack` writes"
    )]
    Refused { release: String, npm_code: String, reason: String },

    /// npm could not be installed
    ///
    /// Publishing uses pinned versions of npm and Node.js. The npm of this machine installs them
    /// below cargo's target folder. It runs no install scripts and checks every tarball against a
    /// lockfile.
    #[error("the pinned npm could not be installed: {reason}")]
    #[explain(
        code = "N016",
        help = "install Node.js with npm, then run `npm ping` to check that the registry answers"
    )]
    NoNpm { reason: String },

    /// The dist-tag cannot be used
    ///
    /// To semver a stamp is a prerelease, so npm publishes it only under an explicit tag. Each line
    /// has its own `tag` in `upstream/upstream.toml`; `--tag` overrides it for one line. Two lines
    /// cannot share a tag: it would move between Astro majors, and `latest` could move to an older
    /// one. `latest` does not point to a prerelease of Astro. npm rejects tags that look like a
    /// version range, such as `7` or `v7.2`.
    #[error("{message}")]
    #[explain(code = "B026", exit = 2, help = "{advice}")]
    Tag { message: String, advice: String },
}
