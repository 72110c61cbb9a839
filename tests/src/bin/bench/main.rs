//! `cargo xtask bench`: each suite measures in turn with its peers, so that ratios stay valid when
//! the machine's speed drifts.

mod build;
mod cloudflare;
mod command;
mod fan_out;
mod manager;
mod node;
mod realtime;
mod sweep;

use std::env;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde::Serialize;

/// One row of the table.
#[derive(Serialize)]
struct Row {
    suite: &'static str,
    what: String,
    median: f64,
    unit: &'static str,
    /// The project's target, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<String>,
}

type Suite = (&'static str, fn() -> Result<Vec<Row>>);

const SUITES: &[Suite] = &[
    ("build", build::measure),
    ("sweep", sweep::measure),
    ("node", node::measure),
    ("cloudflare", cloudflare::measure),
    ("realtime", realtime::measure),
];

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    if command::is_usage_of()? {
        return Ok(());
    }
    let (flags, names): (Vec<String>, Vec<String>) =
        env::args().skip(1).partition(|word| word.starts_with("--"));
    let known: Vec<&str> = SUITES.iter().map(|(name, _)| *name).collect();
    if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!("there is no benchmark `{name}`; choose one of: {}", known.join(", "));
    }
    let mut rows = Vec::new();
    for (name, suite) in SUITES {
        if names.is_empty() || names.iter().any(|chosen| chosen == name) {
            rows.extend(suite().with_context(|| format!("the benchmark `{name}` cannot measure"))?);
        }
    }
    if flags.iter().any(|flag| flag == "--json") {
        println!("{}", serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    for row in rows {
        let target = row.target.map(|target| format!("  target: {target}")).unwrap_or_default();
        // Ratios are printed with two decimals.
        let ratios = [node::OF_WS, cloudflare::OF_BARE, manager::OF_OFF, realtime::OF_SOCKET_IO];
        let is_ratio = ratios.contains(&row.unit);
        let decimals = if is_ratio { 2 } else { 1 };
        let Row { suite, what, median, unit, .. } = row;
        println!("{suite:<10} {what:<64} {median:>9.decimals$} {unit:<7}{target}");
    }
    Ok(())
}
