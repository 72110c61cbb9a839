//! The rewritten match, and the unchanged code around it.

use crate::common::{apply, codes, replace};
use proptest::prelude::*;

#[test]
fn captures_are_copied_byte_for_byte() {
    let code = "const a = f( /* one */ (x as  Y), // two\n\t'z' );\n";
    assert_eq!(
        replace("a.ts", code, "f($A, $B)", "F($B, $A)").unwrap(),
        "const a = F('z', (x as  Y));\n"
    );
    assert_eq!(
        replace("a.ts", code, "f($$$ALL)", "F($$$ALL)").unwrap(),
        "const a = F((x as  Y), // two\n\t'z');\n"
    );
}

#[test]
fn a_statement_keeps_its_style_of_semicolon() {
    assert_eq!(
        replace("a.js", "const a = 1;\n", "const a = $X", "const a = [$X]").unwrap(),
        "const a = [1];\n"
    );
    assert_eq!(
        replace("a.js", "const a = 1\n", "const a = $X", "const a = [$X]").unwrap(),
        "const a = [1]\n"
    );
}

#[test]
fn a_captured_operand_gets_the_parentheses_it_needs() {
    for (code, pattern, rewrite, expected) in [
        ("f(a || b);", "f($X)", "$X.c", "(a || b).c;"),
        ("f(a.b);", "f($X)", "$X.c", "a.b.c;"),
        ("f((a, b));", "f($X)", "F($X)", "F((a, b));"),
        ("a, b;", "$X, $Y", "F($Y, $X)", "F(b, a);"),
        ("f(await a);", "f($X)", "$X.b", "(await a).b;"),
        ("f(a?.b);", "f($X)", "$X.c", "(a?.b).c;"),
        ("f(a as T);", "f($X)", "$X.c", "(a as T).c;"),
        ("f(() => 1);", "f($X)", "$X()", "(() => 1)();"),
        ("f(a + b);", "f($X)", "F($X)", "F(a + b);"),
    ] {
        assert_eq!(replace("a.ts", code, pattern, rewrite).unwrap(), expected, "{code}");
    }
}

#[test]
fn a_rewritten_operand_gets_the_parentheses_it_needs() {
    for (code, rewrite, expected) in [
        ("a - f(b);", "$X - 1", "a - (b - 1);"),
        ("!f(b);", "$X || F", "!(b || F);"),
        ("!f(b)?.c;", "$X || F", "!(b || F)?.c;"),
        ("f(b).c;", "$X ?? F", "(b ?? F).c;"),
        ("f(b) in c;", "$X ? 1 : 2", "(b ? 1 : 2) in c;"),
        ("new (f(b))();", "F($X)", "new (F(b))();"),
        ("g(f(b), c);", "F, $X", "g((F, b), c);"),
        ("(a = f(b)) => a;", "F, $X", "(a = (F, b)) => a;"),
        ("function* g() { yield f(b); }", "F, $X", "function* g() { yield (F, b); }"),
        ("!(f(b));", "$X || F", "!(b || F);"),
        ("!f(b);", "($X || F)", "!(b || F);"),
        ("a - f(b - c);", "$X", "a - (b - c);"),
        ("() => f({ a });", "$X", "() => ({ a });"),
        ("() => f(b);", "{ return $X; }", "() => { return b; };"),
        ("!f(b);", "F($X)", "!F(b);"),
        ("const a = f(b);", "$X || F", "const a = b || F;"),
        ("g(f(b));", "$X || F", "g(b || F);"),
        ("f(b);", "$X || F", "b || F;"),
    ] {
        let code = format!("const [a, b, c, f, g] = [];\n{code}");
        let expected = format!("const [a, b, c, f, g] = [];\n{expected}");
        assert_eq!(replace("a.ts", &code, "f($X)", rewrite).unwrap(), expected);
    }
}

#[test]
fn a_captured_constructor_gets_the_parentheses_it_needs() {
    for (code, expected) in [
        ("f(a());", "new (a())(1);"),
        ("f(a().b);", "new (a().b)(1);"),
        ("f(a.b);", "new a.b(1);"),
        ("f(a);", "new a(1);"),
    ] {
        assert_eq!(replace("a.ts", code, "f($X)", "new $X(1)").unwrap(), expected);
    }
}

#[test]
fn a_captured_object_is_no_body_of_an_arrow_function() {
    assert_eq!(
        replace("a.js", "f({ a: 1 });", "f($X)", "F(() => $X)").unwrap(),
        "F(() => ({ a: 1 }));"
    );
}

#[test]
fn a_shorthand_property_keeps_its_key_when_its_value_changes() {
    assert_eq!(
        replace("a.js", "f({ server });", "server", "F(server)").unwrap(),
        "f({ server: F(server) });"
    );
    assert_eq!(
        apply(
            "a.js",
            "const wrap = 1;\nf(wrap);\n",
            &IMPORTING.replace("wrap(f($X))", "f({ wrap }, $X)")
        )
        .unwrap(),
        "import { wrap as _wrap } from \"./wrap.js\";\nconst wrap = 1;\nf({ wrap: _wrap }, wrap);\n"
    );
}

#[test]
fn an_empty_list_drops_its_comma() {
    assert_eq!(
        replace("a.js", "f({});", "f({ $$$X })", "f({ a: 1, $$$X })").unwrap(),
        "f({ a: 1 });"
    );
    assert_eq!(
        replace("a.js", "f({});", "f({ $$$X })", "f({ $$$X, a: 1 })").unwrap(),
        "f({ a: 1 });"
    );
    assert_eq!(replace("a.js", "f();", "f($$$X)", "f($$$X)").unwrap(), "f();");
}

