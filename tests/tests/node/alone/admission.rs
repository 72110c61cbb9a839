//! Admission: limits on connections and handshakes, the client address that they count by, and the
//! site's own hooks.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tests::client::Request;
use tests::patience::at_last;

use super::{Case, cases};
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] = cases![
    answers_503_to_more_connections_than_the_process_may_have,
    answers_429_to_more_connections_than_an_address_may_have,
    answers_429_to_more_handshakes_than_an_address_may_send,
    answers_503_to_a_handshake_that_takes_too_long,
    counts_by_no_forwarded_address_of_a_stranger,
    asks_the_hooks,
    accepts_the_null_origin_where_it_is_allowed,
    says_in_dev_which_option_lets_a_client_in,
];

/// The tests act as the trusted proxy, so each can be many clients.
const PROXIED: Settings = Settings {
    name: "proxied",
    options: r#"{ "trustedProxies": ["127.0.0.1"], "maxConnectionsPerIP": 3,
        "rateLimitMaxConnections": 6, "handshakeTimeout": 500 }"#,
};

fn answers_503_to_more_connections_than_the_process_may_have(sites: &Sites) -> Result<()> {
    let site = sites
        .start_alone(&Settings { name: "two-at-most", options: r#"{ "maxConnections": 2 }"# })?;
    let mut first = site.server.open(&Request::upgrade("/echo"))?;
    let _second = site.server.open(&Request::upgrade("/echo"))?;
    let response = site.server.reject(&Request::upgrade("/echo"))?;
    ensure!(response.status == 503, "{response}");
    ensure!(response.headers.get("retry-after").is_some(), "{response}");
    // The limits do not apply to plain HTTP.
    ensure!(site.server.get("/both")?.status == 200);
    first.close(1000, "")?;
    let _third = at_last(|| site.server.open(&Request::upgrade("/echo")))?;
    site.server.check_alive()
}

fn answers_429_to_more_connections_than_an_address_may_have(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&PROXIED)?;
    let from = |address: &str| Request::upgrade("/echo").header("X-Forwarded-For", address);
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(site.server.open(&from("203.0.113.1"))?);
        // The client's own claims precede the address that the proxy added.
        open.push(site.server.open(&from("192.0.2.7, 203.0.113.2"))?);
    }
    for number in 1..=3 {
        open.push(site.server.open(&from(&format!("2001:db8::{number}")))?);
    }
    for address in ["203.0.113.1", "203.0.113.2", "2001:db8::4", "2001:db8:0:0:ffff::1"] {
        let response = site.server.reject(&from(address))?;
        ensure!(response.status == 429, "{address}: {response}");
    }
    for address in ["203.0.113.3", "2001:db8:0:1::1"] {
        site.server.open(&from(address))?;
    }
    drop(open);
    site.server.check_alive()
}

fn answers_429_to_more_handshakes_than_an_address_may_send(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&PROXIED)?;
    let request = Request::upgrade("/echo").header("X-Forwarded-For", "203.0.113.9");
    for _ in 0..6 {
        at_last(|| site.server.open(&request))?.close(1000, "")?;
    }
    let response = site.server.reject(&request)?;
    ensure!(response.status == 429, "{response}");
    let seconds = response.headers.get("retry-after").and_then(|text| text.parse::<u32>().ok());
    ensure!(seconds.is_some_and(|seconds| (1..=60).contains(&seconds)), "{response}");
    site.server.open(&Request::upgrade("/echo").header("X-Forwarded-For", "203.0.113.10"))?;
    site.server.check_alive()
}

fn answers_503_to_a_handshake_that_takes_too_long(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&PROXIED)?;
    let start = Instant::now();
    let response = site.server.reject(&Request::upgrade("/slow?journal=endless"))?;
    ensure!(response.status == 503, "{response}");
    ensure!(start.elapsed() > Duration::from_millis(400), "after {:?}", start.elapsed());
    // The route continues, and its response is dropped in the end.
    site.server.fetch(&Request::post("/journal/endless-go", "go"))?;
    let code = site.server.get("/journal/endless-closed?last=1006")?.text();
    ensure!(code == "1006", "{code}");
    site.server.check_alive()
}

