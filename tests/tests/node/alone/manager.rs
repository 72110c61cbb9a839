//! The connection manager on a server of its own: limits and services, crowds, and shutdown.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};
use serde::Deserialize;
use serde_json::Value;
use tests::client::Request;
use tests::patience::{PATIENCE, at_last};
use tests::server::Server;

use super::{Case, cases};
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] = cases![
    is_configured_only_by_the_hooks_file,
    terminates_clients_without_an_answer_to_health_checks,
    asks_the_policy_of_the_site_and_keeps_connections_on_its_failure,
    keeps_the_registry_of_10000_connections,
    forgets_clients_that_were_killed,
    loses_no_message_that_was_accepted_before_a_shutdown,
    drains_a_few_at_a_time,
];

/// `src/managed-hooks.ts` allows three connections.
const MANAGED: Settings =
    Settings { name: "managed", options: r#"{ "hooks": "src/managed-hooks.ts" }"# };

/// A client is terminated after two pings without an answer within 200 ms.
const WATCHED: Settings = Settings {
    name: "watched",
    options: r#"{ "enableHealthMonitoring": true, "healthCheckInterval": 200, "maxMissedPings": 2 }"#,
};

/// Without the limits that a single client would exceed.
const CROWDED: Settings = Settings {
    name: "crowded",
    options: r#"{ "maxConnections": 20000, "maxConnectionsPerIP": 20000 }"#,
};

fn is_configured_only_by_the_hooks_file(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&MANAGED)?;
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(site.server.open(&Request::upgrade("/managed"))?);
    }
    let response = site.server.reject(&Request::upgrade("/managed"))?;
    ensure!(response.status == 503, "{response}");
    ensure!(response.headers.get("retry-after").is_some(), "{response}");
    ensure!(journal(&site.server, "pool")? == "maxConnections 3");
    let stats = stats(&site.server)?;
    ensure!(stats["rejections"]["too-many-connections"] == 1, "{stats:#}");
    ensure!(stats["maxConnections"] == 3 && stats["totalManagedConnections"] == 3, "{stats:#}");
    let error = site.server.get("/manager/contradict")?.text();
    ensure!(error.contains("another `maxConnections`: 3, not 77"), "{error}");
    site.server.check_alive()
}

fn terminates_clients_without_an_answer_to_health_checks(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&WATCHED)?;
    let mut silent = site.server.connection()?;
    let request = Request::upgrade("/managed?tag=silent");
    silent.write(&request.to_bytes(&site.server.address().to_string()))?;
    ensure!(silent.response("GET")?.status == 101);
    let mut living = site.server.open(&Request::upgrade("/managed?tag=living"))?;
    living.text()?;
    // This client answers pings while it waits.
    ensure!(living.text_within(Duration::from_millis(1500))?.is_none());
    silent.ended()?;
    ensure!(journal(&site.server, "managed-closed")? == "1006");
    living.send("still there?")?;
    ensure!(living.text()? == "still there?");
    let health = &stats(&site.server)?["health"];
    ensure!(health["terminated"] == 1 && health["missed"] == 2, "{health:#}");
    ensure!(health["answered"].as_u64() >= Some(3), "{health:#}");
    site.server.check_alive()
}

fn asks_the_policy_of_the_site_and_keeps_connections_on_its_failure(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&MANAGED)?;
    let mut unknown = site.server.open(&Request::upgrade("/managed?tag=temporary&mood=unknown"))?;
    let mut meant = site.server.open(&Request::upgrade("/managed?tag=temporary"))?;
    let id = unknown.text()?;
    meant.text()?;
    let (code, reason) = meant.closed()?;
    ensure!((code, reason.as_str()) == (1001, "Cleaned up"), "{code} {reason}");
    site.server.wait_for_output(PATIENCE, |printed| {
        printed.contains("the policy does not know").then_some(())
    })?;
    unknown.send("kept")?;
    ensure!(unknown.text()? == "kept");
    // Once the policy knows the mood, it closes the connection.
    let data = site.server.get(&format!("/manager/data?id={id}&mood=known"))?.text();
    ensure!(data == r#"{"mood":"known"}"#, "{data}");
    ensure!(unknown.closed()?.0 == 1001);
    site.server.check_alive()
}

const CROWD: usize = 10_000;

fn keeps_the_registry_of_10000_connections(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&CROWDED)?;
    let mut few = Vec::new();
    for _ in 0..20 {
        few.push(site.server.open(&Request::upgrade("/managed?tag=few"))?);
    }
    let crowd = load::open(site.server.address(), "/managed?tag=many", CROWD)?;
    ensure!(count(&site.server)? == CROWD + few.len());
    let found: Vec<Value> =
        serde_json::from_str(&site.server.get("/manager/list?tag=few")?.text())?;
    ensure!(found.len() == few.len(), "{}", found.len());
    ensure!(site.server.get("/manager/close?tag=few")?.text() == few.len().to_string());
    for socket in &mut few {
        ensure!(socket.closed()?.0 == 4001);
    }
    // Half of the crowd disconnects, without close frames.
    let mut crowd = crowd;
    crowd.truncate(CROWD / 2);
    count_down(&site.server, CROWD / 2)?;
    drop(crowd);
    count_down(&site.server, 0)?;
    let stats = stats(&site.server)?;
    ensure!(stats["accepted"] == CROWD + few.len(), "{stats:#}");
    ensure!(stats["closed"] == stats["accepted"] && stats["clients"] == 0, "{stats:#}");
    ensure!(stats["closeCodes"]["4001"] == few.len(), "{stats:#}");
    ensure!(stats["mostOpen"] == CROWD + few.len(), "{stats:#}");
    site.server.check_alive()
}

