//! The errors of patches, with their explanations.

#![expect(missing_docs, reason = "a variant's sentence says what its fields are")]

use diagnostics::{Explain, Place};
use javascript::JavaScriptError;

/// A patch that is not valid, or does not fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Explain)]
#[explain(exit = 4)]
pub enum PatchError {
    /// A patch file cannot be read
    ///
    /// A patch file is TOML with two lists of tables: `[[edit]]` for the module and `[[declare]]`
    /// for its declaration file. The keys of an edit are `id`, `why`, `in`, `pattern`, `rewrite`,
    /// `append`, `import`, `globals`, `versions`, `expect`, `which` and `unless`; `id` and `why`
    /// are mandatory and not empty. An unknown key is an error: a misspelt `unless` would silently
    /// widen an edit.
    #[error("{message}")]
    #[explain(code = "P001", help = "fix the marked place in `{file}`")]
    Unreadable { file: String, message: String, places: Vec<Place> },

    /// Two edits have the same id
    ///
    /// Diagnostics, reports and the built package's `upstream.json` identify an edit by its id. An
    /// id must be unique among all patch files of a runtime.
    #[error("the id `{id}` is already used")]
    #[explain(code = "P002", help = "rename one of the two edits")]
    DuplicateId { id: String, places: Vec<Place> },

