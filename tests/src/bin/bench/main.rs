//! `cargo xtask bench`: each suite measures in turn with its peers, so that ratios stay valid when
//! the machine's speed drifts.

mod build;
mod cloudflare;
mod command;
mod engines;
mod fan_out;
mod manager;
mod node;
mod objects;
mod realtime;
mod rows;
mod sweep;
mod workerd;

use std::env;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use rows::Rows;

type Suite = (&'static str, fn(&mut Rows) -> Result<()>);

const SUITES: &[Suite] = &[
    ("build", build::measure),
    ("sweep", sweep::measure),
    ("node", node::measure),
    ("cloudflare", cloudflare::measure),
    ("realtime", realtime::measure),
    ("engines", engines::measure),
    ("objects", objects::measure),
    ("soak", soak),
];

/// Soaks of faults: of the core alone, and of three processes on each engine.
fn soak(rows: &mut Rows) -> Result<()> {
    realtime::soak(rows)?;
    engines::soaks(rows)
}

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
    let mut rows = Rows::new();
    for (name, suite) in SUITES {
        if names.is_empty() || names.iter().any(|chosen| chosen == name) {
            if io::stderr().is_terminal() {
                eprintln!("measuring {name} …");
            }
            suite(&mut rows).with_context(|| format!("the benchmark `{name}` cannot measure"))?;
        }
    }
    if flags.iter().any(|flag| flag == "--json") {
        println!("{}", serde_json::to_string_pretty(rows.all())?);
        return Ok(());
    }
    for row in rows.all() {
        println!("{}", row.line());
    }
    Ok(())
}
