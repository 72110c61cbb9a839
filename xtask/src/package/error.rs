//! Errors of building a package.

use diagnostics::{Explain, Place};

/// A package cannot be built.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum PackageError {
    /// A package refers to a missing file
    ///
    /// Every relative import of a module in `dist/` must resolve to a file of the package, and so
    /// must every target of `exports` in `adapter.toml`. A patch and `exports` refer to
    /// `templates/x/y.ts` by its path in the package, `websocket/x/y.js` below `dist/`. A template
    /// refers to another by its relative path. Where upstream has moved a patched module to another
    /// folder, the imports of its edits have to follow: `../websocket/x/y.js`.
    #[error("`{module}` refers to `{specifier}`, which is not in the package")]
    #[explain(
        code = "B006",
        help = "fix the path, relative to `{module}`, in the patch, the template or `adapter.toml`; `git ls-files templates` lists the templates"
    )]
    MissingModule { module: String, specifier: String },

    /// Upstream's manifest cannot be used
    ///
    /// The upstream `package.json` is not a JSON object with the keys of a published package.
    #[error("upstream's package.json of `{package}` cannot be used: {reason}")]
    #[explain(code = "B007", help = "run `npm pack {package}` and look at its package.json")]
    Manifest { package: String, reason: String },

    /// Upstream has the name of an addition of ours
    ///
    /// Our exports, dependencies and peer dependencies, and the modules in `dist/websocket/`, are
    /// added to upstream's. This release of upstream has one of the same name. Ours would replace
    /// it without a word, and sites would miss what the official adapter gives them.
    #[error("`{release}` already has {name}")]
    #[explain(
        code = "B035",
        help = "run `npm pack {release}` and compare the two; then give ours another name, or remove it where upstream's does the same"
    )]
    Taken { release: String, name: String },

    /// A package cannot be bundled as a single module
    ///
    /// A package under `[[vendor]]` is bundled into ours as a single ECMAScript module. Each of its
    /// CommonJS modules becomes a function, and each `require('…')` is resolved at build time. The
    /// package needs an entry (`main` of its manifest) and a licence. Its modules may use Node's
    /// module system only through `require` with a literal: no computed names, no
    /// `require.resolve`, no `__dirname`.
    #[error("`{release}` cannot be bundled as a single module: {reason}")]
    #[explain(
        code = "B011",
        help = "run `npm pack {release}` to inspect it; keep a package that cannot be bundled under `dependencies`"
    )]
    NotVendored { release: String, reason: String, places: Vec<Place> },

    /// A vendored package requires an undeclared module
    ///
    /// `adapter.toml` lists the outside modules that a vendored package requires: `imports` for the
    /// provided ones, `absent` for optional packages that it must not find. Any other module is new
    /// in this release and needs a decision.
    #[error("`{release}` requires `{specifier}`, which is neither part of it nor declared")]
    #[explain(
        code = "B012",
        help = "add `{specifier}` to `imports` or to `absent` of the package in `adapter.toml`"
    )]
    UndeclaredRequire { release: String, specifier: String, places: Vec<Place> },

    /// A declared module is not required
    ///
    /// `imports` and `absent` list the modules that a vendored package requires. Nothing in the
    /// package requires this name. It is misspelt, or left over from another release.
    #[error("`{specifier}` is declared for `{release}`, but nothing in it requires it")]
    #[explain(code = "B013", help = "remove `{specifier}` from `[[vendor]]` in `adapter.toml`")]
    UnusedRequire { release: String, specifier: String },

    /// No package includes a module
    ///
    /// A package includes the modules of `templates/` that its patches import and that `exports` in
    /// `adapter.toml` lists. It also includes everything they import, and packages under
    /// `[[vendor]]`. A module that no package includes is dead code: only its own tests run it.
    /// Only a build of all packages can detect this.
    #[error("no package includes `{module}`")]
    #[explain(
        code = "B019",
        help = "import it in a patch or in a used template, list it under `exports` in `adapter.toml`, or remove it"
    )]
    InNoPackage { module: String },
}
