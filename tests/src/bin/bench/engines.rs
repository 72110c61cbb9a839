//! Channels on two processes that share a server, compared with Socket.IO and crossws on Valkey, and
//! on NATS with those on Valkey.
//!
//! Processes and servers share one core, and the load runs on another. All members are on one
//! process, and all messages come from the other. Contenders take turns in short rounds.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use load::{Crowd, Delays, Dialect};
use tests::app::App;
use tests::engine::{Engine, Product};
use tests::processes::Process;
use tests::project::{Project, install_plain};
use tests::realtime::soak::{Faults, Plan, soak};
use tests::server::Server;

use crate::fan_out::OPTIONS;
use crate::node::{ROUND, ROUNDS, clock, measured, median, on_core};
use crate::rows::{Row, Rows};

/// The unit of a ratio to the better of the peers.
pub const OF_BEST: &str = "of best";

/// The unit of a ratio of the engine on NATS to that on Redis.
pub const OF_REDIS: &str = "of Redis";

/// The numbers of members.
const CROWDS: [usize; 2] = [10, 100];

/// Messages that are published at a time.
const MANY: usize = 32;

/// The time in which a contender delivers before it is measured.
const WARM_UP: Duration = Duration::from_secs(6);

/// Connections that do nothing, and the time in which they do it.
const IDLE: usize = 200;
const QUIET: Duration = Duration::from_secs(10);

/// Deliveries of each soak of faults.
const SOAK: u64 = 500_000;

/// Messages whose commands are counted.
const COUNTED: usize = 500;

/// The `realtime` option of a site on an engine.
const ON_REDIS: &str = r#"{ "engine": "redis" }"#;
const ON_NATS: &str = r#"{ "engine": "nats" }"#;

/// The contenders. The first ones are peers.
const OURS: usize = 2;
const OURS_ON_NATS: usize = 3;

/// Servers of one kind, on one engine.
struct Contender<'e> {
    name: &'static str,
    engine: &'e Engine,
    /// The one that publishes, and the one with the members.
    servers: [Server; 2],
    dialect: Dialect,
}

impl<'e> Contender<'e> {
    fn start(
        name: &'static str,
        engine: &'e Engine,
        dialect: Dialect,
        start: impl Fn() -> Result<Server>,
    ) -> Result<Self> {
        let servers = [start()?, start()?];
        Ok(Self { name, engine, servers, dialect })
    }

    /// The processor time of both processes.
    fn clock(&self) -> std::io::Result<Duration> {
        Ok(clock(&self.servers[0])? + clock(&self.servers[1])?)
    }

    fn crowd(&self, members: usize) -> Result<Crowd> {
        Crowd::open(self.servers[1].address(), self.dialect, members).with_context(|| self.told())
    }

    fn told(&self) -> String {
        let [one, two] = &self.servers;
        format!("{}\n{one}\n{two}", self.name)
    }
}

/// A figure of a round.
type Figure = fn(&Round) -> f64;

/// A round of one contender.
struct Round {
    /// Messages per second of processor time of the two processes.
    messages: f64,
    /// The same with the processor time of the engine.
    with_engine: f64,
    delays: Delays,
}

