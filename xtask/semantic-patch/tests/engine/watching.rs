//! What counts as a change of the code that edits depend on.

use std::collections::BTreeMap;

use semantic_patch::{Edit, Language, PatchFile, Source, Watched, watch};

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
append = "const added = 1;"
"#;

const MODULE: &str = "import a from 'a';\nfunction create() {\n  return { stop() { return a('b'); } };\n}\nfunction other() {\n  return 1;\n}\n";

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
    assert_eq!(watched.keys().collect::<Vec<_>>(), [PLACE, "module"]);
    assert_eq!(
        watched[PLACE].text,
        "function create() {\n  return { stop() { return a('b'); } };\n}"
    );
    assert_eq!(watched["module"].text, MODULE);
}

#[test]
fn layout_comments_quotes_and_types_are_no_change() {
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
fn other_code_in_the_place_is_a_change() {
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
fn a_place_that_is_gone_is_left_out() {
    let renamed = MODULE.replace("create", "make");
    assert_eq!(structure(&renamed, Language::JavaScript, PLACE), None);
}
