//! Compares realtime channels with raw `ws` and with Socket.IO.
//!
//! For the method, see `node.rs`. Rates are by the server's processor time: one message becomes
//! thousands, so the load takes nearly a core as well.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use load::{Crowd, Dialect, Expected};
use serde::Deserialize;
use tests::app::App;
use tests::locations::repository;
use tests::project::{Project, install_plain};
use tests::realtime::size::CLIENTS;
use tests::server::Server;
use tests::tools::Tools;

use crate::fan_out::{self, OPTIONS};
use crate::node::{
    IDLE, IDLE_BEFORE, Memory, OF_WS, ROUND, clock, in_use, measured, median, on_core,
};
use crate::rows::{Row, Rows};

/// The unit of a ratio.
pub const OF_SOCKET_IO: &str = "of Socket.IO";

/// The numbers of members of a channel, and of rounds. Each round has connections of its own, and
/// they share the system's limit of open files, so the servers take turns.
const CROWDS: [(usize, usize); 2] = [(1000, 5), (10_000, 3)];
const ROUNDS: usize = 5;

/// The number of messages that the server publishes at a time.
const MANY: usize = 32;

const WS: Dialect = Dialect::Plain { listener: "/listener", sender: "/sender" };
const OURS: Dialect = in_rooms(1);

/// Members that send, and the rooms of each. A user may send 50 messages per second to a channel.
const SENDERS: usize = 200;
const ROOMS: usize = 16;

/// The processor time that a server works before its answers are measured.
const WARM_UP: Duration = Duration::from_secs(1);

/// Clients that come back at the same time.
const RETURNING: usize = 10_000;

/// Messages that each of them has missed.
const MISSED: usize = 10;

/// Deliveries of the soak of faults.
const SOAK: usize = 1_000_000;

const fn in_rooms(rooms: usize) -> Dialect {
    Dialect::Realtime { channel: "bench", rooms, sender: "/bench-publish" }
}

pub fn measure(rows: &mut Rows) -> Result<()> {
    fan_out::of_a_broadcast(rows)?;
    let site = Site::build()?;
    // First, before the servers have done any other work.
    rows.extend(site.memory()?);
    for (members, count) in CROWDS {
        rows.extend(site.deliveries(members, count)?);
    }
    site.acknowledged(rows)?;
    rows.extend(site.back_after_a_loss()?);
    rows.extend(site.back_after_a_restart()?);
    rows.extend(many_channels(site.project.tools())?);
    for client in CLIENTS.into_iter().filter(|it| it.project == "node") {
        rows.push(row(
            format!("size of the client of {}, minified, gzipped", client.what),
            client.size(&site.project)? as f64,
            "bytes",
            Some(&format!("at most {}", client.limit)),
        ));
    }
    Ok(())
}

/// A built site with channels, and its peers.
struct Site {
    project: Project,
    app: App,
    peers: PathBuf,
}

impl Site {
    fn build() -> Result<Self> {
        let project = Project::install("node")?;
        let app = project.app("fan-out")?;
        app.build(&[("ADAPTER_MODE", "standalone"), ("WEBSOCKET", OPTIONS)])?;
        Ok(Self { project, app, peers: install_plain("peers")? })
    }

    fn ours(&self) -> Result<Server> {
        on_core(0)?;
        let mut command = self.app.node_server("dist/server/entry.mjs");
        let server = measured(command.env("HOST", "127.0.0.1").env("PORT", "0"))?;
        on_core(1)?;
        Ok(server)
    }

    /// Starts a peer with these arguments.
    fn peer(&self, arguments: &[&str]) -> Result<Server> {
        on_core(0)?;
        let mut command = self.project.tools().node();
        let server = measured(command.current_dir(&self.peers).args(arguments))?;
        on_core(1)?;
        Ok(server)
    }

    /// Deliveries of what a server publishes to the members of a channel.
    fn deliveries(&self, members: usize, count: usize) -> Result<Vec<Row>> {
        let contenders = [
            (self.peer(&["ws-fan-out.mjs"])?, WS),
            (self.peer(&["socket-io.mjs"])?, Dialect::SocketIo),
            (self.ours()?, OURS),
        ];
        let mut rounds = Vec::new();
        for _ in 0..count {
            let mut round = Vec::new();
            for (server, dialect) in &contenders {
                let address = server.address();
                let mut crowd = Crowd::open(address, *dialect, members)
                    .with_context(|| format!("{dialect:?}\n{server}"))?;
                let mut run = |burst| {
                    let rates = crowd.deliveries(address, burst, ROUND, || clock(server));
                    let rates = rates.with_context(|| format!("{dialect:?}\n{server}"))?;
                    anyhow::Ok(rates.per_processor_second)
                };
                round.push([run(1)?, run(MANY)?]);
            }
            rounds.push(round);
        }
        let mut rows = Vec::new();
        for (index, burst, of_ws, of_socket_io) in
            [(0, 1, "at least 1.4", "at least 1.6"), (1, MANY, "at least 5", "at least 5")]
        {
            let what = format!("publish to {members} members, {burst} at a time");
            let ratio = |peer: usize| {
                median(rounds.iter().map(|round| round[2][index] / round[peer][index]))
            };
            let ours = median(rounds.iter().map(|round| round[2][index] / 1000.0));
            rows.push(row(
                format!("{what}: deliveries per second of processor"),
                ours,
                "k/s",
                None,
            ));
            rows.push(row(format!("{what}, of a loop of send"), ratio(0), OF_WS, Some(of_ws)));
            rows.push(row(
                format!("{what}, of emit to a room"),
                ratio(1),
                OF_SOCKET_IO,
                Some(of_socket_io),
            ));
        }
        Ok(rows)
    }

