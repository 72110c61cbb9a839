//! The test kit in workerd: the channels of the chat of `examples/` in real objects.

use std::fs;
use std::process::Command;

use anyhow::{Result, bail, ensure};
use tests::app::App;
use tests::locations::repository;
use tests::page::blocks;
use tests::project::add_pinned;
use tests::suite::not_applicable;

use super::{Case, cases};
use crate::hosts::{NO_CHANNELS, Sites, is_before_workerd};

pub const CASES: &[Case] = cases![the_test_kit_runs_the_objects_of_channels];

const PAGE: &str = "docs/testing-your-site.md";

/// The project with the tests of faults.
const VITEST: &str = "vitest";

/// What the chat has not: bytes, and a handler that fails.
const CHANNEL: &str = "strokes.ts";

/// What a configuration forgets.
const POOL: &str = ", cloudflareTest(realtimeWorker())";

/// What the page passes to `cloudflareTest()` for a site with bindings.
const WITH_BINDINGS: &str = "{ ...realtimeWorker(), wrangler: { configPath: 'wrangler.jsonc' } }";

/// A site with a Worker of its own, an object of its own and a variable.
const WRANGLER: &str = r#"{
    "name": "site",
    "main": "src/worker.ts",
    "compatibility_date": "2025-05-05",
    "vars": { "GREETING": "Hello" },
    "durable_objects": { "bindings": [{ "name": "ROOMS", "class_name": "Room" }] },
    "migrations": [{ "tag": "v1", "new_sqlite_classes": ["Room"] }]
}"#;

/// They need no build: the kit reads the channel files.
fn the_test_kit_runs_the_objects_of_channels(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let app = sites.project()?.app_of_all(&["examples/chat"], "chat-tests")?;
    let mut files = Vec::new();
    for block in blocks(PAGE)?.iter().filter(|block| block.text.contains("-cloudflare/testing")) {
        fs::write(app.root().join(block.file()?), &block.text)?;
        files.push(block.file()?.to_owned());
    }
    let [config, test] = files.as_slice() else { bail!("{PAGE} has {files:?}") };
    let faults = "faults.objects.ts";
    let sources = repository().join("tests/projects").join(VITEST);
    fs::copy(sources.join(faults), app.root().join("test").join(faults))?;
    fs::copy(sources.join(CHANNEL), app.root().join("src/realtime").join(CHANNEL))?;
    add_pinned(&app, VITEST, &["vitest", "@cloudflare/vitest-plugin"])?;
    let mut vitest = app.node_script("node_modules/vitest/vitest.mjs");
    let (has_passed, text) = outcome(vitest.args(["run", "--config", config]))?;
    ensure!(has_passed, "{text}");
    for file in [faults, test.trim_start_matches("test/")] {
        ensure!(text.contains(file), "{file} was not run: {text}");
    }

    has_the_bindings_of_the_site(&app, config)?;

    app.edit(config, POOL, "")?;
    let mut vitest = app.node_script("node_modules/vitest/vitest.mjs");
    names_the_pool(vitest.args(["run", "--config", config, test]))?;
    names_the_pool(app.node_script("--test").arg(test))
}

/// Checks what the page says of bindings, and of modules of Astro.
fn has_the_bindings_of_the_site(app: &App, config: &str) -> Result<()> {
    let page = fs::read_to_string(repository().join(PAGE))?;
    ensure!(
        page.contains(&format!("`cloudflareTest({WITH_BINDINGS})`")),
        "{PAGE} has another code"
    );
    let sources = repository().join("tests/projects").join(VITEST);
    let channel = "greeting.ts";
    fs::copy(sources.join(channel), app.root().join("src/realtime").join(channel))?;
    let test = "bindings.objects.ts";
    for file in [test, "content.ts"] {
        fs::copy(sources.join(file), app.root().join("test").join(file))?;
    }
    fs::write(app.root().join("wrangler.jsonc"), WRANGLER)?;
    let alias =
        "\tresolve: { alias: { 'astro:content': `${import.meta.dirname}/test/content.ts` } },\n";
    let text = fs::read_to_string(app.root().join(config))?
        .replace("realtimeWorker())", &format!("{WITH_BINDINGS})"))
        .replace("\n});", &format!("\n{alias}}});"));
    let own = "vitest.bindings.config.ts";
    fs::write(app.root().join(own), text)?;
    let mut vitest = app.node_script("node_modules/vitest/vitest.mjs");
    let (has_passed, text) = outcome(vitest.args(["run", "--config", own, test]))?;
    fs::remove_file(app.root().join("src/realtime").join(channel))?;
    ensure!(has_passed, "{text}");
    Ok(())
}

/// Checks that tests outside of workerd fail with the next step.
fn names_the_pool(command: &mut Command) -> Result<()> {
    let (has_passed, text) = outcome(command)?;
    let is_clear = text.contains("add `cloudflareTest(realtimeWorker())`");
    ensure!(!has_passed && is_clear, "{text}");
    Ok(())
}

/// Whether a program has succeeded, and what it has said.
fn outcome(command: &mut Command) -> Result<(bool, String)> {
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    Ok((output.status.success(), text.into_owned()))
}
