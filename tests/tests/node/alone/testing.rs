//! The test kit: the tests of the chat of `examples/`, and those on the page about testing.

use std::fs;
use std::process::{Command, Output};

use anyhow::{Context, Result, ensure};
use tests::app::App;
use tests::engine::{Engine, Product};
use tests::locations::{files_ending_with, repository};
use tests::page::{Block, blocks};
use tests::pins::is_newest;
use tests::project::add_pinned;
use tests::suite::not_applicable;
use tests::tools::{Tools, run};

use super::{Case, cases};
use crate::hosts::Sites;

pub const CASES: &[Case] = cases![the_tests_on_the_page_and_of_the_chat_pass_with_both_runners];

const CHAT: &str = "examples/chat";

const PAGE: &str = "docs/testing-your-site.md";

/// A module that only tests load, by its text.
const OF_THE_KIT: &str = "There are no channels: call `testRealtime()` first.";

/// The test on the page that needs a server of an engine.
const WITH_ENGINE: &str = "test/engine.node.js";

/// Node.js before 22.18 imports no TypeScript, and has no hooks for it.
const EARLIER_NODE: &str = "channel files are TypeScript, which this Node.js does not import";

/// The site is built once for all of it: its tests need no server.
fn the_tests_on_the_page_and_of_the_chat_pass_with_both_runners(sites: &Sites) -> Result<()> {
    let app = sites.app_of_all(&[CHAT], "chat-tests")?;
    let has_types = "process.exit(process.features.typescript ? 0 : 1)";
    if !app.node_script("--eval").arg(has_types).status()?.success() {
        return not_applicable(EARLIER_NODE);
    }
    // The first handshake with a dev server compiles the site, and the machine may be busy.
    let mode = "mode: 'standalone'";
    app.edit(
        "astro.config.mjs",
        mode,
        &format!("{mode}, websocket: {{ handshakeTimeout: 60_000 }}"),
    )?;
    app.build(&[])?;
    holds_nothing_of_the_kit(&app)?;
    let mut blocks = blocks(PAGE)?;
    // The suite of Cloudflare runs the others.
    blocks.retain(|block| !block.text.contains("-cloudflare"));
    add_pinned(&app, "vitest", &["vitest"])?;
    with_vitest(&app, &blocks)?;
    with_node(&app, &blocks)?;
    with_engines(&app, &blocks)
}

fn holds_nothing_of_the_kit(app: &App) -> Result<()> {
    for file in files_ending_with(&app.root().join("dist"), "js")? {
        let text = fs::read_to_string(&file)?;
        ensure!(!text.contains(OF_THE_KIT), "the kit is in {}", file.display());
    }
    let package = app.root().join("../node_modules/zastro-websockets-node/dist/websocket");
    let kit = fs::read_to_string(package.join("node/testing/current-site.js"))?;
    ensure!(kit.contains(OF_THE_KIT), "the kit has no such text any more");
    Ok(())
}

fn with_vitest(app: &App, blocks: &[Block]) -> Result<()> {
    let of_the_chat: Vec<&Block> = blocks.iter().filter(|block| block.language == "ts").collect();
    ensure!(of_the_chat.len() == 2, "{} blocks of TypeScript", of_the_chat.len());
    for block in of_the_chat {
        let name = block.file()?;
        let file = fs::read_to_string(repository().join(CHAT).join(name))?;
        let shown = block.text.split_once('\n').context("an empty block")?.1;
        ensure!(file == shown, "{PAGE} shows another {name} than {CHAT} has");
    }
    run(Tools::get()?.tsc().current_dir(app.root()).args(["--noEmit", "-p", "."]))?;
    run(&mut vitest(app, "vitest.config.ts"))?;
    if is_newest()? {
        of_astro(app)?;
    }
    fails_with_the_log(app)
}

/// With the configuration for channels that use modules of Astro. The pinned Vitest has the Vite of
/// the newest Astro.
fn of_astro(app: &App) -> Result<()> {
    let config = app.root().join("vitest.config.ts");
    let of_astro = fs::read_to_string(&config)?
        .replace(
            "import { defineConfig } from 'vitest/config'",
            "import { getViteConfig } from 'astro/config'",
        )
        .replace("defineConfig(", "getViteConfig(");
    fs::write(app.root().join("vitest.astro.config.ts"), of_astro)?;
    let with_dev_server = app.root().join("test/dev.test.ts");
    fs::copy(repository().join("tests/projects/vitest/dev.test.ts"), &with_dev_server)?;
    run(&mut vitest(app, "vitest.astro.config.ts"))?;
    Ok(fs::remove_file(with_dev_server)?)
}

