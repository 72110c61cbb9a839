//! `xtask lint`: spelling, and the imports between the rooms of a small tree. Cargo and Python are
//! stubs.

use insta::assert_snapshot;

use crate::{checkout::Checkout, tarball};

const ROOMS: &str = "\
[templates]
order = [\"node/site\", \"node/protocol\", \"shared\"]

[xtask]
order = [\"commands\", \"pipeline\", \"upstream\"]
apart = [[\"commands/*\"]]
";

/// A stub of Python. The environment that it makes has a pip that installs nothing, and a typos that
/// finds nothing.
const NO_TYPO: &str = "\
if [ \"$2\" = venv ]; then
  mkdir \"$3/bin\"
  printf '#!/bin/sh\\n' > \"$3/bin/python\"
  printf '%s\\n' '#!/bin/sh' \"exit 0\" > \"$3/bin/typos\"
  chmod +x \"$3/bin/python\" \"$3/bin/typos\"
fi
";

fn checkout() -> Checkout {
    let checkout = Checkout::without_registry(&tarball::good());
    checkout.write("xtask/rooms.toml", ROOMS);
    checkout.write("templates/node/site/routes.ts", "import '../protocol/frame.ts';\n");
    checkout.write("templates/node/protocol/frame.ts", "export * from '../../shared/close.ts';\n");
    checkout.write("templates/shared/close.ts", "export const code = 1000;\n");
    // Tests and fixtures may import anything.
    checkout.write("templates/shared/close.test.ts", "import '../node/site/routes.ts';\n");
    checkout.write("templates/shared/close.fixture.ts", "import '../node/site/routes.ts';\n");
    checkout.write("xtask/src/main.rs", "mod commands;\nuse commands::build;\n");
    checkout.write("xtask/src/commands/mod.rs", "pub mod build;\npub mod sweep;\n");
    checkout
        .write("xtask/src/commands/build.rs", "use crate::{pipeline::{self, Job}, upstream};\n");
    checkout.write("xtask/src/commands/sweep/mod.rs", "mod report;\nuse self::report::Row;\n");
    checkout.write(
        "xtask/src/commands/sweep/report.rs",
        "use super::Row;\nuse crate::upstream::Line;\n",
    );
    checkout.write("xtask/src/pipeline.rs", "fn f() -> crate::upstream::Line { todo!() }\n");
    checkout.write("xtask/src/upstream/mod.rs", "mod git;\nuse git::holds;\n");
    checkout.write("xtask/src/upstream/git.rs", "use super::Line;\n");
    checkout.program("python3", NO_TYPO);
    let cargo = checkout.program("cargo", "");
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", cargo.parent().unwrap().display());
    checkout.with("CARGO", &cargo.display().to_string()).with("PATH", &path)
}

#[test]
fn a_misspelt_word_fails_the_lint() {
    let checkout = checkout();
    checkout
        .program("python3", &NO_TYPO.replace("exit 0", "echo a.md:1:1: a misspelt word; exit 2"));
    assert_snapshot!(checkout.shown(&["lint"]));
}

#[test]
fn spelling_is_skipped_with_a_hint_on_a_machine_without_python() {
    let checkout = checkout();
    checkout.program("python3", "exit 1\n");
    assert_snapshot!(checkout.shown(&["lint"]));
}

#[test]
fn imports_that_go_down_are_fine() {
    assert_snapshot!(checkout().shown(&["lint"]));
}

#[test]
fn imports_that_go_up_are_an_error() {
    let checkout = checkout();
    checkout.write(
        "templates/shared/close.ts",
        "import type { Frame } from '../node/protocol/frame.ts';\nexport const code = 1000;\n",
    );
    checkout
        .write("xtask/src/upstream/git.rs", "use std::fs;\nuse crate::{pipeline::Job, Answer};\n");
    checkout.write(
        "xtask/src/pipeline.rs",
        "mod tests { fn f() { super::super::commands::run(); } }\n",
    );
    assert_snapshot!(checkout.shown(&["lint"]));
}

#[test]
fn commands_that_import_each_other_are_an_error() {
    let checkout = checkout();
    checkout.write("xtask/src/commands/sweep/report.rs", "use super::super::build::Build;\n");
    assert_snapshot!(checkout.shown(&["lint"]));
}

#[test]
fn rooms_that_are_not_listed_and_entries_without_a_room_are_errors() {
    let checkout = checkout();
    checkout.write("templates/node/http/answer.ts", "export {};\n");
    checkout.write("templates/index.ts", "export {};\n");
    checkout.write("xtask/src/status.rs", "use crate::upstream::Line;\n");
    checkout.write("xtask/rooms.toml", &ROOMS.replace("\"shared\"", "\"shared\", \"handshake\""));
    assert_snapshot!(checkout.shown(&["lint"]));
}

#[test]
fn a_file_that_cannot_be_parsed_is_an_error() {
    let broken = checkout();
    broken.write("templates/shared/close.ts", "import './hooks.ts';\nexport const = 1;\n");
    assert_snapshot!("a_template", broken.shown(&["lint"]));
    let broken = checkout();
    broken.write("xtask/src/pipeline.rs", "fn f() { (] }\n");
    assert_snapshot!("a_module", broken.shown(&["lint"]));
    let broken = checkout();
    broken.write("xtask/rooms.toml", &ROOMS.replace("[xtask]", "[toolchain]"));
    assert_snapshot!("the_list", broken.shown(&["lint"]));
}