    /// Messages of clients that the server answers.
    fn acknowledged(&self, rows: &mut Rows) -> Result<()> {
        let contenders = [
            (self.peer(&["socket-io.mjs"])?, Dialect::SocketIo),
            (self.ours()?, in_rooms(ROOMS)),
            (self.peer(&["ws-acknowledged.mjs"])?, in_rooms(ROOMS)),
        ];
        for (server, dialect) in &contenders {
            warm_up(server, *dialect).with_context(|| format!("{dialect:?}\n{server}"))?;
        }
        for (in_flight, target) in [(1, None), (8, Some("at least 2"))] {
            let mut rounds = Vec::new();
            for _ in 0..ROUNDS {
                let run = |index: usize| {
                    let (server, dialect) = &contenders[index];
                    let mut crowd = Crowd::open(server.address(), *dialect, SENDERS)?;
                    let rates = crowd.acknowledged(in_flight, ROUND, || clock(server));
                    let rates = rates.with_context(|| format!("{dialect:?}\n{server}"))?;
                    anyhow::Ok(rates.per_processor_second)
                };
                rounds.push([run(0)?, run(1)?, run(2)?]);
            }
            let what = format!("acknowledged send, {in_flight} under way");
            let ours = median(rounds.iter().map(|[_, ours, _]| ours / 1000.0));
            rows.push(row(format!("{what}: per second of processor"), ours, "k/s", None));
            let ratio = median(rounds.iter().map(|[theirs, ours, _]| ours / theirs));
            rows.push(row(format!("{what}, of emitWithAck"), ratio, OF_SOCKET_IO, target));
            let ratio = median(rounds.iter().map(|[_, ours, bare]| ours / bare));
            rows.push(row(format!("{what}, of a bare answer over ws"), ratio, OF_WS, None));
        }
        Ok(())
    }

    /// The memory of a member that does nothing.
    fn memory(&self) -> Result<Vec<Row>> {
        let taken = |server: &Server, dialect| {
            let mut crowd = Crowd::open(server.address(), dialect, IDLE_BEFORE)?;
            let before = in_use(server, 1)?;
            crowd.add(server.address(), IDLE)?;
            let after = in_use(server, 2)?;
            let each = |of: fn(&Memory) -> f64| (of(&after) - of(&before)) / IDLE as f64 / 1000.0;
            anyhow::Ok([each(|memory| memory.resident), each(|memory| memory.heap)])
        };
        let theirs = taken(&self.peer(&["socket-io.mjs"])?, Dialect::SocketIo)?;
        let ours = taken(&self.ours()?, OURS)?;
        let mut rows = Vec::new();
        for (index, what, target) in [
            (0, "memory of an idle member", Some("at most 0.5")),
            (1, "heap of an idle member", None),
        ] {
            rows.push(row(what.to_owned(), ours[index], "KB", None));
            let ratio = ours[index] / theirs[index];
            rows.push(row(format!("{what}, of a socket in a room"), ratio, OF_SOCKET_IO, target));
        }
        Ok(rows)
    }

    /// All connections are lost, and their clients miss some messages.
    fn back_after_a_loss(&self) -> Result<Vec<Row>> {
        let back = |server: &Server, dialect| {
            let address = server.address();
            let mut crowd = Crowd::open(address, dialect, RETURNING)?;
            // Socket.IO resumes only a client that has got a message.
            crowd.publish(address, 1)?;
            let tickets = crowd.lose();
            crowd.publish(address, MISSED)?;
            let expected = Expected::Messages(MISSED);
            let came = crowd.come_back(address, tickets, expected, || clock(server));
            let came = came.with_context(|| format!("{dialect:?}\n{server}"))?;
            anyhow::Ok(Back { came, most: in_use(server, 1)?.most })
        };
        let theirs = back(&self.peer(&["socket-io.mjs", "recovery"])?, Dialect::SocketIo)?;
        let ours = back(&self.ours()?, OURS)?;
        let what = format!("{RETURNING} clients back after a loss, with {MISSED} missed messages");
        Ok(ours.rows(&what, &theirs, "of its recovery"))
    }

