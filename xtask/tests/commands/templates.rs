//! Our own modules: the selection for a package.

use std::{collections::BTreeSet, fs};

use insta::assert_snapshot;

use crate::{
    checkout::{Checkout, PACKAGE, PATCH},
    fake_registry::FakeRegistry,
    repository,
    server::Server,
    tarball, vendor,
};

/// A module without imports.
const ALONE: &str = "/** Alone. */\nexport const alone: number = 1;\n";

fn checkout() -> Checkout {
    Checkout::new(&tarball::good(), &Server::with_toy(tarball::good()))
}

/// A checkout of an upstream release with these files, whose package gets the module `play`.
fn with_play(files: &[(&str, &[u8])]) -> Checkout {
    let tarball = tarball::with_files(files);
    let checkout = Checkout::new(&tarball, &Server::with_toy(tarball.clone()));
    checkout.write("templates/toy/play.ts", ALONE);
    checkout.export("toy/play");
    checkout
}

#[test]
fn an_export_that_upstream_has_as_well_is_an_error() {
    let own = "\"exports\": { \"./play\": \"./dist/index.js\",";
    let manifest = tarball::MANIFEST.replace("\"exports\": {", own);
    let checkout = with_play(&[("package/package.json", manifest.as_bytes())]);
    assert_snapshot!(checkout.shown(&["build"]));
}

#[test]
fn a_file_of_upstream_in_our_folder_is_an_error() {
    let checkout = with_play(&[("package/dist/websocket/toy/play.js", b"export {};\n")]);
    assert_snapshot!(checkout.shown(&["build"]));
}

/// A checkout with a second runtime without a pin. It has three modules. The toy's patch imports
/// the first if `is_imported`; the first imports the second, which imports a package that its
/// runtime pins; nothing imports the third.
fn with_lender(is_imported: bool) -> (Checkout, Server) {
    let part = vendor::part(&[]);
    let server = vendor::registry(part.clone());
    let checkout = Checkout::new(&tarball::good(), &server);
    checkout.write(
        "adapters/lender/adapter.toml",
        &format!(
            "[upstream]\npackage = \"@upstream/lender\"\nfolder = \"lender\"\n[package]\nname = \"our-lender\"\ndescription = \"A lender\"\n{}",
            vendor::table(&part, vendor::DECLARED)
        ),
    );
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
    module("unused", ALONE);
    if is_imported {
        checkout.patch_to("return lent($TOY)");
        checkout.add(PATCH, "import = { lent = \"./websocket/lender/lent.js\" }\n");
    }
    (checkout, server)
}

/// The modules of the built package, without upstream's.
fn modules(checkout: &Checkout) -> BTreeSet<String> {
    let files = checkout.package().into_keys();
    files.filter(|path| path.starts_with("dist/websocket/")).collect()
}

/// Modules of a package, by name below our folder.
fn expected(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| format!("dist/websocket/{name}")).collect()
}

#[test]
fn a_package_holds_only_direct_and_indirect_imports_of_its_patches() {
    let (checkout, _server) = with_lender(true);
    checkout.build_well(&[]);
    let held = ["lender/lent.d.ts", "lender/lent.js", "lender/road.d.ts", "lender/road.js"];
    assert_eq!(modules(&checkout), expected(&[&held[..], &["vendor/other-part.js"]].concat()));
    let read = |path: &str| fs::read_to_string(checkout.path(PACKAGE).join(path)).unwrap();
    assert!(read("LICENSE").contains("The Part Licence"));
    assert!(read("upstream.json").contains("\"@other/part\""));
}

#[test]
fn a_package_without_imports_of_ours_holds_none_of_our_modules() {
    let (checkout, _server) = with_lender(false);
    checkout.build_well(&[]);
    assert_eq!(modules(&checkout), BTreeSet::new());
    let read = |path: &str| fs::read_to_string(checkout.path(PACKAGE).join(path)).unwrap();
    assert!(!read("LICENSE").contains("The Part Licence"));
    assert!(!read("upstream.json").contains("vendored"));
}

#[test]
fn a_package_holds_its_exports_and_the_imports_of_its_declarations() {
    let checkout = checkout();
    checkout.write("templates/toy/sold.ts", ALONE);
    checkout.write("templates/toy/named.ts", "/** Named. */\nexport type Named = string;\n");
    checkout.export("toy/sold");
    checkout.add(PATCH, "[[declare]]\nid = \"name\"\nwhy = \"It is asked for.\"\nappend = \"export declare const named: import('./websocket/toy/named.js').Named;\"\n");
    checkout.build_well(&[]);
    let held = ["toy/named.d.ts", "toy/named.js", "toy/sold.d.ts", "toy/sold.js"];
    assert_eq!(modules(&checkout), expected(&held));
}

#[test]
fn an_export_of_a_missing_file_is_an_error() {
    let checkout = checkout();
    checkout.export("toy/lost");
    assert_snapshot!(checkout.shown(&["build"]));
}

#[test]
fn an_unused_module_is_an_error_in_a_full_build() {
    let part = vendor::part(&[]);
    let server = vendor::registry(part.clone());
    let checkout = Checkout::new(&tarball::good(), &server);
    checkout.add("adapters/toy/adapter.toml", &vendor::table(&part, vendor::DECLARED));
    checkout.write("templates/toy/held.ts", ALONE);
    checkout.write("templates/toy/forgotten.ts", ALONE);
    // None of these goes into a package.
    checkout.write("templates/toy/forgotten.test.ts", "this is not TypeScript\n");
    checkout.write("templates/toy/forgotten.fixture.ts", "this is not TypeScript\n");
    checkout.write("templates/toy/virtual.d.ts", "this is not TypeScript\n");
    checkout.write("templates/node_modules/other/other.ts", "this is not TypeScript\n");
    checkout.export("toy/held");
    assert_snapshot!(checkout.shown(&["build"]));
    assert!(!checkout.path(PACKAGE).exists(), "something was written");
    // A partial build cannot know the content of the other packages.
    checkout.build_well(&[]);
    assert_eq!(modules(&checkout), expected(&["toy/held.d.ts", "toy/held.js"]));
}

#[test]
fn a_module_of_a_single_line_is_used() {
    let server = FakeRegistry::default().toy("1.2.3", "6.4.8").toy("2.0.0", "7.2.4").serve();
    let checkout = Checkout::new(&tarball::good(), &server);
    repository::pins(&checkout, "2.0.0", "");
    for (name, versions) in [("old", "<2"), ("young", ">=2")] {
        checkout.write(&format!("templates/toy/{name}.ts"), ALONE);
        checkout.add(PATCH, &format!(
            "[[edit]]\nid = \"{name}\"\nwhy = \"It differs.\"\nappend = \"alone();\"\nimport = {{ alone = \"./websocket/toy/{name}.js\" }}\nversions = \"{versions}\"\n"
        ));
    }
    let shown = checkout.shown(&["build"]);
    assert!(shown.starts_with("exit code 0"), "{shown}");
    for (line, held, other) in [("astro6", "old", "young"), ("astro7", "young", "old")] {
        let folder = checkout.path(&format!("adapters/toy/pkg/{line}/dist/websocket/toy"));
        assert!(folder.join(format!("{held}.js")).exists());
        assert!(!folder.join(format!("{other}.js")).exists());
    }
}

#[test]
fn a_package_pinned_by_two_runtimes_is_an_error() {
    let (checkout, _server) = with_lender(false);
    let part = vendor::part(&[]);
    checkout.add("adapters/toy/adapter.toml", &vendor::table(&part, vendor::DECLARED));
    assert_snapshot!(checkout.shown(&["build", "toy"]));
}
