//! Everything that can be wrong with a patch, and what each means.

#![expect(missing_docs, reason = "a variant's sentence says what its fields are")]

use diagnostics::{Explain, Place};
use javascript::JavaScriptError;

/// A patch that cannot be read, or that does not fit.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Explain)]
#[explain(exit = 4)]
pub enum PatchError {
    /// A patch file cannot be read
    ///
    /// A patch file is TOML with two lists of tables, `[[edit]]` for the module and `[[declare]]`
    /// for its declaration file. The keys of an edit are `id`, `why`, `in`, `pattern`, `rewrite`,
    /// `append`, `import`, `globals`, `versions`, `expect`, `which` and `unless`; `id` and `why`
    /// are mandatory. A key that is not known is an error and not ignored, since a misspelt
    /// `unless` would silently widen an edit.
    #[error("{message}")]
    #[explain(code = "P001", help = "correct the marked place in `{file}`")]
    Unreadable { file: String, message: String, places: Vec<Place> },

    /// Two edits have the same id
    ///
    /// Diagnostics, reports and the built package's `upstream.json` name an edit by its id, so an
    /// id stands once in all patch files of a runtime.
    #[error("the id `{id}` is taken")]
    #[explain(code = "P002", help = "rename one of the two edits")]
    DuplicateId { id: String, places: Vec<Place> },

