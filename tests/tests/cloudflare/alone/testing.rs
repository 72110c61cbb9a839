//! The test kit in workerd: the channels of the chat of `examples/` in real objects.

use std::fs;

use anyhow::{Result, bail, ensure};
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
    add_pinned(&app, VITEST, &["vitest", "@cloudflare/vitest-plugin"])?;
    let mut vitest = app.node_script("node_modules/vitest/vitest.mjs");
    let output = vitest.args(["run", "--config", config]).output()?;
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{text}");
    for file in [faults, test.trim_start_matches("test/")] {
        ensure!(text.contains(file), "{file} was not run: {text}");
    }
    Ok(())
}
