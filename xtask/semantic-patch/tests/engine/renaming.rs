//! A package under another name.

use semantic_patch::{Language, Rename, Source, relative_imports};

fn rename(code: &str) -> Result<String, usize> {
    let rename = Rename { from: "@up/node".into(), to: "ours-node".into(), allow: Vec::new() };
    let renamed = rename.apply("module", &Source::new("module.js", code), Language::JavaScript);
    renamed.map(|renamed| renamed.text).map_err(|errors| errors.len())
}

#[test]
fn whole_literals_and_paths_into_the_package_are_renamed() {
    assert_eq!(
        rename("import '@up/node';\nconst a = [\"@up/node/server.js\"];\n").unwrap(),
        "import 'ours-node';\nconst a = [\"ours-node/server.js\"];\n"
    );
    assert_eq!(
        rename("/// <reference types=\"@up/node/types.d.ts\" />\n").unwrap(),
        "/// <reference types=\"ours-node/types.d.ts\" />\n"
    );
}

#[test]
fn other_packages_and_comments_are_left_alone() {
    for code in [
        "import '@up/node-extra';\n",
        "// see @up/node\nconst a = 1;\n",
        "import 'not/@up/nodes';\n",
    ] {
        assert_eq!(rename(code).unwrap(), code);
    }
}

#[test]
fn a_name_inside_another_string_is_left_over() {
    for code in [
        "const a = '[@up/node] failed';\n",
        "const a = `${b}@up/node`;\n",
        "const a = { '@up/node': 1 };\n",
    ] {
        assert_eq!(rename(code).unwrap_err(), 1, "{code}");
    }
}

const SPECIFIERS: &str = "\
import a from './a.ts';
export { b } from \"../b.ts\";
export * from './c.ts';
const d = await import('./d.ts');
const e: import('./e.ts').E = './f.ts';
import g from 'g.ts';
";

#[test]
fn relative_imports_are_found_wherever_they_stand() {
    let source = Source::new("module.ts", SPECIFIERS);
    assert_eq!(
        relative_imports(&source, Language::TypeScript).unwrap(),
        ["./a.ts", "../b.ts", "./c.ts", "./d.ts", "./e.ts"]
    );
}
