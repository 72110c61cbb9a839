//! The servers behind channels, and the network in front of them, do what the cases about faults
//! rely on.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::slice;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use tests::cases::realtime;
use tests::engine::cluster::Cluster;
use tests::engine::replicas::Replicas;
use tests::engine::resp::{Commands, Reply};
use tests::engine::sentinels::Sentinels;
use tests::engine::{Engine, Product};
use tests::line::{End, Line};
use tests::locations::files_ending_with;
use tests::patience::at_last;
use tests::project::templates_with_lowest;
use tests::server::Server;
use tests::site::Site;
use tests::suite::run_on;
use tests::tools::Tools;
use tests::unit_tests::{WITH_SERVER, test_files_with};

use super::{Case, cases};
use crate::hosts::{Host, JOURNAL, Sites, journal};

pub const CASES: &[Case] = cases![
    valkey_starts_again_with_its_data_and_without,
    redis_starts_again_with_its_data_and_without,
    nats_starts_and_keeps_its_port,
    a_frozen_server_answers_when_it_thaws,
    a_promoted_replica_lacks_the_writes_that_it_missed,
    sentinels_promote_the_replica_of_a_primary_that_dies,
    a_line_loses_bytes_and_tells_nobody,
    a_line_ends_its_connections_and_refuses_new_ones,
    a_slow_line_delivers_late_and_in_order,
    a_line_takes_its_servers_in_turn,
    an_older_redis_keeps_the_promises_as_well,
    a_cluster_keeps_the_promises_as_well,
    tested_sites_pass_their_tests_on_valkey,
    tested_sites_pass_their_tests_on_nats,
    the_engine_for_redis_passes_its_tests_on_valkey,
    the_engine_for_redis_passes_its_tests_on_redis_with_iovalkey,
    the_engine_for_nats_passes_its_tests,
    the_engines_work_with_the_lowest_versions_of_their_clients,
];

fn text(text: &str) -> Reply {
    Reply::Text(text.to_owned())
}

fn valkey_starts_again_with_its_data_and_without(_: &Sites) -> Result<()> {
    starts_again(&Engine::valkey()?, "9.1.2")
}

fn redis_starts_again_with_its_data_and_without(_: &Sites) -> Result<()> {
    starts_again(&Engine::redis()?, "7.")
}

fn starts_again(engine: &Engine, version: &str) -> Result<()> {
    let key = match engine.product() {
        Product::Valkey => "valkey_version",
        _ => "redis_version",
    };
    let told = engine.info("server", key)?;
    ensure!(told.starts_with(version), "{told}, not {version}");
    engine.ask(&["SET", "channel", "kept"])?;
    engine.kill()?;
    ensure!(Commands::connect(engine.address()).is_err(), "it still listens");
    engine.restart()?;
    ensure!(engine.ask(&["GET", "channel"])? == text("kept"));
    engine.stop()?;
    engine.restart_empty()?;
    ensure!(engine.ask(&["GET", "channel"])? == Reply::Nothing);
    ensure!(engine.ask(&["NO-SUCH-COMMAND"]).is_err(), "an error is no error");
    Ok(())
}

fn nats_starts_and_keeps_its_port(_: &Sites) -> Result<()> {
    let engine = Engine::nats()?;
    let url = engine.url();
    engine.kill()?;
    engine.restart_empty()?;
    ensure!(engine.url() == url && url.starts_with("nats://"), "{url}");
    Ok(())
}

fn a_frozen_server_answers_when_it_thaws(_: &Sites) -> Result<()> {
    let engine = Engine::valkey()?;
    engine.freeze()?;
    let address = engine.address();
    thread::scope(|scope| -> Result<()> {
        let asked = scope.spawn(move || Commands::connect(address)?.ask(&["PING"]));
        thread::sleep(Duration::from_millis(200));
        ensure!(!asked.is_finished(), "a frozen server has answered");
        engine.thaw()?;
        let answer = asked.join().map_err(|_| anyhow!("the client panicked"))??;
        ensure!(answer == text("PONG"), "{answer:?}");
        Ok(())
    })
}

fn a_promoted_replica_lacks_the_writes_that_it_missed(_: &Sites) -> Result<()> {
    let servers = Replicas::start(Product::Valkey)?;
    servers.primary.ask(&["SET", "early", "1"])?;
    at_last(|| {
        ensure!(servers.replica.ask(&["GET", "early"])? == text("1"));
        Ok(())
    })?;
    servers.separate()?;
    servers.primary.ask(&["SET", "late", "2"])?;
    let refused = servers.replica.ask(&["SET", "late", "3"]);
    ensure!(refused.is_err_and(|error| format!("{error:#}").contains("READONLY")));
    servers.fail_over()?;
    ensure!(servers.replica.ask(&["GET", "early"])? == text("1"));
    ensure!(servers.replica.ask(&["GET", "late"])? == Reply::Nothing);
    servers.replica.ask(&["SET", "late", "3"])?;
    Ok(())
}

