//! The options outside of the standalone server: in `astro dev` straight from the configuration,
//! and under a host through the server entry.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use tests::cases;
use tests::client::{Request, Socket};
use tests::patience::at_last;
use tests::server::Server;

use super::Case;
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] = cases![
    keeps_every_limit_in_dev,
    keeps_every_limit_under_a_host,
    names_the_option_that_is_wrong_in_build_and_in_dev,
];

/// The tests act as the trusted proxy, so that each check can be another client.
pub const OPTIONS: &str = r#"{ "trustedProxies": ["127.0.0.1"], "maxPayload": 1000, "maxConnections": 6,
    "maxConnectionsPerIP": 3, "rateLimitMaxConnections": 8, "rateLimitWindow": 60000,
    "maxMessagesPerSecond": 20, "perMessageDeflate": true, "heartbeatInterval": 400,
    "idleTimeout": 700, "handshakeTimeout": 500, "maxBufferedAmount": 65536 }"#;

fn keeps_every_limit_in_dev(sites: &Sites) -> Result<()> {
    let settings = Settings { name: "limited-dev", options: OPTIONS };
    keeps_every_limit(&sites.start_dev_alone(&settings)?.server)
}

fn keeps_every_limit_under_a_host(sites: &Sites) -> Result<()> {
    let settings = Settings { name: "limited-host", options: OPTIONS };
    keeps_every_limit(&sites.start_host_alone(&settings, "http")?.server)
}

type Check = fn(&Server) -> Result<()>;

/// The checks, by the option that they test.
const CHECKS: [(&str, Check); 9] = [
    ("maxPayload", max_payload),
    ("maxMessagesPerSecond", max_messages_per_second),
    ("perMessageDeflate", per_message_deflate),
    ("maxConnectionsPerIP", max_connections_per_ip),
    ("rateLimitMaxConnections", rate_limit),
    ("maxConnections", max_connections),
    ("handshakeTimeout", handshake_timeout),
    ("heartbeatInterval, idleTimeout", heartbeat_and_idle_timeout),
    ("maxBufferedAmount", max_buffered_amount),
];

/// Checks each of these options on a server with all of them.
pub fn keeps_every_limit(server: &Server) -> Result<()> {
    // In dev the first request to a route compiles it, which is slow.
    for route in ["/echo", "/reject", "/slow", "/quiet", "/flood", "/fan-out"] {
        server.get(route)?;
    }
    for (option, check) in CHECKS {
        check(server).with_context(|| format!("`{option}` is not kept\n{server}"))?;
    }
    server.check_alive()
}

/// A handshake of the client with this number.
fn from(client: u8, target: &str) -> Request {
    Request::upgrade(target).header("X-Forwarded-For", &format!("203.0.113.{client}"))
}

fn max_payload(server: &Server) -> Result<()> {
    let mut socket = server.open(&from(1, "/echo"))?;
    socket.send(&".".repeat(1000))?;
    ensure!(socket.text()?.len() == 1000);
    socket.send(&".".repeat(1001))?;
    let (code, _) = socket.closed()?;
    ensure!(code == 1009, "{code}");
    Ok(())
}

fn max_messages_per_second(server: &Server) -> Result<()> {
    let mut socket = server.open(&from(2, "/echo"))?;
    // The server has closed, so sending may fail.
    let _ = (0..50).try_for_each(|_| socket.send("too often"));
    let (code, _) = socket.closed()?;
    ensure!(code == 1008, "{code}");
    Ok(())
}

fn per_message_deflate(server: &Server) -> Result<()> {
    let request = from(3, "/echo").header("Sec-WebSocket-Extensions", "permessage-deflate");
    let socket = server.open(&request)?;
    let agreed = socket.headers.get("sec-websocket-extensions").unwrap_or_default();
    ensure!(agreed.starts_with("permessage-deflate"), "{:?}", socket.headers);
    drop(socket);
    broadcasts_with_an_extension(server)
}

/// Messages too short to be compressed, because this client cannot decompress.
fn broadcasts_with_an_extension(server: &Server) -> Result<()> {
    let compressed = from(3, "/fan-out").header("Sec-WebSocket-Extensions", "permessage-deflate");
    let mut listeners = [server.open(&compressed)?, server.open(&from(3, "/fan-out"))?];
    let mut sender = server.open(&from(13, "/fan-out?by=both"))?;
    sender.send("text")?;
    for socket in &mut listeners {
        ensure!(socket.text()? == "text of the loop");
        ensure!(socket.text()? == "text of the broadcast");
    }
    Ok(())
}

