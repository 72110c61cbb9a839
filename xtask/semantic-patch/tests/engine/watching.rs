//! Changes that count for the code that edits depend on, and changes that do not.

use std::collections::BTreeMap;

use diagnostics::Source;
use semantic_patch::{Edit, Language, PatchFile, Watched, watch};

const PATCH: &str = r#"
[[edit]]
id = "wrap"
why = "To show how."
in = ["function create", "property stop"]
pattern = "return $X"
rewrite = "return [$X]"

[[edit]]
id = "add"
why = "To show how."
append = "export const added = host(made);"
import = { host = "./host.js" }

[[edit]]
id = "call"
why = "To show how."
pattern = "start($X)"
rewrite = "start($X, 1)"
expect = 3
"#;

const MODULE: &str = "import a from 'a';\nexport const made = a(), more = 2;\nfunction begin() {\n  start('a');\n}\nfunction create() {\n  return { stop() { return a('b'); } };\n}\nfunction other() {\n  return 1;\n}\n";

fn watched(code: &str, language: Language) -> BTreeMap<String, Watched> {
    let patch = PatchFile::read("module", "module.toml", PATCH).expect("the patch is valid");
    let edits: Vec<&Edit> = patch.edits.iter().collect();
    watch(&Source::new("module", code), language, &edits).expect("the module parses")
}

fn structure(code: &str, language: Language, place: &str) -> Option<String> {
    watched(code, language).remove(place).map(|watched| watched.structure)
}

const PLACE: &str = "function create";

#[test]
fn the_whole_outermost_place_is_watched() {
    let watched = watched(MODULE, Language::JavaScript);
    assert_eq!(
        watched[PLACE].text,
        "function create() {\n  return { stop() { return a('b'); } };\n}"
    );
}

#[test]
fn an_edit_of_the_module_watches_matching_and_used_declarations() {
    let watched = watched(MODULE, Language::JavaScript);
    let places: Vec<&String> = watched.keys().collect();
    assert_eq!(places, ["function begin", PLACE, "variable made, more"]);
    assert_eq!(watched["function begin"].text, "function begin() {\n  start('a');\n}");
    assert_eq!(watched["variable made, more"].text, "const made = a(), more = 2;");
}

#[test]
fn a_match_outside_all_declarations_watches_the_module() {
    let code = format!("{MODULE}if (made) start('b');\n");
    assert_eq!(watched(&code, Language::JavaScript)["module"].text, code);
}

#[test]
fn layout_comments_quotes_and_types_do_not_count() {
    let before = structure(MODULE, Language::JavaScript, PLACE).expect("the place is there");
    for same in [
        MODULE.replace("  return {", "    // why\n    return {"),
        MODULE.replace("'b'", "\"b\""),
        MODULE.replace("a('b')", "(a)('b')"),
        MODULE.replace("function other() {\n  return 1;\n}\n", ""),
    ] {
        assert_eq!(
            structure(&same, Language::JavaScript, PLACE).expect("the place is there"),
            before,
            "{same}"
        );
    }
    let typed = MODULE.replace("create()", "create(): Toy").replace("a('b')", "a('b')! as string");
    assert_eq!(structure(&typed, Language::TypeScript, PLACE).expect("the place is there"), before);
}

#[test]
fn other_code_in_the_place_counts() {
    let before = structure(MODULE, Language::JavaScript, PLACE).expect("the place is there");
    for other in [
        MODULE.replace("'b'", "'c'"),
        MODULE.replace("a('b')", "a('b', 1)"),
        MODULE.replace("stop()", "async stop()"),
        MODULE.replace("return {", "log(); return {"),
    ] {
        assert_ne!(
            structure(&other, Language::JavaScript, PLACE).expect("the place is there"),
            before,
            "{other}"
        );
    }
}

#[test]
fn a_missing_place_is_left_out() {
    let renamed = MODULE.replace("create", "make");
    assert_eq!(structure(&renamed, Language::JavaScript, PLACE), None);
}