pub fn measure(rows: &mut Rows) -> Result<()> {
    let project = Project::install("node")?;
    let peers = install_plain("peers")?;
    let (on_redis, on_nats) = (site(&project, ON_REDIS)?, site(&project, ON_NATS)?);
    on_core(0)?;
    let (valkey, nats) = (Engine::valkey()?, Engine::nats()?);
    let url = valkey.url();
    let peer = |script: &str| {
        let mut command = project.tools().node();
        measured(command.current_dir(&peers).arg(script).env("REDIS_URL", &url))
    };
    let ours = |app: &App, engine: &Engine| {
        let mut command = app.node_server("dist/server/entry.mjs");
        command.env("HOST", "127.0.0.1").env("PORT", "0");
        measured(command.env(engine.product().variable(), engine.url()))
    };
    let plain = Dialect::Plain { listener: "/listener", sender: "/sender" };
    let rooms = Dialect::Realtime { channel: "bench", rooms: 1, sender: "/bench-publish" };
    let socket_io = Dialect::SocketIo;
    let contenders = [
        Contender::start("Socket.IO", &valkey, socket_io, || peer("socket-io-redis.mjs"))?,
        Contender::start("crossws", &valkey, plain, || peer("crossws-redis.mjs"))?,
        Contender::start("ours", &valkey, rooms, || ours(&on_redis, &valkey))?,
        Contender::start("ours on NATS", &nats, rooms, || ours(&on_nats, &nats))?,
    ];
    on_core(1)?;
    // V8 compiles what runs often. Until then the delay of one message in a hundred is that.
    for contender in &contenders {
        contender.crowd(CROWDS[0])?.delays(contender.servers[0].address(), WARM_UP)?;
    }
    for members in CROWDS {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let round = contenders.iter().map(|contender| run(contender, members));
            rounds.push(round.collect::<Result<Vec<_>>>()?);
        }
        rows.extend(table(&contenders, members, &rounds));
    }
    commands(&contenders[..=OURS], &valkey, rows)
}

/// Soaks on both engines. A broken promise is an error.
pub fn soaks(rows: &mut Rows) -> Result<()> {
    let project = Project::install("node")?;
    for (product, option) in [(Product::Valkey, ON_REDIS), (Product::Nats, ON_NATS)] {
        let app = site(&project, option)?;
        for (faults, what) in [
            (Faults::WithoutLoss, "soak of faults on three processes"),
            (Faults::OfEverything, "the same with a server that loses its data"),
        ] {
            rows.extend(soak_of(&app, product, faults, &format!("{product:?}, {what}"))?);
        }
    }
    Ok(())
}

/// A built site with this `realtime` option.
fn site(project: &Project, option: &str) -> Result<App> {
    let name = if option == ON_NATS { "bench-on-nats" } else { "bench-on-redis" };
    let app = project.app(name)?;
    app.build(&[("ADAPTER_MODE", "standalone"), ("WEBSOCKET", OPTIONS), ("REALTIME", option)])?;
    Ok(app)
}

fn soak_of(app: &App, product: Product, faults: Faults, what: &str) -> Result<Vec<Row>> {
    let engine = Engine::start(product, &[])?;
    let start = || {
        Process::start(engine.address(), |address| {
            let mut command = app.node_server("dist/server/entry.mjs");
            command.env("HOST", "127.0.0.1").env(product.variable(), product.url(address));
            Ok(command)
        })
    };
    let processes = [start()?, start()?, start()?];
    let plan = Plan { seed: 18, members: 30, deliveries: SOAK, faults, rounds: 30 };
    let counts = soak(&engine, &processes, &plan).with_context(|| what.to_owned())?;
    let figures = [
        ("faults", counts.faults),
        ("messages", counts.messages),
        ("deliveries, none missing, repeated or out of order", counts.delivered),
        ("told gaps", counts.gaps),
        ("resumes", counts.resumes),
        ("messages of clients handled once", counts.handled),
        ("messages with an uncertain result", counts.uncertain),
    ];
    Ok(figures
        .map(|(figure, count)| Row {
            suite: "soak",
            what: format!("{what}: {figure}"),
            median: count as f64,
            unit: "",
            target: None,
        })
        .into())
}

fn run(contender: &Contender<'_>, members: usize) -> Result<Round> {
    let from = contender.servers[0].address();
    let mut crowd = contender.crowd(members)?;
    let delays = crowd.delays(from, ROUND).with_context(|| contender.told())?;
    let spent = engine_time(contender.engine)?;
    let before = contender.clock()?;
    let rates = crowd.deliveries(from, MANY, ROUND, || contender.clock());
    let messages = rates.with_context(|| contender.told())?.per_processor_second / members as f64;
    let own = (contender.clock()? - before).as_secs_f64();
    let with_engine =
        messages * own / (own + (engine_time(contender.engine)? - spent).as_secs_f64());
    Ok(Round { messages, with_engine, delays })
}

