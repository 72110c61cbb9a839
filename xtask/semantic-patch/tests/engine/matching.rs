//! Code that a pattern must match, and code that it must not match.

use crate::common::{apply, codes, matches};

#[test]
fn spelling_does_not_matter() {
    for (code, pattern) in [
        ("f('a');", "f(\"a\")"),
        ("f((a));", "f(a)"),
        ("(f(a));", "f((a))"),
        ("f({ a: 1 });", "f({ 'a': 1 })"),
        ("f({ a });", "f({ a: a })"),
        ("f(undefined);", "f(void 0)"),
        ("f(void 0);", "f(undefined)"),
        ("f(0x10);", "f(16)"),
        ("f(\n\ta, // why\n\tb,\n);", "f(a, b)"),
    ] {
        assert!(matches(code, pattern), "`{pattern}` has to match `{code}`");
    }
}

#[test]
fn types_do_not_matter() {
    for (code, pattern) in [
        ("f(a as string);", "f(a)"),
        ("f(a satisfies string);", "f(a)"),
        ("f(a!);", "f(a)"),
        ("f<string>(a);", "f(a)"),
        ("const a: string = f();", "const a = f()"),
        ("let a: X | undefined = undefined;", "let a = void 0"),
        ("g(async (a?: string): Promise<void> => {});", "async (a) => {}"),
    ] {
        assert!(matches(code, pattern), "`{pattern}` has to match `{code}`");
    }
}

#[test]
fn other_code_does_not_match() {
    for (code, pattern) in [
        ("f(a);", "f(b)"),
        ("f(a);", "f(a, b)"),
        ("f(a, b);", "f(a)"),
        ("f('1');", "f(1)"),
        ("a?.b();", "a.b()"),
        ("const a = 1;", "let a = 1"),
        ("a == b;", "a === b"),
        ("f(async () => {});", "f(() => {})"),
        ("f({ [a]: 1 });", "f({ a: 1 })"),
        ("f(`a`);", "f('a')"),
        ("f(...a);", "f(a)"),
        ("f(/a/g);", "f(/a/i)"),
    ] {
        assert!(!matches(code, pattern), "`{pattern}` must not match `{code}`");
    }
}

#[test]
fn a_metavariable_matches_one_node() {
    assert!(matches("f(a.b.c(1));", "f($X)"));
    assert!(matches("const locals = make();", "const locals = $X"));
    assert!(matches("f({ key: g() });", "f({ $KEY: g() })"));
    assert!(!matches("f();", "f($X)"));
    assert!(!matches("f(a, b);", "f($X)"));
    assert!(matches("f(a, b);", "f($_, $_)"));
}

#[test]
fn a_metavariable_with_three_dollars_matches_any_number_of_nodes() {
    for code in ["f();", "f(a);", "f(a, ...b, c);"] {
        assert!(matches(code, "f($$$ARGUMENTS)"), "{code}");
    }
    assert!(matches("f({ a, key: 1, b });", "f({ $$$BEFORE, key: $X, $$$AFTER })"));
    assert!(matches("if (a) { b(); c(); }", "if (a) { $$$BODY }"));
    assert!(matches("[1, 2, 3];", "[1, $$$]"));
    assert!(!matches("f({ a, b });", "f({ $$$BEFORE, key: $X, $$$AFTER })"));
}

#[test]
fn a_repeated_metavariable_matches_equal_code_only() {
    assert!(matches("a.b = a.b + 1;", "$X = $X + 1"));
    assert!(matches("f('a', \"a\");", "f($X, $X)"));
    assert!(!matches("a.b = a.c + 1;", "$X = $X + 1"));
    assert!(matches("f(1, 2, g(1, 2));", "f($$$XS, g($$$XS))"));
    assert!(!matches("f(1, 2, g(2, 1));", "f($$$XS, g($$$XS))"));
}

#[test]
fn other_names_with_a_dollar_are_literal() {
    assert!(matches("$jquery(a);", "$jquery(a)"));
    assert!(!matches("other(a);", "$jquery(a)"));
}

const RETURNS: &str =
    "function outer() {\n  const inner = () => { return 1; };\n  return inner;\n}\n";

#[test]
fn a_return_matches_only_in_the_function_of_the_place() {
    let patch = "[[edit]]\nid = 'a'\nwhy = 'b'\nin = 'function outer'\npattern = 'return $X'\nrewrite = 'return [$X]'\n";
    assert_eq!(
        apply("a.js", RETURNS, patch).unwrap(),
        "function outer() {\n  const inner = () => { return 1; };\n  return [inner];\n}\n"
    );
}

