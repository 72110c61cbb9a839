//! Messages to many sockets, compared with a loop of `send` over raw `ws`.
//!
//! For the method, see `node.rs`. Every figure is by processor time: one message becomes thousands,
//! so the load takes nearly a core as well.

use anyhow::{Context, Result};
use load::FanOut;
use tests::app::App;
use tests::project::{Project, install_plain};
use tests::server::Server;

use crate::node::{OF_WS, ROUND, clock, measured, median, on_core};
use crate::rows::{Row, Rows};

/// No limits that would stop the load, and no pings: the listeners do not answer.
pub const OPTIONS: &str = r#"{ "rateLimitMaxConnections": 0, "maxConnectionsPerIP": 100000,
    "maxConnections": 100000, "maxMessagesPerSecond": 0, "heartbeatInterval": 0,
    "idleTimeout": 0 }"#;

/// The size of a message in bytes.
const SIZE: usize = 64;

/// The number of messages that arrive at the server in one piece.
const MANY: usize = 32;

/// The number of rounds, each with listeners of its own. They share the system's limit of open
/// files, so the servers take turns.
const ROUNDS: usize = 5;

const LISTENER: &str = "/fan-out";
const LOOP: &str = "/fan-out?by=loop";
const BROADCAST: &str = "/fan-out?by=broadcast";

/// A loop of `send`, as a case of the suite `node`.
pub fn of_a_loop(rows: &mut Rows) -> Result<()> {
    let bursts = [(1, "at least 1"), (MANY, "at least 1")];
    measure_all(rows, &[1000], LOOP, "a loop of send", &bursts, "node")
}

/// `broadcast`, as the suite `realtime`.
pub fn of_a_broadcast(rows: &mut Rows) -> Result<()> {
    let bursts = [(1, "at least 1.4"), (MANY, "at least 5")];
    measure_all(rows, &[1000, 10_000], BROADCAST, "broadcast", &bursts, "realtime")
}

fn measure_all(
    rows: &mut Rows,
    listeners: &[usize],
    target: &str,
    what: &str,
    bursts: &[(usize, &str)],
    suite: &'static str,
) -> Result<()> {
    let (ws, ours, _app) = start()?;
    on_core(1)?;
    for count in listeners {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let bursts: Vec<usize> = bursts.iter().map(|(burst, _)| *burst).collect();
            rounds.push((
                rates(&ws, "/listener", "/sender", *count, &bursts).context("ws")?,
                rates(&ours, LISTENER, target, *count, &bursts)
                    .with_context(|| format!("{target}\n{ours}"))?,
                rates(&ws, "/stream", "/sender", *count, &[1]).context("bare writes")?,
            ));
        }
        // What no server in Node.js can exceed while each message takes a write of its own.
        rows.push(Row {
            suite,
            what: format!("a bare write to each of {count} sockets, 1 at a time"),
            median: median(rounds.iter().map(|(ws, _, bare)| bare[0] / ws[0])),
            unit: OF_WS,
            target: None,
        });
        for (index, (burst, goal)) in bursts.iter().enumerate() {
            let name = format!("{what} over {count} sockets, {burst} at a time");
            let each = rounds.iter().map(|(ws, ..)| ws[index] / 1000.0);
            let ratio = rounds.iter().map(|(ws, ours, _)| ours[index] / ws[index]);
            rows.extend([
                Row {
                    suite,
                    what: format!("{name}: ws itself"),
                    median: median(each),
                    unit: "k/s",
                    target: None,
                },
                Row {
                    suite,
                    what: name,
                    median: median(ratio),
                    unit: OF_WS,
                    target: Some((*goal).to_owned()),
                },
            ]);
        }
    }
    Ok(())
}

/// The deliveries per second of processor time, for each number of messages at a time.
fn rates(
    server: &Server,
    listener: &str,
    sender: &str,
    count: usize,
    bursts: &[usize],
) -> Result<Vec<f64>> {
    let mut load = FanOut::open(server.address(), listener, count, SIZE)?;
    let run = |burst: &usize| {
        let rates = load.run(sender, *burst, ROUND, || clock(server))?;
        Ok(rates.per_processor_second)
    };
    bursts.iter().map(run).collect()
}

/// Starts `ws`, then a site with the package.
fn start() -> Result<(Server, Server, App)> {
    let project = Project::install("node")?;
    let app = project.app("fan-out")?;
    app.build(&[("ADAPTER_MODE", "standalone"), ("WEBSOCKET", OPTIONS)])?;
    let peers = install_plain("peers")?;
    on_core(0)?;
    let mut command = project.tools().node();
    let ws = measured(command.current_dir(&peers).arg("ws-fan-out.mjs"))?;
    let mut command = app.node_server("dist/server/entry.mjs");
    let ours = measured(command.env("HOST", "127.0.0.1").env("PORT", "0"))?;
    Ok((ws, ours, app))
}
