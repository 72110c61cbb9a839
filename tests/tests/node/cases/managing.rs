//! The connection manager, which the server and the site's own code share however they are bundled.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde::Deserialize;
use tests::cases;
use tests::client::Request;
use tests::patience::{PATIENCE, at_last};
use tests::site::Site;

use super::Case;

pub const CASES: &[Case] = cases![
    "Connection manager" => [
        is_listed_by_the_manager_from_open_to_close,
        closes_only_connections_with_matching_tags,
        measures_the_latency_of_a_connection,
        is_counted_for_prometheus,
    ],
];

#[derive(Debug, Deserialize)]
struct Managed {
    id: String,
    url: String,
    tags: Vec<String>,
    ip: String,
    messages: Traffic,
}

#[derive(Debug, Deserialize)]
struct Traffic {
    received: u32,
    sent: u32,
}

fn list(site: &Site, tag: &str) -> Result<Vec<Managed>> {
    Ok(serde_json::from_str(&site.server.get(&format!("/manager/list?tag={tag}"))?.text())?)
}

fn is_listed_by_the_manager_from_open_to_close(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/managed?tag=known&tag=other"))?;
    let id = socket.text()?;
    socket.send("hello")?;
    ensure!(socket.text()? == "hello");
    let found = list(site, "known")?;
    let [managed] = found.as_slice() else {
        anyhow::bail!("there is one, and the manager has: {found:?}")
    };
    ensure!(managed.id == id && managed.tags == ["known", "other"], "{managed:?}");
    ensure!(managed.url.ends_with("/managed?tag=known&tag=other"), "{managed:?}");
    ensure!(managed.ip == "127.0.0.1", "{managed:?}");
    ensure!((managed.messages.received, managed.messages.sent) == (1, 2), "{managed:?}");
    ensure!(site.server.get(&format!("/manager/tag?id={id}&tag=later"))?.text() == "true");
    ensure!(list(site, "later")?.len() == 1);
    socket.close(1000, "")?;
    // Both ends have finished the closing handshake, so the close has been reported already.
    at_last(|| {
        ensure!(list(site, "known")?.is_empty());
        Ok(())
    })?;
    ensure!(list(site, "later")?.is_empty());
    ensure!(site.server.get(&format!("/manager/tag?id={id}&tag=late"))?.text() == "false");
    Ok(())
}

fn closes_only_connections_with_matching_tags(site: &Site) -> Result<()> {
    let mut meant = site.server.open(&Request::upgrade("/managed?tag=meant"))?;
    let mut other = site.server.open(&Request::upgrade("/managed?tag=spared"))?;
    meant.text()?;
    other.text()?;
    ensure!(site.server.get("/manager/close?tag=meant")?.text() == "1");
    let (code, reason) = meant.closed()?;
    ensure!((code, reason.as_str()) == (4001, "cleared"), "{code} {reason}");
    other.send("still there?")?;
    ensure!(other.text()? == "still there?");
    Ok(())
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Check {
    healthy: bool,
    error: Option<String>,
    round_trip: Option<f64>,
}

fn measures_the_latency_of_a_connection(site: &Site) -> Result<()> {
    let mut silent = site.server.open(&Request::upgrade("/managed?tag=silent"))?;
    let id = silent.text()?;
    // The client does not read, so it does not answer the ping.
    let asked = |id: &str, timeout: Duration| {
        format!("/manager/check?id={id}&timeout={}", timeout.as_millis())
    };
    let ask = |target: &str| -> Result<Check> {
        Ok(serde_json::from_str(&site.server.get(target)?.text())?)
    };
    let check = ask(&asked(&id, Duration::from_millis(500)))?;
    ensure!(!check.healthy && check.error.is_some() && check.round_trip.is_none(), "{check:?}");
    // A client that waits for a message answers pings.
    let mut living = site.server.open(&Request::upgrade("/managed"))?;
    let id = living.text()?;
    let is_checked = AtomicBool::new(false);
    let start = Instant::now();
    let check = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_checked.load(Ordering::Relaxed) {
                let _ = living.text_within(Duration::from_millis(50));
            }
        });
        let check = ask(&asked(&id, PATIENCE));
        is_checked.store(true, Ordering::Relaxed);
        check
    })?;
    ensure!(check.healthy && check.error.is_none(), "{check:?}");
    let longest = start.elapsed().as_secs_f64() * 1000.0;
    ensure!(check.round_trip.is_some_and(|time| (0.0..longest).contains(&time)), "{check:?}");
    let nobody = ask(&asked("nobody", PATIENCE))?;
    ensure!(!nobody.healthy && nobody.error.is_some(), "{nobody:?}");
    Ok(())
}

fn is_counted_for_prometheus(site: &Site) -> Result<()> {
    let count = |text: &str, name: &str| -> Option<u64> {
        let line = text.lines().find(|line| line.starts_with(name))?;
        line.rsplit_once(' ')?.1.parse().ok()
    };
    let accepted = "websocket_connections_accepted_total ";
    let before = site.server.get("/manager/metrics")?;
    let kind = before.headers.get("content-type").map(|kind| kind.as_bytes().to_vec());
    ensure!(kind.is_some_and(|kind| kind.starts_with(b"text/plain; version=0.0.4")), "{before}");
    let mut socket = site.server.open(&Request::upgrade("/managed"))?;
    socket.text()?;
    let after = site.server.get("/manager/metrics")?.text();
    // Other cases run in parallel on this server.
    ensure!(count(&after, accepted) > count(&before.text(), accepted), "{after}");
    ensure!(count(&after, "websocket_connections_open ") >= Some(1), "{after}");
    Ok(())
}
