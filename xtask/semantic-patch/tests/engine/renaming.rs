//! Renaming a package.

use diagnostics::Source;
use semantic_patch::{Allowance, Language, Rename};
use semver::{Version, VersionReq};

fn rename(code: &str) -> Result<String, usize> {
    let rename = Rename { from: "@up/node".into(), to: "ours-node".into(), allow: Vec::new() };
    let source = Source::new("module.js", code);
    let renamed = rename.apply("module", &Version::new(1, 0, 0), &source, Language::JavaScript);
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
fn other_packages_and_comments_are_unchanged() {
    for code in [
        "import '@up/node-extra';\n",
        "// see @up/node\nconst a = 1;\n",
        "import 'not/@up/nodes';\n",
    ] {
        assert_eq!(rename(code).unwrap(), code);
    }
}

#[test]
fn a_name_inside_a_longer_string_is_an_error() {
    for code in [
        "const a = '[@up/node] failed';\n",
        "const a = `${b}@up/node`;\n",
        "const a = { '@up/node': 1 };\n",
    ] {
        assert_eq!(rename(code).unwrap_err(), 1, "{code}");
    }
}

#[test]
fn an_allowance_applies_to_its_versions_and_must_be_used() {
    let source = Source::new("module.js", "warn('[@up/node] failed');\n");
    let rename = Rename {
        from: "@up/node".into(),
        to: "ours-node".into(),
        allow: vec![Allowance {
            module: "module".into(),
            text: "[@up/node]".into(),
            versions: VersionReq::parse(">=2").unwrap(),
            place: source.wrong(0..0, "here"),
        }],
    };
    for (major, is_allowed) in [(1, false), (2, true)] {
        let version = Version::new(major, 0, 0);
        let renamed = rename.apply("module", &version, &source, Language::JavaScript);
        assert_eq!(renamed.is_ok(), is_allowed, "{version}");
        let checked = rename.check_allowances(&version, &Default::default());
        assert_eq!(checked.is_err(), is_allowed, "{version}");
    }
}