    /// A pattern is not one statement or one expression
    ///
    /// A pattern is JavaScript or TypeScript with metavariables: one statement, or one expression.
    /// An object literal has to stand in parentheses, `({ $$$A, key: $B })`, since braces at the
    /// start of a statement open a block.
    #[error("the {key} of `{id}` cannot be parsed: {message}")]
    #[explain(
        code = "P003",
        help = "write one statement or one expression; put an object literal in parentheses"
    )]
    BadPattern { id: String, key: &'static str, message: String, places: Vec<Place> },

    /// A rewrite does not parse
    ///
    /// What replaces a match, or is appended to a place, has to be valid JavaScript by itself,
    /// with metavariables where code of the match is copied.
    #[error("the {key} of `{id}` cannot be parsed: {message}")]
    #[explain(
        code = "P004",
        help = "correct the code in `{key}`; it has to be valid JavaScript and TypeScript"
    )]
    BadRewrite { id: String, key: &'static str, message: String, places: Vec<Place> },

    /// A rewrite uses a metavariable that its pattern does not capture
    ///
    /// A rewrite can copy only what the pattern has captured, under the same number of dollar
    /// signs: `$X` for one node, `$$$XS` for many. `$_` and `$$$` capture nothing.
    #[error("the rewrite of `{id}` uses `{metavariable}`, which its pattern does not capture")]
    #[explain(code = "P005", help = "the pattern captures: {captured}")]
    UnknownMetavariable { id: String, metavariable: String, captured: String, places: Vec<Place> },

    /// An `in` names no kind of place
    ///
    /// `in` is one of `function NAME`, `default export`, `interface NAME`, `class NAME` and
    /// `property NAME`, or a list of them that goes inwards.
    #[error("`{text}` is no place")]
    #[explain(
        code = "P006",
        help = "write `function NAME`, `default export`, `interface NAME`, `class NAME` or `property NAME`"
    )]
    BadPlace { text: String, places: Vec<Place> },

    /// A version range cannot be read
    ///
    /// `versions` is a range of the upstream package's versions in Cargo's notation, for example
    /// `>=11.0.0, <12` or `*`. A prerelease is judged by the release that it leads to.
    #[error("the version range of `{id}` cannot be read: {message}")]
    #[explain(code = "P007", help = "write a range such as `>=11, <12`")]
    BadVersions { id: String, message: String, places: Vec<Place> },

    /// The keys of an edit contradict each other
    ///
    /// An edit either has `pattern` and `rewrite`, or `append`. `expect`, `which` and `unless`
    /// speak of matches and need a pattern; `which` takes one of several matches, so it excludes
    /// `expect`.
    #[error("`{id}` {contradiction}")]
    #[explain(code = "P008", help = "an edit has either `pattern` and `rewrite`, or `append`")]
    Contradiction { id: String, contradiction: &'static str, places: Vec<Place> },

    /// An edit imports a name that it does not use
    ///
    /// The names in `import` are inserted for the code that the edit brings. One that the code
    /// does not mention is a mistake in one of the two.
    #[error("`{id}` imports `{name}` and does not use it")]
    #[explain(code = "P009", help = "use `{name}` in the edit's code, or remove it from `import`")]
    UnusedImport { id: String, name: String, places: Vec<Place> },

    /// The place of an edit is not there
    ///
    /// Upstream has no such function, interface, class or property in this module, or no longer
    /// one of this name. Look for what the place has become, and correct `in`; if upstream dropped
    /// the place in a newer version, limit the edit with `versions` and write a second one.
    #[error("`{id}` looks in {place}, which is not there")]
    #[explain(code = "P010", help = "{candidates}; correct `in` at {edit}")]
    PlaceNotFound {
        id: String,
        place: String,
        candidates: String,
        edit: String,
        places: Vec<Place>,
    },

    /// The place of an edit is there more than once
    ///
    /// Two functions of one name, for example in different scopes. A list in `in` goes inwards and
    /// tells them apart: `["function outer", "function inner"]`.
    #[error("`{id}` looks in {place}, which is there {count} times")]
    #[explain(
        code = "P011",
        help = "name the place around it first: `in = [\"function …\", \"…\"]` at {edit}"
    )]
    PlaceAmbiguous { id: String, place: String, count: usize, edit: String, places: Vec<Place> },

    /// A pattern matches nothing
    ///
    /// Upstream has no such code in the place where the edit looks. The nearest candidate shows
    /// what it may have become. A patch that silently does nothing is the worst failure of a tool
    /// like this, so nothing is built until the pattern fits again, or the edit is limited to the
    /// versions in which it does.
    #[error("the pattern of `{id}` matches nothing in {place}")]
    #[explain(code = "P012", help = "{advice} at {edit}")]
    NotFound { id: String, place: String, advice: String, edit: String, places: Vec<Place> },

    /// A pattern matches another number of times than it should
    ///
    /// `expect` says how many matches there have to be, 1 where it is not written. More matches
    /// than that mean that the edit would also change code that nobody has looked at; fewer, that
    /// upstream has dropped one.
    #[error("the pattern of `{id}` matches {count} times in {place}, expected {expected}")]
    #[explain(
        code = "P013",
        help = "narrow `pattern` or `in`, or state `expect = {count}`, at {edit}"
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
    /// An edit may lie inside what another one's metavariable copies: they nest. Anything else
    /// would make the result depend on the order of the edits.
    #[error("`{first}` and `{second}` change the same code")]
    #[explain(
        code = "P014",
        help = "make one edit of the two, or capture the inner code with a metavariable"
    )]
    Overlap { first: String, second: String, places: Vec<Place> },

    /// A patch file belongs to no module
    ///
    /// The path of a patch file is the path of the upstream module that it edits. Upstream has no
    /// such module, at least not in this version, so the file would be silently unused.
    #[error("upstream has no module `{module}`")]
    #[explain(
        code = "P015",
        help = "{candidates}; rename or delete the patch file, or limit its edits with `versions`"
    )]
    UnusedPatch { module: String, candidates: String, places: Vec<Place> },

    /// An edit fits no pinned version
    ///
    /// The edit's `versions` holds none of the versions that upstream is pinned to, so no build
    /// ever applies it. Only one for releases that are newer than all pins may wait for its turn.
    #[error("`{id}` is for versions {versions}, and none of them is pinned")]
    #[explain(code = "P016", help = "delete the edit, or widen `versions`; pinned are: {pinned}")]
    OutOfRange { id: String, versions: String, pinned: String, places: Vec<Place> },

    /// There is nothing that code could be appended to
    ///
    /// `append` adds to the end of a module, of an interface, of a class, or of a function with a
    /// body in braces.
    #[error("`{id}` appends to {place}, which has no body in braces")]
    #[explain(code = "P017", help = "use `pattern` and `rewrite` for this place, at {edit}")]
    NoBody { id: String, place: String, edit: String, places: Vec<Place> },

    /// A module cannot be read.
    #[error(transparent)]
    #[explain(transparent)]
    Module(#[from] JavaScriptError),

    /// An edited module does not parse
    ///
    /// Every edit was valid by itself, and upstream was too, but together they are not a valid
    /// module.
    #[error("`{module}` cannot be parsed after the edits: {message}")]
    #[explain(code = "P020", help = "correct the code of {edits}")]
    BrokenResult { module: String, message: String, edits: String, places: Vec<Place> },

    /// An edit declares a name a second time
    ///
    /// The module already has this name in the same scope.
    #[error("`{module}` declares a name twice after the edits: {message}")]
    #[explain(code = "P021", help = "choose another name in {edits}")]
    Redeclared { module: String, message: String, edits: String, places: Vec<Place> },

    /// An edit uses a name that nothing declares
    ///
    /// After the edits the module refers to a name that it neither declares nor imports, and that
    /// it did not refer to before. At run time that would be a ReferenceError.
    #[error("`{module}` uses `{name}` after the edits, and nothing declares it")]
    #[explain(
        code = "P022",
        help = "add `{name}` to the edit's `import`, or to its `globals` if the runtime provides it, in {edits}"
    )]
    Unresolved { module: String, name: String, edits: String, places: Vec<Place> },

    /// The upstream package's name is left over
    ///
    /// Imports and entry points that still name the upstream package would load that one instead
    /// of ours, or fail. Whole string literals are renamed by themselves; this one holds the name
    /// as a part.
    #[error("`{module}` still names `{package}`")]
    #[explain(
        code = "P023",
        help = "rename it with an edit, or add an entry for `{module}` to the rename table's `allow`"
    )]
    Leftover { module: String, package: String, places: Vec<Place> },

    /// An entry of the rename table's allow-list is not needed
    ///
    /// The entry permits a text that the module no longer holds. Upstream may have changed it, and
    /// what it says now deserves a look.
    #[error("`{module}` does not hold the allowed text `{text}`")]
    #[explain(code = "P024", help = "delete the entry, or correct its text")]
    UnusedAllowance { module: String, text: String, places: Vec<Place> },
}