fn counts_by_no_forwarded_address_of_a_stranger(sites: &Sites) -> Result<()> {
    let site = sites
        .start_alone(&Settings { name: "direct", options: r#"{ "maxConnectionsPerIP": 1 }"# })?;
    let from = |address: &str| Request::upgrade("/echo").header("X-Forwarded-For", address);
    let _first = site.server.open(&from("203.0.113.1"))?;
    let response = site.server.reject(&from("203.0.113.2"))?;
    ensure!(response.status == 429, "{response}");
    site.server.check_alive()
}

fn asks_the_hooks(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&Settings {
        name: "hooks",
        options: r#"{ "hooks": "src/hooks.ts", "trustedProxies": ["127.0.0.0/8"] }"#,
    })?;
    let verify = |how: &str| Request::upgrade("/protocol-of-hook").header("X-Verify", how);
    let response = site.server.reject(&verify("false"))?;
    ensure!(response.status == 403, "{response}");
    let request = verify("response")
        .header("X-Forwarded-For", "203.0.113.1")
        .header("Sec-WebSocket-Protocol", "one, two");
    let response = site.server.reject(&request)?;
    ensure!(response.status == 418 && response.text() == "203.0.113.1 one,two", "{response}");
    let request = verify("address")
        .header("X-Forwarded-Host", "shop.example.com")
        .header("X-Forwarded-Proto", "https");
    let response = site.server.reject(&request)?;
    ensure!(response.text() == "https://shop.example.com/protocol-of-hook", "{response}");
    let response = site.server.reject(&verify("throw"))?;
    ensure!(response.status == 500, "{response}");
    let request = verify("true").header("Sec-WebSocket-Protocol", "one, two");
    ensure!(site.server.open(&request)?.text()? == "protocol: two");

    let mut socket = site.server.open(&Request::upgrade("/faulty"))?;
    socket.send("fail")?;
    ensure!(socket.closed()?.0 == 1011);
    let errors = site.server.get("/journal/hook-errors?last=handler")?.text();
    ensure!(errors == "thrown by the hook thrown by the handler", "{errors}");
    site.server.check_alive()
}

fn accepts_the_null_origin_where_it_is_allowed(sites: &Sites) -> Result<()> {
    let site = sites
        .start_alone(&Settings { name: "frames", options: r#"{ "allowedOrigins": ["null"] }"# })?;
    let from = |origin: &str| Request::upgrade("/echo").header("Origin", origin);
    site.server.open(&from("null"))?;
    let response = site.server.reject(&from("file://"))?;
    ensure!(response.status == 403, "{response}");
    site.server.check_alive()
}

fn says_in_dev_which_option_lets_a_client_in(sites: &Sites) -> Result<()> {
    let site = sites.start_dev_alone(&Settings {
        name: "explaining-dev",
        options: r#"{ "maxConnectionsPerIP": 1 }"#,
    })?;
    let own_over_tls = site.server.origin().replacen("http", "https", 1);
    let first = site.server.open(&Request::upgrade("/echo"))?;
    let response = site.server.reject(&Request::upgrade("/echo"))?;
    ensure!(response.status == 429, "{response}");
    for option in ["`websocket.maxConnectionsPerIP` allows 1.", "`websocket.trustedProxies`"] {
        ensure!(response.text().contains(option), "{response}");
    }
    drop(first);
    for (origin, option) in [
        ("https://evil.example", "`websocket.allowedOrigins`"),
        (own_over_tls.as_str(), "`websocket.trustedProxies`"),
    ] {
        let request = Request::upgrade("/echo").header("Origin", origin);
        let response = at_last(|| {
            let response = site.server.reject(&request)?;
            ensure!(response.status == 403, "{response}");
            Ok(response)
        })?;
        ensure!(response.text().contains(option), "{response}");
    }
    site.server.check_alive()
}