    /// The server starts again. Both engines keep messages in memory, so Socket.IO recovers
    /// nothing and does not tell, and our members are told that messages are missing.
    fn back_after_a_restart(&self) -> Result<Vec<Row>> {
        let back = |start: &dyn Fn() -> Result<Server>, dialect, expected| {
            let first = start()?;
            let mut crowd = Crowd::open(first.address(), dialect, RETURNING)?;
            crowd.publish(first.address(), 1)?;
            let tickets = crowd.lose();
            drop(first);
            let server = start()?;
            let came = crowd.come_back(server.address(), tickets, expected, || clock(&server));
            let came = came.with_context(|| format!("{dialect:?}\n{server}"))?;
            anyhow::Ok(Back { came, most: in_use(&server, 1)?.most })
        };
        let theirs = back(
            &|| self.peer(&["socket-io.mjs", "recovery"]),
            Dialect::SocketIo,
            Expected::Joined,
        )?;
        let ours = back(&|| self.ours(), OURS, Expected::Gap)?;
        let what = format!("{RETURNING} clients back after a restart");
        Ok(ours.rows(&what, &theirs, "of its reconnects"))
    }
}

/// Lets a server answer until its code is compiled. On a busy machine that takes more than the
/// uncounted part of a round, and counts as processor time.
fn warm_up(server: &Server, dialect: Dialect) -> Result<()> {
    let start = clock(server)?;
    let mut crowd = Crowd::open(server.address(), dialect, SENDERS)?;
    while clock(server)? - start < WARM_UP {
        crowd.acknowledged(8, ROUND, || clock(server))?;
    }
    Ok(())
}

/// Clients that came back.
struct Back {
    came: load::Came,
    /// The largest resident set of the server in bytes.
    most: f64,
}

impl Back {
    fn rows(&self, what: &str, theirs: &Self, of: &str) -> Vec<Row> {
        let processor = |back: &Self| back.came.processor.as_secs_f64();
        let wall = self.came.wall.as_secs_f64();
        vec![
            row(format!("{what}: wall time"), wall, "s", None),
            row(format!("{what}: processor time"), processor(self), "s", None),
            row(
                format!("{what}: processor time, {of}"),
                processor(self) / processor(theirs),
                OF_SOCKET_IO,
                None,
            ),
            row(format!("{what}: most memory"), self.most / 1e6, "MB", None),
            row(format!("{what}: most memory, {of}"), self.most / theirs.most, OF_SOCKET_IO, None),
        ]
    }
}

/// Runs the core with few and with many channels. Each line is a ratio and what it is of.
fn many_channels(tools: &Tools) -> Result<Vec<Row>> {
    let mut node = tools.node();
    node.arg("--expose-gc").arg(script("many-channels"));
    let output = node.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout)?;
    text.lines()
        .map(|line| {
            let (figure, what) = line.split_once(' ').context("no figure")?;
            let target = (!what.contains("each")).then_some("below 1.5");
            Ok(row(what.to_owned(), figure.parse()?, "times", target))
        })
        .collect()
}

/// What the soak of faults met.
#[derive(Deserialize)]
struct Soak {
    seeds: u32,
    published: u32,
    delivered: u32,
    snapshots: u32,
    gaps: u32,
    resumes: u32,
    handled: u32,
    uncertain: u32,
}

/// Runs the soak of faults over the core. A broken promise is an error.
pub fn soak(rows: &mut Rows) -> Result<()> {
    let mut node = Tools::get()?.node();
    let output = node.arg(script("long-soak")).arg(SOAK.to_string()).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let Soak { seeds, published, delivered, snapshots, gaps, resumes, handled, uncertain } =
        serde_json::from_slice(&output.stdout)?;
    let figures = [
        ("seeds", seeds),
        ("messages published by the server", published),
        ("deliveries, none missing, repeated or out of order", delivered),
        ("snapshots in place of messages", snapshots),
        ("told gaps", gaps),
        ("resumes", resumes),
        ("messages of clients handled once", handled),
        ("messages with an uncertain result", uncertain),
    ];
    rows.extend(figures.map(|(what, count)| Row {
        suite: "soak",
        ..row(format!("core, soak of faults: {what}"), f64::from(count), "", None)
    }));
    Ok(())
}

/// A benchmark of the core alone.
fn script(name: &str) -> PathBuf {
    repository().join(format!("templates/realtime/bench/{name}.fixture.ts"))
}

pub fn row(what: String, median: f64, unit: &'static str, target: Option<&str>) -> Row {
    Row { suite: "realtime", what, median, unit, target: target.map(str::to_owned) }
}
