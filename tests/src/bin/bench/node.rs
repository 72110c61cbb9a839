//! Compares the Node adapter with raw `ws` of the same version, and with other libraries built on
//! it.
//!
//! The servers share one core and the load runs on another, where the system supports pinning. All
//! measurements run in short rounds in which each server takes its turn. Each figure is the median
//! of the ratios of all rounds.
//!
//! Throughput and p99 use wall time and an overloaded server, so they need an otherwise idle
//! machine. The work per second of processor time stands beside them, where the system reports it.
//! That figure stays valid on a busy machine.

use std::fs;
use std::io;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use load::{Echo, Measured, Requests, get, handshake, open};
use rustix::process::Signal;
use tests::app::App;
use tests::locations::repository;
use tests::project::{Project, install_plain};
use tests::server::Server;

use crate::rows::{Row, Rows};
use crate::{fan_out, manager};

/// The unit of a ratio.
pub const OF_WS: &str = "of ws";

pub const ROUNDS: usize = 5;
pub const ROUND: Duration = Duration::from_millis(700);

/// The other servers. The first is the baseline.
const PEERS: [&str; 4] = ["ws", "event-target", "fastify", "crossws"];
const OURS: &str = "zastro-websockets-node";

/// `ws` itself in a process that has also loaded the built site but does not serve it. Where its
/// p99 differs from that of `ws` alone, Astro's heap causes the difference.
const WS_BESIDE_ASTRO: &str = "ws beside Astro";

/// Enables every option, but raises the limits that would stop such a busy client.
pub const OPTIONS: &str = r#"{ "rateLimitMaxConnections": 0, "maxConnectionsPerIP": 100000,
    "maxConnections": 100000, "maxMessagesPerSecond": 1000000000 }"#;

/// Connections opened before memory is measured: the first ones fit into memory that is already
/// reserved.
pub const IDLE_BEFORE: usize = 2000;

/// Connections whose memory is measured.
pub const IDLE: usize = 8000;

pub fn measure(rows: &mut Rows) -> Result<()> {
    let contenders = start()?;
    on_core(1)?;
    // First, before the servers have done any other work.
    rows.extend(memory(&contenders)?);
    for (in_flight, target) in [(1, "at least 0.97"), (4, "at least 1.8"), (32, "at least 4")] {
        let load = Load { in_flight, size: 64, is_binary: false };
        let what = format!("echo, 64 B text, {in_flight} under way");
        rows.extend(echo(&contenders, &load, &what, target)?);
    }
    let load = Load { in_flight: 1, size: 16 * 1024, is_binary: true };
    rows.extend(echo(&contenders, &load, "echo, 16 KiB binary, 1 under way", "at least 0.97")?);
    rows.extend(upgrades(&contenders)?);
    drop(contenders);
    fan_out::of_a_loop(rows)?;
    manager::measure(rows)
}

struct Contender {
    name: &'static str,
    target: &'static str,
    server: Server,
    _app: Option<App>,
}

fn start() -> Result<Vec<Contender>> {
    let project = Project::install("node")?;
    let app = project.app("bench")?;
    app.build(&[("ADAPTER_MODE", "standalone"), ("WEBSOCKET", OPTIONS)])?;
    let peers = install_plain("peers")?;
    on_core(0)?;
    let mut contenders = Vec::new();
    for name in PEERS {
        let mut command = project.tools().node();
        command.current_dir(&peers).arg(format!("{name}.mjs"));
        let server = measured(&mut command)?;
        contenders.push(Contender { name, target: "/echo", server, _app: None });
    }
    let entry = app.root().join("dist/server/entry.mjs");
    let mut command = project.tools().node();
    command.current_dir(&peers).env("ASTRO_NODE_AUTOSTART", "disabled");
    let server = measured(command.arg("--import").arg(&entry).arg("ws.mjs"))?;
    contenders.push(Contender { name: WS_BESIDE_ASTRO, target: "/echo", server, _app: None });
    let mut command = app.node_server("dist/server/entry.mjs");
    let server = measured(command.env("HOST", "127.0.0.1").env("PORT", "0"))?;
    contenders.push(Contender { name: OURS, target: "/bench", server, _app: Some(app) });
    Ok(contenders)
}