    /// A pattern is not one statement or one expression
    ///
    /// A pattern is JavaScript or TypeScript with metavariables: one statement, or one expression.
    /// Put an object literal in parentheses, `({ $$$A, key: $B })`: braces at the start of a
    /// statement open a block.
    #[error("the {key} of `{id}` cannot be parsed: {message}")]
    #[explain(
        code = "P003",
        help = "write one statement or one expression; put an object literal in parentheses"
    )]
    BadPattern { id: String, key: &'static str, message: String, places: Vec<Place> },

    /// A rewrite does not parse
    ///
    /// The code that replaces a match, or is appended to a place, must be valid JavaScript by
    /// itself. It may contain metavariables that copy code of the match.
    #[error("the {key} of `{id}` cannot be parsed: {message}")]
    #[explain(
        code = "P004",
        help = "fix the code in `{key}`; it must be valid JavaScript and TypeScript"
    )]
    BadRewrite { id: String, key: &'static str, message: String, places: Vec<Place> },

    /// A rewrite uses a metavariable that its pattern does not capture
    ///
    /// A rewrite can copy only captures of its pattern, with the same number of dollar signs: `$X`
    /// for one node, `$$$XS` for many. `$_` and `$$$` capture nothing.
    #[error("the rewrite of `{id}` uses `{metavariable}`, which its pattern does not capture")]
    #[explain(code = "P005", help = "the pattern captures: {captured}")]
    UnknownMetavariable { id: String, metavariable: String, captured: String, places: Vec<Place> },

    /// An `in` names an unknown kind of place
    ///
    /// `in` is one of `function NAME`, `default export`, `interface NAME`, `class NAME` and
    /// `property NAME`, or a list of them from the outside in.
    #[error("`{text}` is not a place")]
    #[explain(
        code = "P006",
        help = "write `function NAME`, `default export`, `interface NAME`, `class NAME` or `property NAME`"
    )]
    BadPlace { text: String, places: Vec<Place> },

    /// A version range cannot be parsed
    ///
    /// `versions` is a range of upstream package versions in Cargo's notation, for example
    /// `>=11.0.0, <12` or `*`. A prerelease counts as its final release.
    #[error("the version range of `{id}` is not valid: {message}")]
    #[explain(code = "P007", help = "write a range such as `>=11, <12`")]
    BadVersions { id: String, message: String, places: Vec<Place> },

    /// The keys of an edit contradict each other
    ///
    /// An edit has either `pattern` and `rewrite`, or `append`. `expect`, `which` and `unless`
    /// apply to matches and need a pattern. `which` selects one of several matches, so it excludes
    /// `expect`.
    #[error("`{id}` {contradiction}")]
    #[explain(code = "P008", help = "an edit has either `pattern` and `rewrite`, or `append`")]
    Contradiction { id: String, contradiction: &'static str, places: Vec<Place> },

    /// An edit imports an unused name
    ///
    /// The names in `import` are imported for the code of the edit. If the code does not use a
    /// name, the import or the code is wrong.
    #[error("`{id}` imports `{name}` but does not use it")]
    #[explain(code = "P009", help = "use `{name}` in the edit's code, or remove it from `import`")]
    UnusedImport { id: String, name: String, places: Vec<Place> },

    /// The place of an edit does not exist
    ///
    /// Upstream has no such function, interface, class or property in this module, or has renamed
    /// it. Find the new place, and fix `in`. If upstream dropped the place in a newer version,
    /// limit the edit with `versions` and write a second one.
    #[error("`{id}` looks in {place}, which does not exist")]
    #[explain(code = "P010", help = "{candidates}; fix `in` at {edit}")]
    PlaceNotFound {
        id: String,
        place: String,
        candidates: String,
        edit: String,
        places: Vec<Place>,
    },

    /// The place of an edit is ambiguous
    ///
    /// The module has two such places, for example functions of one name in different scopes. A
    /// list in `in` goes from the outside in and selects one: `["function outer", "function
    /// inner"]`.
    #[error("`{id}` looks in {place}, which exists {count} times")]
    #[explain(
        code = "P011",
        help = "name the enclosing place first: `in = [\"function …\", \"…\"]` at {edit}"
    )]
    PlaceAmbiguous { id: String, place: String, count: usize, edit: String, places: Vec<Place> },

    /// A pattern matches nothing
    ///
    /// Upstream has no such code in the place of the edit. The nearest candidate shows what it may
    /// have become. A patch that silently does nothing is the worst failure of a patch tool. So
    /// nothing is built until the pattern fits again, or the edit is limited to the versions that
    /// it fits.
    #[error("the pattern of `{id}` matches nothing in {place}")]
    #[explain(code = "P012", help = "{advice} at {edit}")]
    NotFound { id: String, place: String, advice: String, edit: String, places: Vec<Place> },

    /// A pattern has an unexpected number of matches
    ///
    /// `expect` is the required number of matches, by default 1. With more matches, the edit would
    /// also change unreviewed code. With fewer, upstream has dropped one.
    #[error("the pattern of `{id}` matches {count} times in {place}, expected {expected}")]
    #[explain(
        code = "P013",
        help = "narrow `pattern` or `in`, or set `expect = {count}`, at {edit}"
    )]
    WrongCount {
        id: String,
        place: String,
        count: usize,
        expected: usize,
        edit: String,
        places: Vec<Place>,
    },

    /// Two edits change the same code
    ///
    /// An edit may lie inside code that another edit's metavariable copies: the two nest. Any other
    /// overlap would make the result depend on the order of the edits.
    #[error("`{first}` and `{second}` change the same code")]
    #[explain(
        code = "P014",
        help = "merge the two edits, or capture the inner code with a metavariable"
    )]
    Overlap { first: String, second: String, places: Vec<Place> },

    /// A patch file belongs to no module
    ///
    /// The path of a patch file is the path of the upstream module that it edits. Upstream has no
    /// such module in this version, so the file would be silently ignored.
    #[error("upstream has no module `{module}`")]
    #[explain(
        code = "P015",
        help = "{candidates}; rename or delete the patch file, or limit its edits with `versions`"
    )]
    UnusedPatch { module: String, candidates: String, places: Vec<Place> },

    /// An edit fits no pinned version
    ///
    /// The edit's `versions` contains none of the pinned upstream versions, so no build ever
    /// applies it. Only an edit for releases newer than all pins may wait.
    #[error("`{id}` applies to versions {versions}, but none of them is pinned")]
    #[explain(
        code = "P016",
        help = "delete the edit, or widen `versions`; pinned versions: {pinned}"
    )]
    OutOfRange { id: String, versions: String, pinned: String, places: Vec<Place> },

    /// Code cannot be appended to this place
    ///
    /// `append` adds to the end of a module, an interface, a class, or a function with a body in
    /// braces.
    #[error("`{id}` appends to {place}, which has no body in braces")]
    #[explain(code = "P017", help = "use `pattern` and `rewrite` for this place, at {edit}")]
    NoBody { id: String, place: String, edit: String, places: Vec<Place> },

    /// A module cannot be read.
    #[error(transparent)]
    #[explain(transparent)]
    Module(#[from] JavaScriptError),

    /// An edited module does not parse
    ///
    /// Every edit and the upstream module are valid on their own, but the combined module is not.
    #[error("`{module}` cannot be parsed after the edits: {message}")]
    #[explain(code = "P020", help = "fix the code of {edits}")]
    BrokenResult { module: String, message: String, edits: String, places: Vec<Place> },

    /// An edit declares an existing name
    ///
    /// The module already has this name in the same scope.
    #[error("`{module}` declares a name twice after the edits: {message}")]
    #[explain(code = "P021", help = "choose another name in {edits}")]
    Redeclared { module: String, message: String, edits: String, places: Vec<Place> },

    /// An edit uses an undeclared name
    ///
    /// The edited module refers to a name that it neither declares nor imports. The original did
    /// not refer to it. At run time that would be a ReferenceError.
    #[error("`{module}` uses `{name}` after the edits, but nothing declares it")]
    #[explain(
        code = "P022",
        help = "add `{name}` to the edit's `import`, or to its `globals` if the runtime provides it, in {edits}"
    )]
    Unresolved { module: String, name: String, edits: String, places: Vec<Place> },

    /// The upstream package's name remains
    ///
    /// Imports and entry points with the name of the upstream package would load that package
    /// instead of ours, or fail. Whole string literals are renamed automatically. This string
    /// contains the name only as a part.
    #[error("`{module}` still contains the name `{package}`")]
    #[explain(
        code = "P023",
        help = "rename it with an edit, or allow the text: an `[[allow]]` with `module = \"{name}\"` in the runtime's `adapter.toml`"
    )]
    Leftover { module: String, name: String, package: String, places: Vec<Place> },

    /// An entry of the rename allow-list is unused
    ///
    /// The entry allows a text that the module no longer contains. Upstream may have changed it:
    /// check the new text.
    #[error("`{module}` does not contain the allowed text `{text}`")]
    #[explain(code = "P024", help = "delete the entry, or fix its text")]
    UnusedAllowance { module: String, text: String, places: Vec<Place> },
}
