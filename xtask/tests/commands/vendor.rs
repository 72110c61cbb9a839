//! Third-party packages bundled into ours as a single module.

use std::fs;

use insta::assert_snapshot;

use crate::{
    checkout::{Checkout, PACKAGE},
    server::{Answer, Server, metadata},
    tarball,
};

const MANIFEST: &str = r#"{ "name": "@other/part", "version": "2.0.0", "main": "lib" }"#;

const ENTRY: &str = "'use strict';\n\nconst fs = require('fs');\nconst { Wheel } = require('./wheel');\n\nmodule.exports = { Wheel, Car: class {}, fs };\n";

/// Requires its own package's entry, and an optional package.
const WHEEL: &str = "'use strict';\n\nconst car = require('..');\ntry {\n  require('grease');\n} catch {\n  // It turns without.\n}\nexports.Wheel = class {\n  car = () => car.Car;\n};\n";

/// The part with some files replaced; an empty file is left out.
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

/// A registry with the toy and the part.
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

/// A checkout with a toy that vendors the part. `declared` holds more of its description.
fn checkout(server: &Server, part: &[u8], declared: &str) -> Checkout {
    let checkout = Checkout::new(&tarball::good(), server);
    checkout.export("toy/drive");
    checkout.add("adapters/toy/adapter.toml", &table(part, declared));
    checkout.write("templates/toy/drive.ts", "import { Car } from '@other/part';\n\n/** Drives. */\nexport function drive(): Car {\n\treturn new Car();\n}\n");
    checkout.hide(&tarball::integrity(part), "sha512-PART")
}

/// The description of the part.
pub fn table(part: &[u8], declared: &str) -> String {
    let integrity = tarball::integrity(part);
    format!(
        "[[vendor]]\npackage = \"@other/part\"\nversion = \"2.0.0\"\nintegrity = \"{integrity}\"\nwhy = \"To show how.\"\nexports = [\"Car\", \"Wheel\"]\n{declared}\n"
    )
}

pub const DECLARED: &str = "absent = [\"grease\"]\nimports = { fs = \"node:fs\" }";

/// The output of a build that cannot vendor the part.
fn fail(files: &[(&str, &str)], declared: &str) -> String {
    let part = part(files);
    let server = registry(part.clone());
    checkout(&server, &part, declared).shown(&["build"])
}

#[test]
fn a_vendored_package_is_bundled_as_a_single_module() {
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
fn a_template_outside_the_folders_can_import_a_vendored_package() {
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
fn a_vendored_package_is_requested_once() {
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
fn a_vendored_package_that_differs_from_its_pin_is_not_used() {
    let server = registry(part(&[("package/LICENSE", "Another licence\n")]));
    let shown = checkout(&server, &part(&[]), DECLARED).shown(&["build"]);
    assert!(shown.contains("error[U010]"), "{shown}");
    assert!(shown.contains("adapters/toy/adapter.toml"), "{shown}");
}

#[test]
fn a_pin_in_a_description_is_validated_like_any_other() {
    let checkout = checkout(&registry(part(&[])), &part(&[]), DECLARED);
    let path = "adapters/toy/adapter.toml";
    let description = fs::read_to_string(checkout.path(path)).unwrap();
    checkout.write(path, &description.replace("\"2.0.0\"", "\"^2.0.0\""));
    let shown = checkout.shown(&["build"]);
    assert!(shown.contains("error[U002]"), "{shown}");
    assert!(shown.contains("adapters/toy/adapter.toml"), "{shown}");
}

#[test]
fn an_undeclared_require_is_marked() {
    assert_snapshot!(fail(&[], "imports = { fs = \"node:fs\" }"));
}

#[test]
fn a_missing_file_of_a_vendored_package_is_marked() {
    let shown = fail(&[("package/lib/wheel/index.js", "")], DECLARED);
    assert!(shown.contains("requires `./wheel`"), "{shown}");
}

#[test]
fn a_declared_but_unused_require_is_an_error() {
    assert_snapshot!(fail(&[], "absent = [\"grease\", \"oil\"]\nimports = { fs = \"node:fs\" }"));
}

#[test]
fn a_computed_require_is_marked() {
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