/// Starts a server that reports its memory usage.
pub fn measured(command: &mut Command) -> Result<Server> {
    let report = repository().join("tests/projects/memory.mjs");
    Server::start(command.env("NODE_OPTIONS", format!("--expose-gc --import={}", report.display())))
}

struct Load {
    in_flight: usize,
    size: usize,
    is_binary: bool,
}

fn echo(contenders: &[Contender], load: &Load, what: &str, target: &str) -> Result<Vec<Row>> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let measure = |contender: &Contender| -> Result<Measured> {
            let load = Echo {
                address: contender.server.address(),
                target: contender.target.to_owned(),
                connections: 64,
                in_flight: load.in_flight,
                size: load.size,
                is_binary: load.is_binary,
            };
            load.run(ROUND, || clock(&contender.server))
                .with_context(|| format!("{}\n{}", contender.name, contender.server))
        };
        rounds.push(contenders.iter().map(measure).collect::<Result<Vec<_>>>()?);
    }
    let ours = contenders.len() - 1;
    let ratio = |index: usize, of: fn(&Measured) -> f64| {
        median(rounds.iter().map(|round| of(&round[index]) / of(&round[0])))
    };
    let throughput = |measured: &Measured| measured.rates.per_second;
    let mut rows = vec![row(
        format!("{what}: ws itself"),
        median(rounds.iter().map(|round| throughput(&round[0]) / 1000.0)),
        "k/s",
        None,
    )];
    for (index, contender) in contenders.iter().enumerate().skip(1) {
        let target = (index == ours).then_some(target);
        let what = format!("{what}: {}", contender.name);
        rows.push(row(what, ratio(index, throughput), OF_WS, target));
    }
    rows.push(row(
        format!("{what}: {OURS}, by processor time"),
        ratio(ours, |measured| measured.rates.per_processor_second),
        OF_WS,
        None,
    ));
    let p99 = |index: usize, other: usize| {
        median(
            rounds
                .iter()
                .map(|round| round[index].p99.as_secs_f64() / round[other].p99.as_secs_f64()),
        )
    };
    let beside = ours - 1;
    for (index, target) in [(beside, None), (ours, Some("at most 1"))] {
        let name = contenders[index].name;
        rows.push(row(format!("{what}: p99 of {name}"), p99(index, 0), OF_WS, target));
    }
    let compared = format!("{what}: p99 of {OURS}, of {WS_BESIDE_ASTRO}");
    rows.push(row(compared, p99(ours, beside), "times", None));
    Ok(rows)
}

/// The memory of an idle open connection: resident memory, as an operator sees it, and memory on
/// V8's heap.
fn memory(contenders: &[Contender]) -> Result<Vec<Row>> {
    let mut taken = Vec::new();
    for contender in contenders {
        let Contender { server, target, .. } = contender;
        let mut connections = open(server.address(), target, IDLE_BEFORE)?;
        let before = in_use(server, 1)?;
        connections.extend(open(server.address(), target, IDLE)?);
        let after = in_use(server, 2)?;
        let each = |before: f64, after: f64| (after - before) / IDLE as f64 / 1000.0;
        taken.push(Memory {
            heap: each(before.heap, after.heap),
            resident: each(before.resident, after.resident),
            most: each(before.most, after.most),
        });
    }
    let mut rows = Vec::new();
    for (what, of, target) in [
        ("memory of an idle connection", (|memory| memory.resident) as fn(&Memory) -> f64, true),
        ("heap of an idle connection", |memory| memory.heap, false),
    ] {
        rows.push(row(format!("{what}: ws itself"), of(&taken[0]), "KB", None));
        for (contender, taken_by) in contenders.iter().zip(&taken).skip(1) {
            let target = (target && contender.name == OURS).then_some("at most 1.15");
            let what = format!("{what}: {}", contender.name);
            rows.push(row(what, of(taken_by) / of(&taken[0]), OF_WS, target));
        }
    }
    Ok(rows)
}