fn sentinels_promote_the_replica_of_a_primary_that_dies(_: &Sites) -> Result<()> {
    let sentinels = Sentinels::start(Product::Valkey)?;
    let [first, second] = &sentinels.servers;
    ensure!(sentinels.primary()? == first.address());
    sentinels.fail_over()?;
    ensure!(sentinels.primary()? == second.address());
    second.ask(&["SET", "after", "1"])?;
    Ok(())
}

/// A server that sends back what it gets.
fn echo() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || {
                let mut writer = client.try_clone()?;
                std::io::copy(&mut &client, &mut writer)
            });
        }
    });
    Ok(address)
}

fn connect(line: &Line) -> Result<TcpStream> {
    let stream = TcpStream::connect(line.address())?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    Ok(stream)
}

/// Sends a text and waits for its echo.
fn ask(stream: &mut TcpStream, text: &str) -> Result<()> {
    stream.write_all(text.as_bytes())?;
    let mut back = vec![0; text.len()];
    stream.read_exact(&mut back)?;
    ensure!(back == text.as_bytes(), "{}", String::from_utf8_lossy(&back));
    Ok(())
}

/// Nothing arrives for a while.
fn is_silent(stream: &mut TcpStream) -> Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    let read = stream.read(&mut [0]);
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let error = read.err().context("something arrived")?;
    ensure!(error.kind() == std::io::ErrorKind::WouldBlock, "{error}");
    Ok(())
}

fn a_line_loses_bytes_and_tells_nobody(_: &Sites) -> Result<()> {
    let line = Line::to(echo()?)?;
    let (mut busy, mut idle) = (connect(&line)?, connect(&line)?);
    ask(&mut busy, "before")?;
    ask(&mut idle, "before")?;
    line.die()?;
    busy.write_all(b"lost")?;
    is_silent(&mut busy)?;
    let mut hanging = connect(&line)?;
    hanging.write_all(b"later")?;
    is_silent(&mut hanging)?;
    line.revive()?;
    // A connection that lost nothing goes on, and one that hung begins.
    ask(&mut idle, "after")?;
    let mut back = [0; 5];
    hanging.read_exact(&mut back)?;
    ensure!(&back == b"later");
    busy.write_all(b"in vain")?;
    is_silent(&mut busy)?;
    ensure!(line.accepted()? == 3 && line.open()? == 3);
    Ok(())
}

fn a_line_ends_its_connections_and_refuses_new_ones(_: &Sites) -> Result<()> {
    let line = Line::to(echo()?)?;
    for end in [End::Reset, End::Finish] {
        let mut stream = connect(&line)?;
        ask(&mut stream, "before")?;
        line.cut(end)?;
        let read = stream.read(&mut [0]);
        let is_as_told = match end {
            End::Finish => matches!(read, Ok(0)),
            End::Reset => read.is_err(),
        };
        ensure!(is_as_told, "{end:?}: {read:?}");
        let mut late = connect(&line)?;
        ensure!(!matches!(late.read(&mut [0]), Ok(1..)), "a new connection works");
        line.revive()?;
        ask(&mut connect(&line)?, "after")?;
        line.drop_connections(End::Reset)?;
        ask(&mut connect(&line)?, "again")?;
    }
    Ok(())
}

fn a_slow_line_delivers_late_and_in_order(_: &Sites) -> Result<()> {
    let line = Line::to(echo()?)?;
    let mut stream = connect(&line)?;
    line.slow_down(Duration::from_millis(150))?;
    let start = Instant::now();
    ask(&mut stream, "there and back")?;
    ensure!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    line.revive()?;
    let long: String = ('a'..='z').cycle().take(3_000_000).collect();
    let mut writer = stream.try_clone()?;
    thread::scope(|scope| -> Result<()> {
        let sent = scope.spawn(|| writer.write_all(long.as_bytes()));
        let mut back = vec![0; long.len()];
        stream.read_exact(&mut back)?;
        ensure!(back == long.as_bytes(), "the bytes are others");
        sent.join().map_err(|_| anyhow!("the writer panicked"))??;
        Ok(())
    })
}

fn a_line_takes_its_servers_in_turn(_: &Sites) -> Result<()> {
    let servers = [Engine::valkey()?, Engine::valkey()?];
    let line = Line::to_each(&servers.each_ref().map(Engine::address))?;
    let which = || -> Result<String> {
        let told = Commands::connect(line.address())?.ask(&["INFO", "server"])?;
        let port = told.text()?.lines().find_map(|line| line.strip_prefix("tcp_port:"));
        Ok(port.context("no port")?.to_owned())
    };
    let (one, two, three) = (which()?, which()?, which()?);
    ensure!(one == three && one != two, "{one} {two} {three}");
    line.aim_at(&[servers[1].address()])?;
    let expected = servers[1].address().port().to_string();
    ensure!(which()? == expected && which()? == expected);
    Ok(())
}

