//! Stalls of the server, which must not count as the client's fault, and a connection that the site
//! no longer reads.

use std::thread;
use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::process::Signal;
use tests::client::{Frame, Request};
use tests::patience::at_last;

use super::{Case, cases};
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] = cases![
    keeps_connections_through_a_stall_of_the_process,
    ends_a_connection_that_the_site_stops_reading_from,
];

/// The stall is several times the idle timeout, and longer than several heartbeats.
const STALL: Duration = Duration::from_secs(3);

/// Slightly longer than the time between two pings.
const UNTIL_PING: Duration = Duration::from_millis(750);

/// Long enough to answer received frames.
const ANSWERING: Duration = Duration::from_millis(100);

fn keeps_connections_through_a_stall_of_the_process(sites: &Sites) -> Result<()> {
    for (name, options) in [
        ("stall-idle", r#"{ "idleTimeout": 1000, "heartbeatInterval": 0 }"#),
        ("stall-heartbeat", r#"{ "idleTimeout": 0, "heartbeatInterval": 600 }"#),
        (
            "stall-health",
            r#"{ "idleTimeout": 0, "heartbeatInterval": 0, "enableHealthMonitoring": true,
                 "healthCheckInterval": 600, "maxMissedPings": 1 }"#,
        ),
    ] {
        let site = sites.start_alone(&Settings { name, options })?;
        let mut socket = site.server.open(&Request::upgrade("/echo"))?;
        socket.send("before")?;
        ensure!(socket.text()? == "before");
        // By then the server has pinged, and the answer arrives during the stall.
        thread::sleep(UNTIL_PING);
        site.server.signal(Signal::STOP)?;
        ensure!(socket.text_within(ANSWERING)?.is_none());
        socket.send("during")?;
        thread::sleep(STALL);
        site.server.signal(Signal::CONT)?;
        ensure!(socket.text()? == "during", "{name}");
        socket.send("after")?;
        ensure!(socket.text()? == "after", "{name}");
        site.server.check_alive()?;
    }
    Ok(())
}

fn ends_a_connection_that_the_site_stops_reading_from(sites: &Sites) -> Result<()> {
    let options = r#"{ "idleTimeout": 1000, "heartbeatInterval": 300 }"#;
    let site = sites.start_alone(&Settings { name: "unread", options })?;
    let mut connection = site.server.connection()?;
    let request = Request::upgrade("/reading?journal=stopped");
    connection.write(&request.to_bytes(&site.server.address().to_string()))?;
    ensure!(connection.response("GET")?.status == 101);
    let messages = Frame::binary(vec![b'.'; 64 * 1024]).to_bytes().repeat(512);
    connection.write_until_stalled(&messages, Duration::from_millis(300))?;
    // To the server the client looks alive, but it will never answer anything.
    at_last(|| {
        let code = site.server.get("/journal/stopped-closed?last=1006")?.text();
        ensure!(code == "1006", "{code}");
        Ok(())
    })?;
    drop(connection);
    site.server.check_alive()
}
