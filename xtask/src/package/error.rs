//! Every way in which a package cannot be put together.

use diagnostics::{Explain, Place};

/// A package cannot be put together, and why.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum PackageError {
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