fn table(contenders: &[Contender<'_>], members: usize, rounds: &[Vec<Round>]) -> Vec<Row> {
    let of =
        |index: usize, figure: Figure| median(rounds.iter().map(|round| figure(&round[index])));
    let what = format!("two processes, {members} members");
    let mut rows = Vec::new();
    let milliseconds = |delay: Duration| delay.as_secs_f64() * 1000.0;
    let figures: [(&str, Figure, &'static str); 4] = [
        ("messages per second of processor", |round| round.messages / 1000.0, "k/s"),
        ("the same, with that of its server", |round| round.with_engine / 1000.0, "k/s"),
        ("publish to delivery, p50", |round| round.delays.p50.as_secs_f64() * 1000.0, "ms"),
        ("publish to delivery, p99", |round| round.delays.p99.as_secs_f64() * 1000.0, "ms"),
    ];
    for (figure, of_round, unit) in figures {
        for (index, contender) in contenders.iter().enumerate() {
            let value = of(index, of_round);
            rows.push(row(format!("{what}: {figure}, {}", contender.name), value, unit, None));
        }
    }
    let of_peers = |figure: &dyn Fn(&Round) -> f64, best: fn(f64, f64) -> f64| {
        median(rounds.iter().map(|round| {
            let peers = round[..OURS].iter().map(figure).reduce(best).unwrap_or(f64::NAN);
            figure(&round[OURS]) / peers
        }))
    };
    let of_redis = |figure: &dyn Fn(&Round) -> f64| {
        median(rounds.iter().map(|round| figure(&round[OURS_ON_NATS]) / figure(&round[OURS])))
    };
    let messages = |round: &Round| round.messages;
    let p99 = |round: &Round| milliseconds(round.delays.p99);
    let ratios = [
        ("messages, of the better peer", of_peers(&messages, f64::max), OF_BEST, "at least 2"),
        ("p99, of the better peer", of_peers(&p99, f64::min), OF_BEST, "at most 1"),
        ("messages on NATS", of_redis(&messages), OF_REDIS, ""),
        ("p99 on NATS", of_redis(&p99), OF_REDIS, ""),
    ];
    rows.extend(ratios.map(|(figure, ratio, unit, target)| {
        row(format!("{what}: {figure}"), ratio, unit, (!target.is_empty()).then_some(target))
    }));
    rows
}

/// The processor time of the server of an engine.
fn engine_time(engine: &Engine) -> Result<Duration> {
    engine.with_process(|server| Ok(clock(server)?))
}

fn row(what: String, median: f64, unit: &'static str, target: Option<&str>) -> Row {
    Row { suite: "engines", what, median, unit, target: target.map(str::to_owned) }
}

/// Commands that the clients of Valkey send, as `MONITOR` shows them. Those inside of scripts are
/// no commands of a client.
fn commands(contenders: &[Contender<'_>], engine: &Engine, rows: &mut Rows) -> Result<()> {
    let quiet = || -> Result<u64> {
        let ((), counts) = engine.commands_during(|| {
            thread::sleep(QUIET);
            Ok(())
        })?;
        Ok(counts.values().sum())
    };
    // What processes do by themselves.
    let alone = quiet()?;
    for (index, contender) in contenders.iter().enumerate() {
        let is_ours = index + 1 == contenders.len();
        let mut crowd = contender.crowd(1)?;
        let from = contender.servers[0].address();
        let ((), counts) = engine.commands_during(|| Ok(crowd.publish(from, COUNTED)?))?;
        let total: u64 = counts.values().sum();
        ensure!(total > 0, "{} sends no command: {counts:?}", contender.name);
        rows.push(row(
            format!("commands to Valkey per message, {}", contender.name),
            total as f64 / COUNTED as f64,
            "",
            is_ours.then_some("at most 1.2"),
        ));
        drop(crowd);
        let _crowd = contender.crowd(IDLE)?;
        let more = quiet()? as f64 - alone as f64;
        rows.push(row(
            format!("commands per idle connection and second, {}", contender.name),
            more.max(0.0) / IDLE as f64 / QUIET.as_secs_f64(),
            "",
            is_ours.then_some("0"),
        ));
    }
    Ok(())
}
