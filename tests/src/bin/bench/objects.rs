//! Compares channels in Durable Objects with a room that is written by hand, in the same workerd.
//!
//! For the method, see `node.rs`. All ratios are by the processor time of workerd.

use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use load::{Crowd, Dialect, Expected};
use tests::app::App;
use tests::locations::repository;
use tests::project::Project;
use tests::realtime::size::WORKERS;
use tests::server::Server;

use crate::node::{ROUND, ROUNDS, clock, median, on_core};
use crate::rows::{Row, Rows};
use crate::workerd::{Worker, address, start, without_channels, without_own_worker};

/// The unit of a ratio.
pub const OF_BY_HAND: &str = "by hand";

const OURS: &str = "site";
const BY_HAND: &str = "room-by-hand";

/// What channels may add to a Worker, in bytes. The tests hold what is reached.
const MAX_ADDED: usize = 16 * 1024;

/// Members that send, and the rooms among which they are divided. A visitor may send 50 messages per
/// second.
const SENDERS: usize = 240;
const ROOMS: [usize; 2] = [120, 24];

/// Members of one room.
const MEMBERS: usize = 100;

/// Clients that come back, and the messages that each has missed: as many as one query gives.
const RETURNING: usize = 200;
const MISSED: usize = 100;

/// Members of a room that sleeps.
const SLEEPERS: [usize; 2] = [1000, 2000];

/// An object sleeps after 10 s of quiet.
const UNTIL_ASLEEP: Duration = Duration::from_secs(16);

pub fn measure(rows: &mut Rows) -> Result<()> {
    let project = Project::install("cloudflare")?;
    let app = project.app("objects-bench")?;
    without_own_worker(app.root())?;
    take_channel(&app)?;
    app.build(&[])?;
    on_core(0)?;
    let workers = [
        Worker::of_host(BY_HAND).with_objects("Room", "ROOMS"),
        Worker::of_site(&app, OURS)?.with_objects("ZastroRealtime", "ZASTRO_REALTIME"),
    ];
    let (server, _storage) = start(&project, &app, &workers)?;
    on_core(1)?;
    let bench = Bench { server };
    for rooms in ROOMS {
        rows.extend(bench.acknowledged(rooms)?);
    }
    rows.extend(bench.deliveries()?);
    rows.extend(bench.returns()?);
    rows.extend(bench.wakes()?);
    for worker in WORKERS {
        rows.push(row(
            format!("added to a Worker by {}, minified, gzipped", worker.what),
            worker.added(&project)? as f64,
            "bytes",
            Some(&format!("at most {MAX_ADDED}")),
        ));
    }
    Ok(())
}

/// Gives a site the only channel of the benchmarks, and the page that publishes to it.
fn take_channel(app: &App) -> Result<()> {
    let projects = repository().join("tests/projects");
    let sources = app.root().join("src");
    without_channels(app.root())?;
    fs::create_dir_all(sources.join("realtime/bench"))?;
    for (from, to) in [
        ("channels/src/schema.ts", "schema.ts"),
        ("channels/src/realtime/bench/[room].ts", "realtime/bench/[room].ts"),
        ("node/src/pages/bench-publish.ts", "pages/bench-publish.ts"),
    ] {
        fs::copy(projects.join(from), sources.join(to))?;
    }
    Ok(())
}

struct Bench {
    server: Server,
}

impl Bench {
    /// By hand, then ours.
    fn contenders(&self, rooms: usize) -> Result<[(SocketAddr, Dialect); 2]> {
        let dialect = Dialect::Objects { channel: "bench", rooms, sender: "/bench-publish" };
        Ok([(address(&self.server, BY_HAND)?, dialect), (address(&self.server, OURS)?, dialect)])
    }

    /// Messages of clients that the room keeps, sends to its members, and acknowledges.
    fn acknowledged(&self, rooms: usize) -> Result<Vec<Row>> {
        let contenders = self.contenders(rooms)?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(self.round(&contenders, |address, dialect| {
                let mut crowd = Crowd::open(address, dialect, SENDERS)?;
                let rates = crowd.acknowledged(1, ROUND, || clock(&self.server))?;
                Ok(rates.per_processor_second / 1000.0)
            })?);
        }
        let members = SENDERS / rooms;
        let what = format!("acknowledged send to {members} members");
        Ok(compared(&what, "k/s", &rounds, Some("at least 0.8")))
    }

    /// Messages that the Worker publishes.
    fn deliveries(&self) -> Result<Vec<Row>> {
        let contenders = self.contenders(1)?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(self.round(&contenders, |address, dialect| {
                let mut crowd = Crowd::open(address, dialect, MEMBERS)?;
                let rates = crowd.deliveries(address, 1, ROUND, || clock(&self.server))?;
                Ok(rates.per_processor_second / 1000.0)
            })?);
        }
        let what = format!("publish to {MEMBERS} members, deliveries");
        Ok(compared(&what, "k/s", &rounds, Some("at least 0.8")))
    }

    /// Clients that come back and get what they have missed.
    fn returns(&self) -> Result<Vec<Row>> {
        let contenders = self.contenders(1)?;
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push(self.round(&contenders, |address, dialect| {
                let mut crowd = Crowd::open(address, dialect, RETURNING)?;
                // The position of a member is that of a message.
                crowd.publish(address, 1)?;
                let tickets = crowd.lose();
                crowd.publish(address, MISSED)?;
                let expected = Expected::Messages(MISSED);
                let came = crowd.come_back(address, tickets, expected, || clock(&self.server))?;
                Ok(RETURNING as f64 / came.processor.as_secs_f64() / 1000.0)
            })?);
        }
        let what = format!("joins that resume with {MISSED} messages");
        Ok(compared(&what, "k/s", &rounds, Some("at least 0.7")))
    }

    /// The time until a message has reached all members of a room that slept.
    fn wakes(&self) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for members in SLEEPERS {
            let mut crowds = Vec::new();
            for (address, dialect) in self.contenders(1)? {
                crowds.push((address, Crowd::open(address, dialect, members)?));
            }
            thread::sleep(UNTIL_ASLEEP);
            let mut took = Vec::new();
            for (address, crowd) in &mut crowds {
                let begun = Instant::now();
                crowd.publish(*address, 1)?;
                took.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
            let what = format!("wakes with {members} members until all have a message");
            rows.extend(compared(&what, "ms", &[[took[0], took[1]]], None));
        }
        Ok(rows)
    }

    /// Measures the contenders in turn.
    fn round(
        &self,
        contenders: &[(SocketAddr, Dialect); 2],
        measure: impl Fn(SocketAddr, Dialect) -> std::io::Result<f64>,
    ) -> Result<[f64; 2]> {
        let one = |(address, dialect): (SocketAddr, Dialect)| {
            measure(address, dialect)
                .with_context(|| format!("{address}, {dialect:?}\n{}", self.server))
        };
        Ok([one(contenders[0])?, one(contenders[1])?])
    }
}

/// Our figure, and its ratio to that by hand.
fn compared(what: &str, unit: &'static str, rounds: &[[f64; 2]], target: Option<&str>) -> Vec<Row> {
    let ours = median(rounds.iter().map(|round| round[1]));
    let ratio = median(rounds.iter().map(|round| round[1] / round[0]));
    vec![row(what.to_owned(), ours, unit, None), row(what.to_owned(), ratio, OF_BY_HAND, target)]
}

fn row(what: String, median: f64, unit: &'static str, target: Option<&str>) -> Row {
    Row { suite: "objects", what, median, unit, target: target.map(str::to_owned) }
}