fn an_older_redis_keeps_the_promises_as_well(sites: &Sites) -> Result<()> {
    let engine = Engine::redis()?;
    let server = sites.start_on_engine(&engine, 3, "three-on-redis")?;
    let site = Site { engine: Some(engine), ..Site::warm(Host::ThreeOnValkey.into(), server)? };
    run_on(&site, realtime::of_engines())
}

fn a_cluster_keeps_the_promises_as_well(sites: &Sites) -> Result<()> {
    let cluster = Cluster::start(Product::Valkey)?;
    let addresses: Vec<String> =
        cluster.addresses().iter().map(|address| address.to_string()).collect();
    let journal = journal("cluster")?;
    let start = || {
        let mut command = sites.process(Product::Valkey)?;
        Server::start(command.env(JOURNAL, &journal).env("REDIS_CLUSTER", addresses.join(",")))
    };
    let server = Server::in_turn(start()?, vec![start()?])?;
    run_on(&Site::warm(Host::ThreeOnValkey.into(), server)?, realtime::of_engines())
}

fn tested_sites_pass_their_tests_on_valkey(sites: &Sites) -> Result<()> {
    passes_its_tests(sites, Product::Valkey, "node/testing", Some("ioredis"))
}

fn tested_sites_pass_their_tests_on_nats(sites: &Sites) -> Result<()> {
    passes_its_tests(sites, Product::Nats, "node/testing", None)
}

fn the_engine_for_redis_passes_its_tests_on_valkey(sites: &Sites) -> Result<()> {
    passes_its_tests(sites, Product::Valkey, "node/redis", Some("ioredis"))
}

fn the_engine_for_redis_passes_its_tests_on_redis_with_iovalkey(sites: &Sites) -> Result<()> {
    passes_its_tests(sites, Product::Redis, "node/redis", Some("iovalkey"))
}

fn the_engine_for_nats_passes_its_tests(sites: &Sites) -> Result<()> {
    passes_its_tests(sites, Product::Nats, "node/nats", None)
}

/// Runs the tests of a folder of `templates/` that need a server.
fn passes_its_tests(
    sites: &Sites,
    product: Product,
    folder: &str,
    client: Option<&str>,
) -> Result<()> {
    let project = sites.project()?;
    // Each test has its own copy: the others make theirs meanwhile.
    let name = format!("templates-on-{product:?}-of-{}", folder.replace('/', "-"));
    let templates = project.templates(&name.to_lowercase())?;
    let files = files_ending_with(&templates.join(folder), WITH_SERVER)?;
    ensure!(!files.is_empty(), "no `*{WITH_SERVER}` in {folder}");
    at_once(files.iter().map(|file| || pass(&templates, file, product, client)))
}

/// The tests of the log, and those of what clients give and take. Whoever has an old lockfile has
/// these versions.
fn the_engines_work_with_the_lowest_versions_of_their_clients(_: &Sites) -> Result<()> {
    const ON_REDIS: [&str; 2] =
        ["redis/channels/redis-log.server.test.ts", "redis/connection/clients.server.test.ts"];
    const ON_NATS: [&str; 1] = ["nats/channels/nats-log.server.test.ts"];
    let clients = ["ioredis", "iovalkey", "@nats-io/transport-node"];
    let templates = &templates_with_lowest("node", &clients)?;
    let tests = clients.iter().flat_map(|client| {
        let (files, product): (&[&str], _) = match *client {
            "ioredis" | "iovalkey" => (&ON_REDIS, Product::Valkey),
            _ => (&ON_NATS, Product::Nats),
        };
        files.iter().map(move |file| {
            move || pass(templates, &templates.join("node").join(file), product, Some(client))
        })
    });
    at_once(tests)
}

/// Runs a file of tests. It has a server of its own, because its tests may cut all connections.
fn pass(templates: &Path, file: &Path, product: Product, client: Option<&str>) -> Result<()> {
    let program = product.program()?.display().to_string();
    let engine = Engine::start(product, &[])?;
    let url = engine.url();
    // Some of the tests start servers themselves.
    let own = product.variable().replace("_URL", "_SERVER");
    let mut variables = vec![(product.variable(), url.as_str()), (&own, &program)];
    variables.extend(client.map(|client| ("REDIS_CLIENT", client)));
    // They may stand in a module that the file imports.
    let file = file.to_owned();
    let tested = test_files_with(&Tools::get()?, templates, slice::from_ref(&file), &variables)?;
    ensure!(!tested.is_empty(), "{} holds no test", file.display());
    Ok(())
}

/// Does all of these at the same time.
fn at_once(tests: impl Iterator<Item = impl FnOnce() -> Result<()> + Send>) -> Result<()> {
    thread::scope(|scope| {
        let running: Vec<_> = tests.map(|test| scope.spawn(test)).collect();
        running.into_iter().try_for_each(|tests| {
            tests.join().map_err(|_| anyhow!("the runner of tests panicked"))?
        })
    })
}