fn forgets_clients_that_were_killed(sites: &Sites) -> Result<()> {
    const CLIENTS: usize = 100;
    let site = sites.start_alone(&CROWDED)?;
    let url = format!("ws://{}/managed?tag=doomed", site.server.address());
    let mut clients = site
        .app
        .node_server("clients/crowd.mjs")
        .args([url, CLIENTS.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let stdout = clients.stdout.take().context("no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    let open = count(&site.server);
    clients.kill()?;
    clients.wait()?;
    ensure!(open? == CLIENTS, "{line}");
    count_down(&site.server, 0)?;
    let stats = stats(&site.server)?;
    ensure!(stats["closeCodes"]["1006"] == CLIENTS && stats["clients"] == 0, "{stats:#}");
    site.server.check_alive()
}

#[derive(Debug, Deserialize)]
struct Report {
    connections: usize,
    closed: usize,
    terminated: usize,
    elapsed: f64,
}

fn loses_no_message_that_was_accepted_before_a_shutdown(sites: &Sites) -> Result<()> {
    const CLIENTS: usize = 8;
    let site = sites.start_alone(&CROWDED)?;
    let server = &site.server;
    let received = thread::scope(|scope| {
        let clients: Vec<_> =
            (0..CLIENTS).map(|client| scope.spawn(move || tick(server, client))).collect();
        // All clients are in the middle of their messages.
        let deadline = Instant::now() + Duration::from_secs(20);
        while count(server)? < CLIENTS || stats(server)?["messages"]["sent"].as_u64() < Some(10_000)
        {
            ensure!(Instant::now() < deadline, "{:#}", stats(server)?);
        }
        let report: Report = serde_json::from_str(&server.get("/manager/shutdown")?.text())?;
        ensure!(
            (report.connections, report.closed, report.terminated) == (CLIENTS, CLIENTS, 0),
            "{report:?}"
        );
        clients
            .into_iter()
            .map(|client| client.join().map_err(|_| anyhow!("a client panicked")).flatten())
            .collect::<Result<Vec<u64>>>()
    })?;
    for (client, last) in received.into_iter().enumerate() {
        let sent = journal(server, &format!("ticked-{client}"))?;
        ensure!(sent == last.to_string() && last > 0, "{sent} were accepted, {last} came");
    }
    ensure!(server.reject(&Request::upgrade("/managed"))?.status == 503);
    server.check_alive()
}

/// Reads numbers, each once and in order, until the server closes.
fn tick(server: &Server, client: usize) -> Result<u64> {
    let mut socket = server.open(&Request::upgrade(&format!("/ticking?name={client}")))?;
    let mut last = 0;
    while let Some(number) = socket.text_or_close()? {
        last += 1;
        ensure!(number == last.to_string(), "{number} behind {}", last - 1);
    }
    Ok(last)
}

fn drains_a_few_at_a_time(sites: &Sites) -> Result<()> {
    const CLIENTS: usize = 10;
    let site = sites.start_alone(&CROWDED)?;
    let mut sockets = Vec::new();
    for _ in 0..CLIENTS {
        let mut socket = site.server.open(&Request::upgrade("/managed"))?;
        socket.text()?;
        sockets.push(socket);
    }
    let start = Instant::now();
    let (report, ended) = thread::scope(|scope| {
        let clients: Vec<_> = sockets
            .into_iter()
            .map(|mut socket| {
                scope.spawn(move || socket.closed().map(|(code, _)| (code, start.elapsed())))
            })
            .collect();
        let report = site.server.get("/manager/drain?over=1500")?;
        let ended = clients
            .into_iter()
            .map(|client| client.join().map_err(|_| anyhow!("a client panicked")).flatten())
            .collect::<Result<Vec<_>>>()?;
        anyhow::Ok((report, ended))
    })?;
    let report: Report = serde_json::from_str(&report.text())?;
    ensure!((report.closed, report.terminated) == (CLIENTS, 0), "{report:?}");
    ensure!(report.elapsed >= 1000.0, "{report:?}");
    ensure!(ended.iter().all(|(code, _)| *code == 1012), "{ended:?}");
    // The oldest connections close first, and the last one closes much later.
    let times: Vec<Duration> = ended.iter().map(|(_, time)| *time).collect();
    let (Some(first), Some(last)) = (times.first(), times.last()) else {
        return Err(anyhow!("nobody was there"));
    };
    ensure!(*last > *first + Duration::from_millis(700), "{times:?}");
    site.server.check_alive()
}

fn stats(server: &Server) -> Result<Value> {
    Ok(serde_json::from_str(&server.get("/manager/stats")?.text())?)
}

fn count(server: &Server) -> Result<usize> {
    let text = server.get("/manager/count")?.text();
    text.parse().with_context(|| format!("not a number: {text}"))
}

/// Waits until `expected` connections are left. The server notices closed connections slightly
/// later.
fn count_down(server: &Server, expected: usize) -> Result<()> {
    at_last(|| {
        let open = count(server)?;
        ensure!(open == expected, "{open} are left, not {expected}");
        Ok(())
    })
}

/// A journal request waits only five seconds, so it is repeated.
fn journal(server: &Server, name: &str) -> Result<String> {
    Ok(server.get(&format!("/journal/{name}"))?.text())
}
