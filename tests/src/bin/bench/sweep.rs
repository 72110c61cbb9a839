//! Measures the time to build every package, and to try every release.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tests::locations::repository;

use crate::command::{compile_xtask, median, milliseconds, run_quietly, time, usage_of, xtask};
use crate::rows::{Row, Rows};

/// The number of counted runs of each command. One uncounted run comes first.
const RUNS: usize = 9;

/// The output of `status --json`.
#[derive(Deserialize)]
struct Status {
    lines: Vec<Line>,
}

/// A pinned release line.
#[derive(Deserialize)]
struct Line {
    line: String,
}

/// A release in the output of `sweep --json`.
#[derive(Deserialize)]
struct Release {
    package: String,
    version: String,
}

/// Compares one run over everything with its parts one after the other, and many releases with few.
pub fn measure(rows: &mut Rows) -> Result<()> {
    compile_xtask()?;
    let Status { lines } = serde_json::from_slice(&output_of(&["status", "--json"])?)?;
    // Fetches the releases that are missing from the cache.
    let releases: Vec<Release> = serde_json::from_slice(&output_of(&["sweep", "--json"])?)?;
    run_quietly(xtask().arg("build"))?;
    let packages = packages()?;

    let all = median(RUNS, || time(xtask().arg("build")))?;
    let mut parts = 0.0;
    for Line { line } in &lines {
        let major = line.trim_start_matches("astro");
        parts += milliseconds(median(RUNS, || time(xtask().args(["build", "--astro", major])))?);
    }
    let check = median(RUNS, || time(xtask().arg("check")))?;
    let sweep = median(RUNS, || time(xtask().arg("sweep")))?;
    let built = usage_of(xtask().arg("build"))?;
    let swept = usage_of(xtask().arg("sweep"))?;
    let few = releases.len().saturating_sub(WORKERS);
    let since = &releases.get(few).context("there are fewer releases than are tried at once")?;
    let memory_of_few =
        usage_of(xtask().args(["sweep", "--since", &since.version, &runtime_of(&since.package)?]))?
            .memory;

    let row = |what: String, median, unit, target: &str| Row {
        suite: "sweep",
        what,
        median,
        unit,
        target: (!target.is_empty()).then(|| target.to_owned()),
    };
    rows.extend([
        row(
            format!("warm build of all {packages} packages, dev profile"),
            milliseconds(all),
            "ms",
            "under 600 for eight",
        ),
        row("its time on processors".to_owned(), built.processor * 1000.0, "ms", ""),
        row(
            "line by line, against all at once".to_owned(),
            parts / milliseconds(all),
            "times",
            "over 1",
        ),
        row("check of everything".to_owned(), milliseconds(check), "ms", ""),
        row(
            format!("sweep of {} releases, all in the cache", releases.len()),
            sweep.as_secs_f64(),
            "s",
            "under 5",
        ),
        row("its time on processors".to_owned(), swept.processor, "s", ""),
        row("its peak memory".to_owned(), swept.memory, "MB", ""),
        row(
            format!("that, against the memory of a sweep of {WORKERS}"),
            swept.memory / memory_of_few,
            "times",
            "about 1",
        ),
    ]);
    Ok(())
}

/// The number of releases that a sweep tries at a time.
const WORKERS: usize = 8;

fn output_of(arguments: &[&str]) -> Result<Vec<u8>> {
    let output = xtask().args(arguments).output()?;
    ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(output.stdout)
}

/// The number of built packages.
fn packages() -> Result<usize> {
    let mut count = 0;
    for runtime in fs::read_dir(repository().join("adapters"))? {
        for line in fs::read_dir(runtime?.path().join("pkg"))? {
            count += usize::from(line?.path().join("package.json").exists());
        }
    }
    Ok(count)
}

/// The runtime whose adapter is built from an upstream package.
fn runtime_of(package: &str) -> Result<String> {
    for runtime in fs::read_dir(repository().join("adapters"))? {
        let folder = runtime?.path();
        let description: toml::Table =
            toml::from_str(&fs::read_to_string(folder.join("adapter.toml"))?)?;
        if description["upstream"]["package"].as_str() == Some(package) {
            let name = folder.file_name().context("a folder has a name")?;
            return Ok(name.to_string_lossy().into_owned());
        }
    }
    anyhow::bail!("no runtime is made of {package}")
}