#[test]
fn a_function_is_found_in_every_form_and_export() {
    for code in [
        "function f() { return 1; }\n",
        "export function f() { return 1; }\n",
        "export default function f() { return 1; }\n",
        "const f = () => { return 1; };\nexport { f as default };\n",
        "export const f = async function () { return 1; };\n",
        "export const object = { f() { return 1; } };\n",
        "class C { f() { return 1; } }\n",
    ] {
        let patch = "[[edit]]\nid = 'a'\nwhy = 'b'\nin = 'function f'\npattern = 'return 1'\nrewrite = 'return 2'\n";
        assert_eq!(apply("a.ts", code, patch).unwrap(), code.replace("return 1", "return 2"));
    }
}

#[test]
fn the_default_export_is_followed_to_its_declaration() {
    for code in [
        "export default function () { return 1; }\n",
        "function f() { return 1; }\nexport { f as default };\n",
        "function f() { return 1; }\nexport default f;\n",
        "const f = () => { return 1; };\nexport { g, f as default };\nconst g = () => { return 1; };\n",
    ] {
        let patch = "[[edit]]\nid = 'a'\nwhy = 'b'\nin = 'default export'\npattern = 'return 1'\nrewrite = 'return 2'\n";
        assert_eq!(apply("a.ts", code, patch).unwrap(), code.replacen("return 1", "return 2", 1));
    }
}

#[test]
fn a_list_of_places_goes_from_the_outside_in() {
    let code = "const a = { setup() { return 1; } };\nconst b = { 'x:y': { setup: () => { return 1; } } };\n";
    let patch = "[[edit]]\nid = 'a'\nwhy = 'b'\nin = ['property x:y', 'function setup']\npattern = 'return 1'\nrewrite = 'return 2'\n";
    assert_eq!(
        apply("a.ts", code, patch).unwrap(),
        "const a = { setup() { return 1; } };\nconst b = { 'x:y': { setup: () => { return 2; } } };\n"
    );
}

#[test]
fn unless_skips_matches_that_contain_a_pattern() {
    let code = "render({ locals });\nrender({ other });\n";
    let patch = "[[edit]]\nid = 'a'\nwhy = 'b'\npattern = 'render({ $$$ALL })'\nunless = 'locals'\nrewrite = 'render({ $$$ALL, x: 1 })'\n";
    assert_eq!(
        apply("a.ts", code, patch).unwrap(),
        "render({ locals });\nrender({ other, x: 1 });\n"
    );
}

#[test]
fn which_selects_one_of_several_matches() {
    let patch = |which: &str| {
        format!(
            "[[edit]]\nid = 'a'\nwhy = 'b'\nwhich = '{which}'\npattern = 'f($X)'\nrewrite = 'f(0)'\n"
        )
    };
    assert_eq!(apply("a.ts", "f(1); f(2); f(3);", &patch("last")).unwrap(), "f(1); f(2); f(0);");
    assert_eq!(apply("a.ts", "f(1); f(2); f(3);", &patch("first")).unwrap(), "f(0); f(2); f(3);");
}

#[test]
fn the_number_of_matches_must_be_the_expected_one() {
    let patch = |expect: usize| {
        format!(
            "[[edit]]\nid = 'a'\nwhy = 'b'\nexpect = {expect}\npattern = 'f($X)'\nrewrite = 'f([$X])'\n"
        )
    };
    assert_eq!(apply("a.ts", "f(1); f(2);", &patch(2)).unwrap(), "f([1]); f([2]);");
    assert_eq!(codes(&apply("a.ts", "f(1); f(2);", &patch(1)).unwrap_err()), ["P013"]);
    assert_eq!(codes(&apply("a.ts", "f(1); f(2);", &patch(3)).unwrap_err()), ["P013"]);
}

#[test]
fn declarations_are_matched_with_their_types() {
    let code = "export declare function f(a: string): void;\n";
    let patch = |from: &str| {
        format!(
            "[[declare]]\nid = 'a'\nwhy = 'b'\npattern = 'declare function f(a: {from}): void'\nrewrite = 'declare function f(a: number): void'\n"
        )
    };
    assert_eq!(
        apply("a.d.ts", code, &patch("string")).unwrap(),
        "export declare function f(a: number): void;\n"
    );
    assert_eq!(codes(&apply("a.d.ts", code, &patch("boolean")).unwrap_err()), ["P012"]);
}

#[test]
fn one_edit_fits_javascript_and_typescript() {
    let typescript =
        "export function make(a: Options): Server {\n\treturn { a, b: 'c' } satisfies Server;\n}\n";
    let javascript = "function make(a) {\n  return { a, b: \"c\" };\n}\nexport {\n  make\n};\n";
    let patch = "[[edit]]\nid = 'edit'\nwhy = 'test'\nin = 'function make'\nglobals = ['F']\npattern = 'return { $$$X, b: \"c\" }'\nrewrite = 'return F({ $$$X })'\n";
    assert_eq!(
        apply("a.ts", typescript, patch).unwrap(),
        "export function make(a: Options): Server {\n\treturn F({ a });\n}\n"
    );
    assert_eq!(
        apply("a.js", javascript, patch).unwrap(),
        "function make(a) {\n  return F({ a });\n}\nexport {\n  make\n};\n"
    );
}
