//! The commands on the pages work, and the tables on them are complete.

use std::collections::BTreeSet;
use std::fs;
use std::process::Output;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::checkout::Checkout;
use tests::locations::repository;
use tests::tools::run;

use crate::pages::{
    ADDING_A_RUNTIME, CLOUDFLARE, COMMANDS, NODE, PATCHES, PUBLISHING, README, VERSIONS, blocks,
    commands,
};

/// The pages whose commands are run, in this order. `contributing.rs` runs those of `CONTRIBUTING.md`.
const FOR_MAINTAINERS: [&str; 8] = [
    README,
    COMMANDS,
    "docs/testing.md",
    "docs/upstream-releases.md",
    PUBLISHING,
    "docs/ci.md",
    PATCHES,
    ADDING_A_RUNTIME,
];

/// Commands that these tests do not run, and the place where they run instead. The tests still
/// check that they exist and accept the arguments on the page.
pub const NOT_RUN: [(&str, &str); 6] = [
    ("test", "it would run these tests again: CI runs every suite"),
    ("lint", "it compiles everything once more for Clippy: CI runs it as a step of its own"),
    ("publish", "it needs a registry to write to: the module `published` publishes to one"),
    (
        "follow",
        "it needs releases newer than the pins: `xtask/tests/commands/follow.rs` makes some",
    ),
    ("docs", "it takes half a minute: the module `documentation` runs it"),
    ("canary", "it installs what is newest today: `xtask/tests/commands/canary.rs` has it run"),
];

/// Whether these tests run a command of `cargo xtask`.
pub fn is_run(name: &str) -> bool {
    !NOT_RUN.iter().any(|(other, _)| *other == name)
}

#[test]
fn every_toolchain_command_on_the_pages_works() -> Result<()> {
    let checkout = Checkout::copy("readme-commands")?;
    let mut seen = 0;
    for command in commands_for_maintainers()? {
        let words: Vec<&str> = command.split_whitespace().skip(2).collect();
        if words.iter().any(|word| word.starts_with('[') || is_placeholder(word)) {
            has_the_form(&checkout, &words).with_context(|| command.clone())?;
        } else {
            let help = (!is_run(words[0])).then_some("--help");
            run(&mut checkout.xtask(words.iter().copied().chain(help)))
                .with_context(|| command.clone())?;
        }
        seen += 1;
    }
    ensure!(seen > 10, "only {seen} commands were found");
    Ok(())
}

fn commands_for_maintainers() -> Result<Vec<String>> {
    let mut all = Vec::new();
    for page in FOR_MAINTAINERS {
        all.extend(commands(page, "cargo xtask ")?);
    }
    Ok(all)
}

/// Whether a word stands for an argument, such as `FILE`.
fn is_placeholder(word: &str) -> bool {
    word.chars().all(|letter| letter.is_ascii_uppercase())
}

/// Whether a command takes the options and arguments of a form such as `status [--check]`.
fn has_the_form(checkout: &Checkout, form: &[&str]) -> Result<()> {
    let output = checkout.xtask([form[0], "--help"]).output()?;
    let help = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{}", output.status);
    let words = form.iter().map(|word| word.trim_matches(['[', ']']));
    for option in words.filter(|word| word.starts_with("--")) {
        ensure!(help.contains(option), "`{}` has no option `{option}`:\n{help}", form[0]);
    }
    for pair in form.windows(2) {
        let optional = pair[1].strip_prefix('[').and_then(|word| word.strip_suffix(']'));
        let optional = optional.filter(|word| is_placeholder(word.trim_end_matches('…')));
        let usage = match optional {
            Some(word) if word.ends_with('…') => format!("[{}]...", word.trim_end_matches('…')),
            Some(word) => format!("[{word}]"),
            // After an option it is the option's value.
            None if is_placeholder(pair[1]) && !pair[0].contains("--") => format!("<{}>", pair[1]),
            None => continue,
        };
        let line = help.lines().find(|line| line.starts_with("Usage: ")).unwrap_or_default();
        ensure!(line.contains(&usage), "`{}` does not take `{}`: {line}", form[0], pair[1]);
    }
    Ok(())
}

#[test]
fn every_command_that_is_not_run_is_on_a_page() -> Result<()> {
    let mut named = commands_for_maintainers()?;
    named.extend(commands("CONTRIBUTING.md", "cargo xtask ")?);
    for (name, _) in NOT_RUN {
        let start = format!("cargo xtask {name}");
        ensure!(named.iter().any(|command| command.starts_with(&start)), "nowhere: `{start}`");
    }
    Ok(())
}

#[test]
fn the_patch_on_the_page_is_one_of_ours() -> Result<()> {
    let mut seen = 0;
    for block in blocks(PATCHES)?.iter().filter(|block| block.language == "toml") {
        let file = fs::read_to_string(repository().join(block.file()?))?;
        let (_, edit) = block.text.split_once('\n').context("a block without an edit")?;
        ensure!(edit.contains("[[edit]]"), "no edit:\n{edit}");
        ensure!(file.contains(edit), "not in {}:\n{edit}", block.file()?);
        seen += 1;
    }
    ensure!(seen > 0, "{PATCHES} shows no patch");
    Ok(())
}

/// The text between backticks in the first cells of the table below this heading.
fn first_cells(page: &str, heading: &str) -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(repository().join(page))?;
    let (_, table) = text.split_once(heading).with_context(|| format!("no `{heading}`"))?;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.strip_prefix("| ")?.split(" | ").next());
    Ok(cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect())
}

