//! What it costs to use the connection manager, beside the same server that does not; and what its
//! registry costs as it fills.

use anyhow::{Context, Result, ensure};
use load::{Echo, Measured, open};
use tests::app::App;
use tests::locations::repository;
use tests::project::Project;
use tests::server::Server;
use tests::tools::Tools;

use crate::node::{
    IDLE, IDLE_BEFORE, OPTIONS, ROUND, ROUNDS, clock, in_use, measured, median, on_core, row,
};
use crate::rows::{Row, Rows};

/// The unit of a ratio.
pub const OF_OFF: &str = "of off";

/// An echo without the manager, and one with a tag, listeners and health monitoring.
const TARGETS: [&str; 2] = ["/bench", "/bench-managed"];

pub fn measure(rows: &mut Rows) -> Result<()> {
    let project = Project::install("node")?;
    let app = project.app("bench")?;
    app.build(&[("ADAPTER_MODE", "standalone"), ("WEBSOCKET", OPTIONS)])?;
    on_core(0)?;
    let servers = [start(&app)?, start(&app)?];
    on_core(1)?;
    rows.push(memory(&servers)?);
    for in_flight in [1, 32] {
        rows.extend(echo(&servers, in_flight)?);
    }
    drop(servers);
    rows.extend(registry(project.tools(), &app)?);
    Ok(())
}

fn start(app: &App) -> Result<Server> {
    let mut command = app.node_server("dist/server/entry.mjs");
    measured(command.env("HOST", "127.0.0.1").env("PORT", "0"))
}

fn echo(servers: &[Server; 2], in_flight: usize) -> Result<Vec<Row>> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let run = |index: usize| -> Result<Measured> {
            let load = Echo {
                address: servers[index].address(),
                target: TARGETS[index].to_owned(),
                connections: 64,
                in_flight,
                size: 64,
                is_binary: false,
            };
            Ok(load.run(ROUND, || clock(&servers[index]))?)
        };
        rounds.push([run(0)?, run(1)?]);
    }
    let ratio = |of: fn(&Measured) -> f64| median(rounds.iter().map(|[off, on]| of(on) / of(off)));
    let what = format!("manager on, echo, 64 B text, {in_flight} under way");
    Ok(vec![
        row(what.clone(), ratio(|run| run.rates.per_second), OF_OFF, Some("at least 0.97")),
        row(
            format!("{what}, by processor time"),
            ratio(|run| run.rates.per_processor_second),
            OF_OFF,
            None,
        ),
    ])
}

fn memory(servers: &[Server; 2]) -> Result<Row> {
    let mut taken = Vec::new();
    for (server, target) in servers.iter().zip(TARGETS) {
        let mut connections = open(server.address(), target, IDLE_BEFORE)?;
        let before = in_use(server, 1)?;
        connections.extend(open(server.address(), target, IDLE)?);
        taken.push(in_use(server, 2)?.heap - before.heap);
    }
    Ok(row(
        "manager on, heap of an idle connection".to_owned(),
        taken[1] / taken[0],
        OF_OFF,
        Some("at most 1.1"),
    ))
}

/// Runs the registry of the package by themselves: each line is a ratio and what it is of.
fn registry(tools: &Tools, app: &App) -> Result<Vec<Row>> {
    let mut node = tools.node();
    node.current_dir(app.root()).arg("--expose-gc");
    let output = node.arg(repository().join("tests/projects/connection-registry.mjs")).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .map(|line| {
            let (figure, what) = line.split_once(' ').context("no figure")?;
            Ok(row(what.to_owned(), figure.parse()?, "times", Some("below 1.5")))
        })
        .collect()
}
