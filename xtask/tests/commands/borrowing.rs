//! Modules that a package takes from another runtime.

use std::{collections::BTreeSet, fs};

use insta::assert_snapshot;

use crate::{
    checkout::{Checkout, PACKAGE, PATCH},
    tarball, vendor,
};

/// A checkout whose toy borrows from a runtime that is pinned nowhere. That one has three modules: one
/// that the patch imports if `is_imported`, one that this imports, and one that nothing does. The
/// second holds a package.
fn checkout(is_imported: bool) -> (Checkout, crate::server::Server) {
    let part = vendor::part(&[]);
    let server = vendor::registry(part.clone());
    let checkout = Checkout::new(&tarball::good(), &server);
    borrow_from(&checkout, "lender");
    let integrity = tarball::integrity(&part);
    checkout.write("adapters/lender/adapter.toml", &format!(
        "templates = [\"lender\"]\n[upstream]\npackage = \"@upstream/lender\"\nfolder = \"lender\"\n[package]\nname = \"our-lender\"\ndescription = \"A lender\"\n[[vendor]]\npackage = \"@other/part\"\nversion = \"2.0.0\"\nintegrity = \"{integrity}\"\nwhy = \"To show how.\"\nexports = [\"Car\"]\n{}\n",
        vendor::DECLARED
    ));
    let module = |name: &str, text: &str| {
        checkout.write(&format!("templates/lender/{name}.ts"), text);
    };
    module(
        "lent",
        "import type { Road } from './road.ts';\n\n/** Lent. */\nexport function lent<T>(toy: T): [T, Road?] {\n\treturn [toy];\n}\n",
    );
    module(
        "road",
        "import { Car } from '@other/part';\n\n/** A road. */\nexport interface Road {\n\treadonly car: Car;\n}\n",
    );
    module("unused", "/** Not asked for. */\nexport const unused: number = 1;\n");
    if is_imported {
        checkout.patch_to("return lent($TOY)");
        let patch = fs::read_to_string(checkout.path(PATCH)).unwrap();
        let import = "import = { lent = \"./websocket/lender/lent.js\" }\n";
        checkout.write(PATCH, &format!("{patch}{import}"));
    }
    (checkout, server)
}

fn borrow_from(checkout: &Checkout, lender: &str) {
    let path = "adapters/toy/adapter.toml";
    let description = fs::read_to_string(checkout.path(path)).unwrap();
    checkout.write(path, &format!("borrows = [\"{lender}\"]\n{description}"));
}

/// The modules of the built package that are not upstream's.
fn modules(checkout: &Checkout) -> BTreeSet<String> {
    let files = checkout.package().into_keys();
    files.filter(|path| path.starts_with("dist/websocket/")).collect()
}

#[test]
fn what_is_imported_is_borrowed_with_what_that_imports_and_nothing_else() {
    let (checkout, _server) = checkout(true);
    checkout.build_well(&[]);
    let expected = ["lender/lent.d.ts", "lender/lent.js", "lender/road.d.ts", "lender/road.js"];
    let expected = expected.iter().chain(&["vendor/other-part.js"]);
    let expected: BTreeSet<String> =
        expected.map(|path| format!("dist/websocket/{path}")).collect();
    assert_eq!(modules(&checkout), expected);
    let read = |path: &str| fs::read_to_string(checkout.path(PACKAGE).join(path)).unwrap();
    assert!(read("LICENSE").contains("The Part Licence"));
    assert!(read("upstream.json").contains("\"@other/part\""));
}

#[test]
fn a_package_that_imports_nothing_of_it_has_nothing_borrowed() {
    let (checkout, _server) = checkout(false);
    checkout.build_well(&[]);
    assert_eq!(modules(&checkout), BTreeSet::new());
    let read = |path: &str| fs::read_to_string(checkout.path(PACKAGE).join(path)).unwrap();
    assert!(!read("LICENSE").contains("The Part Licence"));
    assert!(!read("upstream.json").contains("vendored"));
}

#[test]
fn a_runtime_that_is_not_there_cannot_lend() {
    let (checkout, _server) = checkout(false);
    let path = "adapters/toy/adapter.toml";
    let description = fs::read_to_string(checkout.path(path)).unwrap();
    checkout.write(path, &description.replace("[\"lender\"]", "[\"lander\"]"));
    assert_snapshot!(checkout.shown(&["check", "toy"]));
}