/// The keys that a reader expects in place of one that it does not know. It lists them in its error.
fn known_keys(output: &Output) -> Result<BTreeSet<String>> {
    let told = String::from_utf8_lossy(&output.stderr);
    let (_, known) = told
        .split_once("unknown field `no-such-key`, expected ")
        .with_context(|| format!("no list of the keys: {told}"))?;
    let known = known.lines().next().unwrap_or_default();
    Ok(known.split('`').skip(1).step_by(2).map(str::to_owned).collect())
}

#[test]
fn the_table_of_keys_is_what_a_patch_file_may_hold() -> Result<()> {
    let checkout = Checkout::copy("readme-keys")?;
    let patch = checkout.root().join("patches/node/no-such-module.toml");
    fs::write(patch, "[[edit]]\nno-such-key = 1\n")?;
    let keys = known_keys(&checkout.xtask(["check", "node"]).output()?)?;
    let named = first_cells(PATCHES, "| key | meaning |")?;
    ensure!(named == keys, "{PATCHES} names {named:?}, a patch file may hold {keys:?}");
    Ok(())
}

#[test]
fn the_table_of_keys_is_what_the_description_of_a_runtime_may_hold() -> Result<()> {
    let checkout = Checkout::copy("readme-adapter-keys")?;
    let path = checkout.root().join("adapters/node/adapter.toml");
    let description = fs::read_to_string(&path)?;
    let keys_with = |text: String| -> Result<BTreeSet<String>> {
        fs::write(&path, text)?;
        known_keys(&checkout.xtask(["check", "node"]).output()?)
    };
    let mut keys = BTreeSet::new();
    for table in keys_with(format!("no-such-key = 1\n{description}"))? {
        let heading = [format!("\n[{table}]\n"), format!("\n[[{table}]]\n")]
            .into_iter()
            .find(|heading| description.contains(heading.as_str()))
            .with_context(|| format!("the description of Node has no `{table}` to try"))?;
        let wrong = description.replacen(&heading, &format!("{heading}no-such-key = 1\n"), 1);
        keys.extend(keys_with(wrong)?.into_iter().map(|key| format!("{table}.{key}")));
    }
    let named = first_cells(ADDING_A_RUNTIME, "| key | meaning |")?;
    ensure!(named == keys, "{ADDING_A_RUNTIME} names {named:?}, the file may hold {keys:?}");
    Ok(())
}

#[test]
fn the_tables_of_options_name_them_all() -> Result<()> {
    let declared = fs::read_to_string(repository().join("templates/options/options.ts"))?;
    let (_, declared) =
        declared.split_once("export interface WebSocketOptions {").context("no options")?;
    let (declared, _) = declared.split_once("\n}").context("no end of the options")?;
    let names =
        declared.lines().filter_map(|line| line.trim().split_once("?:").map(|(name, _)| name));
    let names: Vec<&str> = names.collect();
    ensure!(!names.is_empty(), "no options");
    for page in [NODE, CLOUDFLARE] {
        let text = fs::read_to_string(repository().join(page))?;
        // The first column of a table: one option, or several that share a row.
        let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
        let told: Vec<&str> = cells.flat_map(|cell| cell.split(", ")).collect();
        for name in &names {
            ensure!(told.contains(&format!("`{name}`").as_str()), "{page} does not name `{name}`");
        }
    }
    Ok(())
}

#[test]
fn the_exact_version_is_installed_by_the_same_command_on_every_page() -> Result<()> {
    let command = "npm install --save-exact zastro-websockets-node@latest";
    for page in [VERSIONS, NODE] {
        ensure!(!commands(page, command)?.is_empty(), "{page} does not name `{command}`");
    }
    let other = command.replace("-node@", "-cloudflare@");
    ensure!(!commands(CLOUDFLARE, &other)?.is_empty(), "{CLOUDFLARE} does not name `{other}`");
    Ok(())
}

/// The suite of Cloudflare serves it.
#[test]
fn the_worker_on_the_page_for_astro_4_is_that_of_the_tests() -> Result<()> {
    let project = "tests/projects/cloudflare-before-6/worker.mjs";
    let worker = fs::read_to_string(repository().join(project))?;
    let blocks = blocks(CLOUDFLARE)?;
    let mut named = blocks
        .iter()
        .filter(|block| block.file().is_ok_and(|file| file.starts_with("worker.mjs,")));
    let told = &named.next().with_context(|| format!("{CLOUDFLARE} has no worker.mjs"))?.text;
    let code = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    ensure!(code(told) == code(&worker), "{project} differs from the page:\n{told}");
    Ok(())
}

#[test]
fn the_page_of_the_node_package_names_the_versions_of_other_runtimes_that_are_tested() -> Result<()>
{
    let text = fs::read_to_string(repository().join("tests/tools/runtimes/package.json"))?;
    let manifest: Value = serde_json::from_str(&text)?;
    let page = fs::read_to_string(repository().join(NODE))?;
    for (runtime, package) in [("Bun", "@oven/bun-linux-x64"), ("Deno", "@deno/linux-x64-glibc")] {
        let version = manifest["optionalDependencies"][package].as_str().context("no version")?;
        let (minor, _) = version.rsplit_once('.').context("no patch version")?;
        ensure!(
            page.contains(&format!("{runtime} {minor}")),
            "{NODE} does not name {runtime} {minor}"
        );
    }
    Ok(())
}
