//! Every error of the catalogue, as shown to a maintainer.

use std::collections::BTreeSet;

use crate::common::{apply, codes, render};
use diagnostics::{Explain as _, Source};
use javascript::JavaScriptError;
use semantic_patch::{
    Allowance, Language, PatchError, PatchFile, Rename, check_ids, check_versions,
};
use semver::{Version, VersionReq};

const MODULE: &str = "\
import http from 'node:http';

export function createServer(listener) {
  const server = http.createServer(listener);
  const close = () => { return server.close(); };
  return { server, close };
}
";

/// The errors of one patch file on [`MODULE`].
fn of_patch(patch: &str) -> Vec<PatchError> {
    apply("dist/module.js", MODULE, patch).expect_err("the patch file is wrong")
}

fn edit(keys: &str) -> String {
    format!("[[edit]]\nid      = \"wrap\"\nwhy     = \"To show an error.\"\n{keys}")
}

fn file(patch: &str) -> PatchFile {
    PatchFile::read("module", "patches/module.toml", patch).expect("the patch file is valid")
}

fn rename(allow: Vec<Allowance>) -> Rename {
    Rename { from: "upstream".into(), to: "ours".into(), allow }
}

/// Each situation, with a name.
fn situations() -> Vec<(&'static str, Vec<PatchError>)> {
    let wrap = "rewrite = \"return wrap($X)\"\n";
    vec![
        ("unknown key", of_patch(&edit("unles = \"x\"\n"))),
        ("not TOML", of_patch("[[edit]\n")),
        ("mandatory key missing", of_patch("[[edit]]\nid = \"wrap\"\nappend = \"a();\"\n")),
        ("reason is empty", of_patch("[[edit]]\nid = \"wrap\"\nwhy = \" \"\nappend = \"a();\"\n")),
        ("id is empty", of_patch("[[edit]]\nid = \"\"\nwhy = \"A reason.\"\nappend = \"a();\"\n")),
        (
            "id used twice",
            check_ids(&[file(&edit("append = \"a();\"\n")), file(&edit("append = \"b();\"\n"))])
                .expect_err("the id stands twice"),
        ),
        ("pattern does not parse", of_patch(&edit("pattern = \"return {\"\nrewrite = \"a\"\n"))),
        (
            "pattern is two statements",
            of_patch(&edit("pattern = \"a(); b();\"\nrewrite = \"a\"\n")),
        ),
        (
            "rewrite does not parse",
            of_patch(&edit("pattern = \"return $X\"\nrewrite = \"return wrap($X\"\n")),
        ),
        ("appended code does not parse", of_patch(&edit("append = '''\nexport const = 1;\n'''\n"))),
        (
            "metavariable is not captured",
            of_patch(&edit("pattern = \"f($X, $$$YS)\"\nrewrite = \"f($$$X)\"\n")),
        ),
        ("no kind of place", of_patch(&edit("in = \"func createServer\"\nappend = \"a();\"\n"))),
        ("range cannot be read", of_patch(&edit("versions = \"eleven\"\nappend = \"a();\"\n"))),
        ("pattern beside append", of_patch(&edit("pattern = \"a\"\nappend = \"a();\"\n"))),
        ("pattern without rewrite", of_patch(&edit("pattern = \"a\"\n"))),
        ("neither pattern nor append", of_patch(&edit(""))),
        ("no match expected", of_patch(&edit("pattern = \"a\"\nrewrite = \"b\"\nexpect = 0\n"))),
        ("import is not used", of_patch(&edit("append = \"a();\"\nimport = { b = \"./b.js\" }\n"))),
        (
            "place is not there",
            of_patch(&edit(&format!(
                "in = \"function createServers\"\npattern = \"return $X\"\n{wrap}"
            ))),
        ),
        (
            "place is there twice",
            apply(
                "dist/module.js",
                "const a = { setup() { return 1; } };\nconst b = { setup() { return 2; } };\n",
                &edit(&format!("in = \"function setup\"\npattern = \"return $X\"\n{wrap}")),
            )
            .expect_err("there are two"),
        ),
        (
            "pattern matches nothing, something is near",
            of_patch(&edit(
                "in = \"function createServer\"\npattern = \"const server = https.createServer($X)\"\nrewrite = \"const server = $X\"\n",
            )),
        ),
        (
            "pattern matches nothing, nothing is near",
            of_patch(&edit(
                "in = \"function createServer\"\npattern = \"while (a) { b(); }\"\nrewrite = \"a()\"\n",
            )),
        ),
        (
            "pattern matches elsewhere",
            of_patch(&edit(
                "in = \"function close\"\npattern = \"http.createServer($X)\"\nrewrite = \"https.createServer($X)\"\n",
            )),
        ),
        (
            "pattern matches too often",
            of_patch(&edit("pattern = \"server\"\nrewrite = \"listener\"\n")),
        ),
        (
            "edits overlap",
            of_patch(&format!(
                "{}\n[[edit]]\nid = \"inner\"\nwhy = \"To overlap.\"\npattern = \"server.close\"\nrewrite = \"server.stop\"\n",
                edit("pattern = \"server.close()\"\nrewrite = \"stop(server)\"\n")
            )),
        ),
        (
            "patch is unused",
            vec![file(&edit("append = \"a();\"\n")).unused(["modules", "other"].into_iter())],
        ),
        (
            "edit is for no pinned version",
            check_versions(
                &[file(&edit("versions = \"<11\"\nappend = \"a();\"\n"))],
                &[Version::new(11, 1, 4)],
            )
            .expect_err("no version is in range"),
        ),
        (
            "nothing to append to",
            apply(
                "dist/module.js",
                "const f = () => 1;\n",
                &edit("in = \"function f\"\nappend = \"a();\"\n"),
            )
            .expect_err("the arrow has no body"),
        ),
        (
            "upstream does not parse",
            apply("dist/module.js", "const = 1;\n", &edit("append = \"a();\"\n"))
                .expect_err("it is broken"),
        ),
        (
            "result does not parse",
            apply("dist/module.js", "f(a);\n", &edit("pattern = \"a\"\nrewrite = \"return a\"\n"))
                .expect_err("a statement is no argument"),
        ),
        ("name is declared twice", of_patch(&edit("append = \"const createServer = 1;\"\n"))),
        (
            "name is not declared",
            of_patch(&edit(&format!(
                "in = \"function createServer\"\npattern = \"return $X\"\n{wrap}"
            ))),
        ),
        (
            "package name is left over",
            rename(Vec::new())
                .apply(
                    "module",
                    &Version::new(1, 0, 0),
                    &Source::new(
                        "dist/module.js",
                        "import 'upstream/server.js';\nthrow new Error('[upstream] failed');\n",
                    ),
                    Language::JavaScript,
                )
                .expect_err("a message holds the name"),
        ),
        (
            "allowance is not needed",
            rename(vec![Allowance {
                module: "module".into(),
                text: "[upstream]".into(),
                versions: VersionReq::STAR,
                place: Source::new(
                    "adapter.toml",
                    "[[allow]]\nmodule = \"module\"\ntext = \"[upstream]\"\n",
                )
                .wrong(0..9, "this entry"),
            }])
            .check_allowances(&Version::new(1, 0, 0), &BTreeSet::new())
            .expect_err("no module needed it"),
        ),
    ]
}

