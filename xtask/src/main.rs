//! `cargo xtask`: patches WebSocket support into the official Astro adapters, then builds, tests
//! and publishes them as npm packages.
//!
//! ```text
//! upstream/upstream.toml ─ pins ─► source tree ─► patches ─► post-checks ─► compile ─► manifest ─► package ─► tarball
//!                                  (git | npm)    (+ templates)            TS → JS     + stamp
//! ```
//!
//! `commands` has one file or folder per command, named after it. `pipeline` runs the stages above
//! in order. Modules import each other in one direction only: the order in `xtask/rooms.toml`. No
//! module knows an adapter by name: everything specific to one is in
//! `adapters/<runtime>/adapter.toml`.

mod adapter;
mod answer;
mod build_packages;
mod catalogue;
mod checkout;
mod commands;
mod compile;
mod day;
mod node_versions;
mod output;
mod package;
mod patching;
mod pin_status;
mod pipeline;
mod program;
mod proposal;
mod report;
mod result_cache;
mod review;
mod step;
mod suites;
mod test_record;
mod upstream;
mod usage;

use std::process::ExitCode;

use camino::Utf8PathBuf;
use clap::{CommandFactory as _, Parser, Subcommand};

use answer::Answer;
use commands::{
    bench, build, canary, check, clean, completions, diff, docs, explain, fetch, follow, lint,
    matrix, notes, pack, propose, publish, status, sweep, sync_version, test,
};

/// Builds, checks, tests and publishes the WebSocket adapters for Astro.
///
/// Data goes to stdout, everything else to stderr. Set NO_COLOR to turn colours off.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 success; 1 a check failed, or the command could not finish; 2 wrong usage; \
                  3 upstream is not available; 4 a patch does not fit"
)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
    /// Also write errors to this file, as JSON
    #[arg(long, global = true, hide = true, value_name = "FILE")]
    errors: Option<Utf8PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    Build(build::Build),
    Check(check::Check),
    Diff(diff::Diff),
    Sweep(sweep::Sweep),
    SyncVersion(sync_version::SyncVersion),
    Status(status::Status),
    Explain(explain::Explain),
    Clean(clean::Clean),
    Test(test::Test),
    Lint(lint::Lint),
    Bench(bench::Bench),
    Pack(pack::Pack),
    Publish(publish::Publish),
    Notes(notes::Notes),
    Matrix(matrix::Matrix),
    Fetch(fetch::Fetch),
    Follow(follow::Follow),
    Canary(canary::Canary),
    Propose(propose::Propose),
    Completions(completions::Completions),
    Docs(docs::Docs),
}

fn main() -> ExitCode {
    let CommandLine { command, errors } = CommandLine::parse();
    let answer = match command {
        Command::Build(build) => build.run(),
        Command::Check(check) => check.run(),
        Command::Diff(diff) => diff.run(),
        Command::Sweep(sweep) => sweep.run(),
        Command::SyncVersion(sync) => sync.run(),
        Command::Status(status) => status.run(),
        Command::Explain(explain) => explain.run(&catalogue::entries()),
        Command::Clean(clean) => clean.run(),
        Command::Test(test) => test.run(),
        Command::Lint(lint) => lint.run(),
        Command::Bench(bench) => bench.run(),
        Command::Pack(pack) => pack.run(),
        Command::Publish(publish) => publish.run(),
        Command::Notes(notes) => notes.run(),
        Command::Matrix(matrix) => matrix.run(),
        Command::Fetch(fetch) => fetch.run(),
        Command::Follow(follow) => follow.run(),
        Command::Canary(canary) => canary.run(),
        Command::Propose(propose) => propose.run(),
        Command::Completions(completions) => completions.run(CommandLine::command()),
        Command::Docs(docs) => docs.run(),
    };
    let answer = answer.and_then(|answer| {
        output::complete()?;
        Ok(answer)
    });
    match answer {
        Ok(Answer::Fine) => ExitCode::SUCCESS,
        Ok(Answer::No) => ExitCode::from(1),
        Err(failure) => report::report(&failure, errors.as_deref()),
    }
}
