//! Packages that go into ours as one module.

use std::fs;

use insta::assert_snapshot;

use crate::{
    checkout::{Checkout, PACKAGE},
    server::{Answer, Server, metadata},
    tarball,
};

const MANIFEST: &str = r#"{ "name": "@other/part", "version": "2.0.0", "main": "lib" }"#;

const ENTRY: &str = "'use strict';\n\nconst fs = require('fs');\nconst { Wheel } = require('./wheel');\n\nmodule.exports = { Wheel, Car: class {}, fs };\n";

/// Requires its entry back, and an optional package.
const WHEEL: &str = "'use strict';\n\nconst car = require('..');\ntry {\n  require('grease');\n} catch {\n  // It turns without.\n}\nexports.Wheel = class {\n  car = () => car.Car;\n};\n";

/// The part with some files in place of its own; an empty one is left out.
pub fn part(files: &[(&str, &str)]) -> Vec<u8> {
    let own = [
        ("package/package.json", MANIFEST),
        ("package/LICENSE", "The Part Licence\n"),
        ("package/lib/index.js", ENTRY),
        ("package/lib/wheel/index.js", &WHEEL.replace("'..'", "'../index'")),
        ("package/lib/unused.js", "require('nothing');\n"),
    ];
    let kept = own.iter().filter(|(path, _)| files.iter().all(|(other, _)| other != path));
    let files: Vec<_> = kept
        .chain(files)
        .filter(|(_, text)| !text.is_empty())
        .map(|(path, text)| (*path, text.as_bytes()))
        .collect();
    tarball::of(&files)
}

/// A registry that has the toy and the part.
pub fn registry(part: Vec<u8>) -> Server {
    Server::start(move |path, _| match path {
        "/@upstream%2ftoy" => Answer::found(metadata("/toy.tgz")),
        "/toy.tgz" => Answer::found(tarball::good()),
        "/@other%2fpart" => Answer::found(
            r#"{"name":"@other/part","versions":{"2.0.0":{"dist":{"tarball":"/part.tgz"}}}}"#,
        ),
        "/part.tgz" => Answer::found(part.clone()),
        _ => Answer::Status(404, Vec::new()),
    })
}

/// A checkout whose toy holds the part, with more of its description in `declared`.
fn checkout(server: &Server, part: &[u8], declared: &str) -> Checkout {
    let checkout = Checkout::new(&tarball::good(), server);
    checkout.export("toy/drive");
    checkout.add("adapters/toy/adapter.toml", &table(part, declared));
    checkout.write("templates/toy/drive.ts", "import { Car } from '@other/part';\n\n/** Drives. */\nexport function drive(): Car {\n\treturn new Car();\n}\n");
    checkout.hide(&tarball::integrity(part), "sha512-PART")
}

/// What a description says of the part.
pub fn table(part: &[u8], declared: &str) -> String {
    let integrity = tarball::integrity(part);
    format!(
        "[[vendor]]\npackage = \"@other/part\"\nversion = \"2.0.0\"\nintegrity = \"{integrity}\"\nwhy = \"To show how.\"\nexports = [\"Car\", \"Wheel\"]\n{declared}\n"
    )
}

pub const DECLARED: &str = "absent = [\"grease\"]\nimports = { fs = \"node:fs\" }";

/// What a build shows that cannot vendor the part.
fn fail(files: &[(&str, &str)], declared: &str) -> String {
    let part = part(files);
    let server = registry(part.clone());
    checkout(&server, &part, declared).shown(&["build"])
}

#[test]
fn a_vendored_package_is_one_module_that_ours_import() {
    let part = part(&[]);
    let server = registry(part.clone());
    let checkout = checkout(&server, &part, DECLARED);
    checkout.build_well(&[]);
    let shown: Vec<String> = [
        "dist/websocket/vendor/other-part.js",
        "dist/websocket/toy/drive.js",
        "dist/websocket/toy/drive.d.ts",
        "LICENSE",
        "upstream.json",
        "sbom.cdx.json",
    ]
    .iter()
    .map(|path| {
        let text = fs::read_to_string(checkout.path(PACKAGE).join(path)).unwrap();
        format!("── {path}\n{text}")
    })
    .collect();
    let shown = shown.join("\n").replace(&tarball::integrity(&part), "sha512-PART");
    assert_snapshot!(shown.replace(&tarball::integrity(&tarball::good()), "sha512-PINNED"));
}

#[test]
fn a_template_beside_the_folders_imports_a_vendored_package_too() {
    let part = part(&[]);
    let server = registry(part.clone());
    let checkout = checkout(&server, &part, DECLARED);
    checkout.write("templates/part.ts", "export { Car } from '@other/part';\n");
    checkout.write("templates/toy/drive.ts", "export { Car } from '../part.ts';\n");
    checkout.build_well(&[]);
    let path = checkout.path(PACKAGE).join("dist/websocket/part.js");
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        "export { Car } from \"./vendor/other-part.js\";\n"
    );
}

#[test]
fn a_vendored_package_is_asked_for_once() {
    let part = part(&[]);
    let server = registry(part.clone());
    let checkout = checkout(&server, &part, DECLARED);
    checkout.build_well(&[]);
    let asked = server.lines();
    assert!(asked.contains(&"GET /part.tgz".to_owned()), "{asked:?}");
    checkout.build_well(&[]);
    assert_eq!(server.lines(), asked);
}

#[test]
fn a_vendored_package_that_is_not_the_pinned_one_is_not_used() {
    let server = registry(part(&[("package/LICENSE", "Another licence\n")]));
    let shown = checkout(&server, &part(&[]), DECLARED).shown(&["build"]);
    assert!(shown.contains("error[U010]"), "{shown}");
    assert!(shown.contains("adapters/toy/adapter.toml"), "{shown}");
}

#[test]
fn a_pin_in_a_description_is_checked_as_every_other() {
    let checkout = checkout(&registry(part(&[])), &part(&[]), DECLARED);
    let path = "adapters/toy/adapter.toml";
    let description = fs::read_to_string(checkout.path(path)).unwrap();
    checkout.write(path, &description.replace("\"2.0.0\"", "\"^2.0.0\""));
    let shown = checkout.shown(&["build"]);
    assert!(shown.contains("error[U002]"), "{shown}");
    assert!(shown.contains("adapters/toy/adapter.toml"), "{shown}");
}

#[test]
fn a_require_that_is_not_declared_is_marked() {
    assert_snapshot!(fail(&[], "imports = { fs = \"node:fs\" }"));
}

#[test]
fn a_file_that_a_vendored_package_lacks_is_marked() {
    let shown = fail(&[("package/lib/wheel/index.js", "")], DECLARED);
    assert!(shown.contains("requires `./wheel`"), "{shown}");
}

#[test]
fn a_require_that_is_declared_and_not_there_is_an_error() {
    assert_snapshot!(fail(&[], "absent = [\"grease\", \"oil\"]\nimports = { fs = \"node:fs\" }"));
}

#[test]
fn a_require_that_is_computed_is_marked() {
    let entry = ENTRY.replace("'./wheel'", "wheels[0]");
    assert_snapshot!(fail(&[("package/lib/index.js", &entry)], DECLARED));
}

#[test]
fn a_vendored_package_needs_an_entry_and_a_licence() {
    for (file, missing) in [
        ("package/lib/index.js", "the package has no entry"),
        ("package/LICENSE", "the package has no licence"),
    ] {
        let shown = fail(&[(file, "")], DECLARED);
        assert!(shown.contains("error[B011]") && shown.contains(missing), "{shown}");
    }
}