#[test]
fn every_error_is_shown_with_its_place_and_the_next_step() {
    let all: Vec<String> = situations()
        .into_iter()
        .map(|(name, errors)| format!("── {name}\n{}", render(errors)))
        .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn an_edit_may_wait_for_releases_newer_than_the_pins() {
    let check = |versions: &str| {
        let patch = file(&edit(&format!("versions = \"{versions}\"\nappend = \"a();\"\n")));
        check_versions(&[patch], &[Version::new(10, 1, 4), Version::new(11, 1, 4)])
    };
    for ahead in [">=11.2", ">11.1.4", "^12", ">=12, <13", "=11.1.5"] {
        assert!(check(ahead).is_ok(), "{ahead}");
    }
    for behind in ["<10", ">=10.2, <11", "=11.1.3", "<=9"] {
        assert!(check(behind).is_err(), "{behind}");
    }
}

#[test]
fn every_code_of_the_catalogue_has_a_situation() {
    let shown: BTreeSet<&str> = situations().iter().flat_map(|(_, errors)| codes(errors)).collect();
    let known: BTreeSet<&str> = PatchError::CATALOGUE
        .iter()
        .chain(JavaScriptError::CATALOGUE)
        .map(|entry| entry.code)
        .collect();
    assert_eq!(shown, known);
}

#[test]
fn all_errors_of_a_module_are_reported_at_once() {
    let patch = format!(
        "{}\n[[edit]]\nid = \"other\"\nwhy = \"Also wrong.\"\nin = \"function missing\"\nappend = \"a();\"\n",
        edit("pattern = \"nowhere()\"\nrewrite = \"a()\"\n")
    );
    assert_eq!(codes(&of_patch(&patch)), ["P012", "P010"]);
}

#[test]
fn colour_can_be_turned_off() {
    let shown = render(of_patch(&edit("append = \"const createServer = 1;\"\n")));
    assert!(!shown.contains('\u{1b}'), "{shown}");
}