fn max_connections_per_ip(server: &Server) -> Result<()> {
    let _open = open(server, 4, 3)?;
    let response = server.reject(&from(4, "/echo"))?;
    ensure!(response.status == 429, "{response}");
    Ok(())
}

fn rate_limit(server: &Server) -> Result<()> {
    for _ in 0..8 {
        server.reject(&from(5, "/reject"))?;
    }
    let response = server.reject(&from(5, "/reject"))?;
    ensure!(response.status == 429, "{response}");
    ensure!(response.headers.get("retry-after").is_some(), "{response}");
    Ok(())
}

fn max_connections(server: &Server) -> Result<()> {
    // The connections of earlier checks are still closing.
    let _open = at_last(|| Ok((open(server, 6, 3)?, open(server, 7, 3)?)))?;
    let response = server.reject(&from(8, "/echo"))?;
    ensure!(response.status == 503, "{response}");
    ensure!(response.headers.get("retry-after").is_some(), "{response}");
    Ok(())
}

fn handshake_timeout(server: &Server) -> Result<()> {
    let start = Instant::now();
    let response = at_last(|| {
        let response = server.reject(&from(9, "/slow?journal=endless"))?;
        ensure!(response.headers.get("retry-after").is_none(), "{response}");
        Ok(response)
    })?;
    ensure!(response.status == 503, "{response}");
    ensure!(start.elapsed() > Duration::from_millis(400), "after {:?}", start.elapsed());
    Ok(())
}

fn heartbeat_and_idle_timeout(server: &Server) -> Result<()> {
    const PING: [u8; 2] = [0x89, 0];
    const GOING_AWAY: [u8; 2] = 1001_u16.to_be_bytes();
    let mut silent = server.connection()?;
    silent.write(&from(10, "/echo").to_bytes(&server.address().to_string()))?;
    ensure!(silent.response("GET")?.status == 101);
    // This client answers pings while it waits.
    let mut living = server.open(&from(10, "/quiet?after=1500"))?;
    ensure!(living.text()? == "still here");
    let heard = silent.rest()?;
    ensure!(heard.starts_with(&PING), "{heard:?}");
    ensure!(heard.get(4..6) == Some(&GOING_AWAY), "{heard:?}");
    Ok(())
}

fn max_buffered_amount(server: &Server) -> Result<()> {
    let mut socket = server.open(&from(11, "/flood?journal=flood"))?;
    socket.send("begin")?;
    let most = server.get("/journal/flood-flooded")?.text();
    ensure!(most.parse::<u32>().is_ok_and(|most| most <= 65536), "{most}");
    let (code, _) = socket.closed()?;
    ensure!(code == 1008, "{code}");
    Ok(())
}

fn open(server: &Server, client: u8, count: usize) -> Result<Vec<Socket>> {
    (0..count).map(|_| server.open(&from(client, "/echo"))).collect()
}

fn names_the_option_that_is_wrong_in_build_and_in_dev(sites: &Sites) -> Result<()> {
    let app = sites.app("wrong-option")?;
    for (command, options, expected) in [
        (
            "build",
            r#"{ "maxPayload": "1 MiB" }"#,
            "`websocket.maxPayload` must be a whole number of bytes, at least 1, got: \"1 MiB\"",
        ),
        (
            "build",
            r#"{ "allowedOrigins": ["https://*"] }"#,
            "`websocket.allowedOrigins[0]` must be an origin such as \"https://app.example.com\",",
        ),
        ("dev", r#"{ "maxPayLoad": 1 }"#, "`websocket.maxPayLoad` is not an option."),
        (
            "build",
            r#"{ "hooks": "src/nowhere.ts" }"#,
            "`websocket.hooks` must be the path of an existing file, got: ",
        ),
    ] {
        let output = app.astro([command]).env("WEBSOCKET", options).output()?;
        let printed =
            String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
        ensure!(!output.status.success(), "`{command}` takes {options}");
        ensure!(printed.contains(expected), "`{command}` with {options} printed:\n{printed}");
    }
    Ok(())
}