/// Memory in bytes, or kilobytes.
pub struct Memory {
    /// Memory on V8's heap, and memory outside of it that heap objects hold.
    pub heap: f64,
    /// The resident set of the process.
    pub resident: f64,
    /// The largest resident set of the process so far.
    pub most: f64,
}

/// The memory of a server after a garbage collection, at the first or second question.
pub fn in_use(server: &Server, question: usize) -> Result<Memory> {
    server.signal(Signal::USR2)?;
    let start = format!("memory {question} ");
    server.wait_for_output(Duration::from_secs(20), |printed| {
        let line = printed.lines().find_map(|line| line.strip_prefix(&start))?;
        let mut figures = line.split(' ').map(str::parse);
        let mut next = || figures.next()?.ok();
        Some(Memory { heap: next()?, resident: next()?, most: next()? })
    })
}

fn upgrades(contenders: &[Contender]) -> Result<Vec<Row>> {
    let ours = contenders.last().context("no contender")?;
    let run = |server: &Server, request: Vec<u8>, keep_alive: bool, expected| {
        Requests { address: server.address(), request, clients: 16, keep_alive, expected }
            .run(ROUND, || clock(server))
            .map(|rates| rates.per_second)
    };
    let host = ours.server.address().to_string();
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let peer = &contenders[0];
        rounds.push([
            run(&ours.server, handshake(&host, ours.target), false, "HTTP/1.1 101 ")?,
            run(&ours.server, get(&host, ours.target), false, "HTTP/1.1 200 ")?,
            run(&ours.server, get(&host, ours.target), true, "HTTP/1.1 200 ")?,
            run(&peer.server, handshake(&host, peer.target), false, "HTTP/1.1 101 ")?,
        ]);
    }
    let of = |index: usize| median(rounds.iter().map(|round| round[0] / round[index]));
    Ok(vec![
        row("upgrades".to_owned(), median(rounds.iter().map(|round| round[0])), "/s", None),
        row(
            "upgrades, of GETs on connections of their own".to_owned(),
            of(1),
            "times",
            Some("at least 0.5"),
        ),
        row("upgrades, of GETs on connections that are kept".to_owned(), of(2), "times", None),
        row("upgrades, of those of ws itself".to_owned(), of(3), OF_WS, None),
    ])
}

pub fn row(what: String, median: f64, unit: &'static str, target: Option<&str>) -> Row {
    Row { suite: "node", what, median, unit, target: target.map(str::to_owned) }
}

pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The processor time of all threads of a server so far.
#[cfg(target_os = "linux")]
pub fn clock(server: &Server) -> io::Result<Duration> {
    let mut nanoseconds = 0;
    for thread in fs::read_dir(format!("/proc/{}/task", server.id()))? {
        // The time is the first of three numbers. A thread may have ended in the meantime.
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        let spent = text.split(' ').next().and_then(|spent| spent.parse::<u64>().ok());
        nanoseconds += spent.unwrap_or_default();
    }
    Ok(Duration::from_nanos(nanoseconds))
}

#[cfg(not(target_os = "linux"))]
pub fn clock(_server: &Server) -> io::Result<Duration> {
    use std::sync::LazyLock;
    static START: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);
    Ok(START.elapsed())
}

/// Pins this thread, and all processes started from now on, to one core.
#[cfg(target_os = "linux")]
pub fn on_core(core: usize) -> Result<()> {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).context("two cores are needed")
}

#[cfg(not(target_os = "linux"))]
pub fn on_core(_core: usize) -> Result<()> {
    Ok(())
}