fn fails_with_the_log(app: &App) -> Result<()> {
    let test = app.root().join("test/rooms.test.ts");
    let right = fs::read_to_string(&test)?;
    let wrong = right
        .replace("ada.send('say', { text: ' hello ' })", "ada.leave()")
        .replace("eve.next('said')", "eve.next('said', { timeout: 100 })");
    ensure!(wrong != right, "the test of the chat has changed");
    fs::write(&test, wrong)?;
    let output = vitest(app, "vitest.config.ts").output()?;
    let text = text_of(&output);
    ensure!(!output.status.success(), "a wrong test passes: {text}");
    for line in [
        "No `said` came within 100 ms in rooms {\"room\":\"lobby\"}",
        "→ join rooms",
        "← joined at ",
    ] {
        ensure!(text.contains(line), "the failure does not say `{line}`: {text}");
    }
    fs::write(&test, right)?;
    Ok(())
}

fn vitest(app: &App, config: &str) -> Command {
    let mut vitest = app.node_script("node_modules/vitest/vitest.mjs");
    vitest.args(["run", "--config", config]);
    vitest
}

fn with_node(app: &App, blocks: &[Block]) -> Result<()> {
    let mut files = Vec::new();
    for block in blocks.iter().filter(|block| block.language == "js") {
        fs::write(app.root().join(block.file()?), &block.text)?;
        files.push(block.file()?);
        if files.len() == 1 {
            beside_vitest(app, blocks)?;
        }
    }
    ensure!(files.len() == 6, "{files:?}");
    // These need the flag, and the variable, of the page.
    let registered = "test/publish.node.js";
    files.retain(|file| ![registered, WITH_ENGINE].contains(file));
    run(app.node_script("--test").args(&files))?;
    let flag = commands(blocks).nth(1).context("no command with the flag")?;
    let arguments = flag.text.trim().strip_prefix("node ").context("no node")?;
    run(app.node_script("--test-reporter=spec").args(arguments.split(' ')))?;
    let without = app.node_script("--test").arg(registered).output()?;
    ensure!(!without.status.success(), "the flag is not needed: {}", text_of(&without));
    Ok(())
}

/// The command of the page leaves out the tests for Vitest, which fail without it.
fn beside_vitest(app: &App, blocks: &[Block]) -> Result<()> {
    let command = commands(blocks).next().context("no command with a pattern")?.text.trim();
    let pattern = command.strip_prefix("node --test '").and_then(|rest| rest.strip_suffix('\''));
    run(app.node_script("--test").arg(pattern.with_context(|| command.to_owned())?))?;
    let without = app.node_script("--test").output()?;
    let text = text_of(&without);
    ensure!(!without.status.success() && text.contains("test/rooms.test.ts"), "{text}");
    Ok(())
}

fn commands(blocks: &[Block]) -> impl Iterator<Item = &Block> {
    blocks.iter().filter(|block| block.language == "sh")
}

/// Runs the command of the page with a server of each engine.
fn with_engines(app: &App, blocks: &[Block]) -> Result<()> {
    let command = commands(blocks).nth(2).context("no command with a variable")?.text.trim();
    let (variable, arguments) = command.split_once(" node ").context("no variable")?;
    let redis = Product::Valkey.variable();
    ensure!(variable.starts_with(&format!("{redis}=redis://")), "{variable}");
    let without = app.node_script("--test").arg(WITH_ENGINE).output()?;
    ensure!(text_of(&without).contains(&format!("{redis} is not set")), "{}", text_of(&without));
    for engine in [Engine::valkey()?, Engine::nats()?] {
        let product = engine.product();
        if product == Product::Nats {
            app.edit(WITH_ENGINE, "engine: 'redis'", "engine: 'nats'")?;
        }
        let mut node = app.node_script("--test-reporter=spec");
        run(node.env(product.variable(), engine.url()).args(arguments.split(' ')))?;
    }
    Ok(())
}

fn text_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