#[test]
fn an_edit_inside_copied_code_applies_too() {
    let patch = "
        [[edit]]
        id = 'outer'
        why = 'test'
        pattern = 'return $X'
        in = 'function f'
        rewrite = 'return wrap($X)'
        globals = ['wrap']
        [[edit]]
        id = 'inner'
        why = 'test'
        pattern = 'old($X)'
        rewrite = 'fresh($X, 1)'
        globals = ['fresh']
    ";
    assert_eq!(
        apply("a.js", "function f() {\n  return { a: old(1) };\n}\n", patch).unwrap(),
        "function f() {\n  return wrap({ a: fresh(1, 1) });\n}\n"
    );
}

#[test]
fn nested_edits_overlap_without_a_copy() {
    let patch = "
        [[edit]]
        id = 'outer'
        why = 'test'
        pattern = 'f(old(1))'
        rewrite = 'g()'
        [[edit]]
        id = 'inner'
        why = 'test'
        pattern = 'old(1)'
        rewrite = 'h()'
    ";
    assert_eq!(codes(&apply("a.js", "f(old(1));", patch).unwrap_err()), ["P014"]);
}

const IMPORTING: &str = "
    [[edit]]
    id = 'edit'
    why = 'test'
    pattern = 'f($X)'
    rewrite = 'wrap(f($X))'
    import = { wrap = './wrap.js' }
";

#[test]
fn an_import_goes_after_existing_imports() {
    assert_eq!(
        apply("a.js", "#!/usr/bin/env node\n// head\nimport f from 'f';\nf(1);\n", IMPORTING)
            .unwrap(),
        "#!/usr/bin/env node\n// head\nimport f from 'f';\nimport { wrap } from \"./wrap.js\";\nwrap(f(1));\n"
    );
    assert_eq!(
        apply("a.js", "#!/usr/bin/env node\nf(1);\n", IMPORTING).unwrap(),
        "#!/usr/bin/env node\nimport { wrap } from \"./wrap.js\";\nwrap(f(1));\n"
    );
}

#[test]
fn a_taken_import_name_gets_an_alias() {
    assert_eq!(
        apply("a.js", "const wrap = 1;\nf(wrap);\n", IMPORTING).unwrap(),
        "import { wrap as _wrap } from \"./wrap.js\";\nconst wrap = 1;\n_wrap(f(wrap));\n"
    );
}

#[test]
fn an_existing_import_is_reused() {
    assert_eq!(
        apply("a.js", "import { wrap as w } from './wrap.js';\nf(w);\n", IMPORTING).unwrap(),
        "import { wrap as w } from './wrap.js';\nw(f(w));\n"
    );
}

#[test]
fn code_is_appended_to_modules_interfaces_classes_and_functions() {
    let patch = |table: &str, place: &str, code: &str| {
        format!(
            "[[{table}]]\nid = 'a'\nwhy = 'b'\nglobals = ['g']\n{place}\nappend = '''{code}'''\n"
        )
    };
    assert_eq!(
        apply("a.js", "const a = 1;\n", &patch("edit", "", "export { a };")).unwrap(),
        "const a = 1;\nexport { a };\n"
    );
    assert_eq!(
        apply(
            "a.d.ts",
            "interface A {\n    a: 1;\n}\n",
            &patch("declare", "in = 'interface A'", "/** b */\nb?: 2;")
        )
        .unwrap(),
        "interface A {\n    a: 1;\n    /** b */\n    b?: 2;\n}\n"
    );
    assert_eq!(
        apply(
            "a.d.ts",
            "export type A = {\n    a: { b: 1 };\n};\ntype B = A | {};\n",
            &patch("declare", "in = 'interface A'", "b?: 2;")
        )
        .unwrap(),
        "export type A = {\n    a: { b: 1 };\n    b?: 2;\n};\ntype B = A | {};\n"
    );
    assert_eq!(
        apply(
            "a.js",
            "function f() {\n\treturn g;\n}\n",
            &patch("edit", "in = 'function f'", "g();")
        )
        .unwrap(),
        "function f() {\n\treturn g;\n\tg();\n}\n"
    );
    assert_eq!(
        apply("a.js", "class A { }\n", &patch("edit", "in = 'class A'", "b() {}")).unwrap(),
        "class A {  b() {} }\n"
    );
}

proptest! {
    // Names start with `n`: no keyword consists of `n` and letters up to `s`.
    #[test]
    fn edits_with_no_match_change_no_byte(
        code in "(n[a-s]{0,6}\\(\\);[ \\t]{0,3}(//[ -~é☃]{0,10})?\n{1,3}){0,12}",
    ) {
        prop_assert_eq!(replace("a.js", &code, "target($X)", "F($X)").unwrap_err(), ["P012"]);
        let patch = "[[edit]]\nid = 'a'\nwhy = 'b'\nappend = 'end();'\nglobals = ['end']\n";
        prop_assert_eq!(apply("a.js", &code, patch).unwrap(), format!("{code}end();\n"));
    }

    #[test]
    fn text_outside_an_edit_survives(
        before in "(n[a-s]{0,6}\\(\\);[ \\t]{0,3}(/\\*[ -)+-.0-~é☃]{0,10}\\*/)?\n{1,3}){0,6}",
        argument in "n[a-s]{0,5}(\\.[a-s]{1,3}){0,3}",
        after in "(\n[ \\t]{0,3}n[a-s]{0,6}\\(\\);//[ -~é☃]{0,10}){0,6}",
    ) {
        let code = format!("{before}target( {argument} );{after}");
        prop_assert_eq!(
            replace("a.js", &code, "target($X)", "F($X)").unwrap(),
            format!("{before}F({argument});{after}")
        );
    }
}
