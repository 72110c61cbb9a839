//! Real proxies in front of a built site, with the configuration from the page about them.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use tests::cases;
use tests::client::Request;
use tests::patience::PATIENCE;
use tests::proxy::{CLIENT, HOST, Proxy};
use tests::server::Server;
use tests::suite::NotApplicable;

use super::Case;
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] = cases![
    works_behind_nginx,
    works_behind_caddy,
    works_behind_haproxy,
    says_why_it_refuses_behind_a_proxy_that_was_not_named,
    says_why_it_refuses_behind_an_nginx_without_the_lines,
];

/// The settings of a site as on the page.
const NAMED: Settings = Settings {
    name: "named-proxy",
    options: r#"{ "trustedProxies": ["127.0.0.1"], "hooks": "src/hooks.ts", "heartbeatInterval": 300 }"#,
};

fn works_behind_nginx(sites: &Sites) -> Result<()> {
    works_behind(sites, Proxy::Nginx, |lines| {
        lines.replace("location / {", "location / {\nproxy_read_timeout 1s;")
    })
}

fn works_behind_caddy(sites: &Sites) -> Result<()> {
    works_behind(sites, Proxy::Caddy, |lines| lines)
}

fn works_behind_haproxy(sites: &Sites) -> Result<()> {
    works_behind(sites, Proxy::HaProxy, |lines| {
        lines.replace("timeout tunnel 1h", "timeout tunnel 1s")
    })
}

/// `change` shortens the idle timeout of the proxy.
fn works_behind(sites: &Sites, proxy: Proxy, change: fn(String) -> String) -> Result<()> {
    let site = sites.start_alone(&NAMED)?;
    let server = proxy.start(site.app.root(), &site.server, change)?;
    works(&server).with_context(|| format!("{proxy:?}\n{server}\n{}", site.server))?;
    site.server.check_alive()
}

/// A handshake from a page of this origin to the site's public address, as a browser sends it.
fn from(origin: &str, target: &str) -> Request {
    Request::upgrade(target).header("Host", HOST).header("Origin", origin)
}

fn own(target: &str) -> Request {
    from(&format!("https://{HOST}"), target)
}

fn works(server: &Server) -> Result<()> {
    let mut socket = server.open(&own("/address"))?;
    let text = socket.text()?;
    let [address, context, _]: [String; 3] = serde_json::from_str(&text)?;
    ensure!(address == format!("wss://{HOST}/address"), "{text}");
    ensure!(context == format!("https://{HOST}/address"), "{text}");

    let large = vec![7; 1024 * 1024];
    socket.send_binary(&large)?;
    ensure!(socket.binary()? == large, "a large message does not come back");

    // Only pings are sent for longer than the proxy's timeout.
    ensure!(socket.text_within(Duration::from_secs(2))?.is_none());
    socket.send("still there?")?;
    ensure!(socket.text()? == "still there?", "an idle connection is closed");

    let closed = socket.close(4001, "enough")?;
    ensure!(closed == (4001, "enough".to_owned()), "{closed:?}");

    let client = server.reject(&own("/address").header("X-Verify", "response"))?;
    ensure!(client.text() == format!("{CLIENT} "), "the client's address: {client}");
    let forged =
        own("/address").header("X-Verify", "response").header("X-Forwarded-For", "192.0.2.1");
    let client = server.reject(&forged)?;
    ensure!(client.text() == format!("{CLIENT} "), "a forged address: {client}");

    for origin in [format!("http://{HOST}"), "https://evil.example".to_owned()] {
        let response = server.reject(&from(&origin, "/address"))?;
        ensure!(response.status == 403, "{origin}: {response}");
    }
    Ok(())
}

fn says_why_it_refuses_behind_a_proxy_that_was_not_named(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&Settings {
        name: "unnamed-proxy",
        options: r#"{ "maxConnectionsPerIP": 1, "allowedOrigins": ["https://allowed.example"] }"#,
    })?;
    let server =
        first_that_is_installed(|proxy| proxy.start(site.app.root(), &site.server, |lines| lines))?;
    // A page with a host name that is missing in `allowedDomains`.
    let request = own("/address").header("Host", "localhost").header("Origin", "https://localhost");
    for _ in 0..3 {
        let response = server.reject(&request)?;
        ensure!(response.status == 403, "{response}");
        ensure!(!response.text().contains("trustedProxies"), "{response}");
    }
    is_told_once(&site.server, "`websocket.trustedProxies` must contain its address 127.0.0.1")?;

    let allowed = from("https://allowed.example", "/address").header("Host", "localhost");
    let _first = server.open(&allowed)?;
    for _ in 0..3 {
        let response = server.reject(&allowed)?;
        ensure!(response.status == 429, "{response}");
    }
    is_told_once(
        &site.server,
        "`websocket.maxConnectionsPerIP` allows 1. If that is the address of a proxy, add it to `websocket.trustedProxies`",
    )?;
    site.server.check_alive()
}

fn says_why_it_refuses_behind_an_nginx_without_the_lines(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&Settings {
        name: "lineless-proxy",
        options: r#"{ "trustedProxies": ["127.0.0.1"] }"#,
    })?;
    let origin = "https://localhost:8443";
    let request = from(origin, "/address").header("Host", "localhost:8443");
    for (line, instead, told) in [
        ("proxy_set_header Host $http_host;", "", "must pass on the `Host` header."),
        ("$http_host;", "$host;", "must pass on the `Host` header with its port."),
        ("proxy_set_header X-Forwarded-Proto $scheme;", "", "must send `X-Forwarded-Proto`."),
    ] {
        let server = Proxy::Nginx
            .start(site.app.root(), &site.server, |lines| lines.replace(line, instead))?;
        let response = server.reject(&request)?;
        ensure!(response.status == 403, "{line}: {response}");
        is_told_once(&site.server, told)?;
    }
    let server = Proxy::Nginx.start(site.app.root(), &site.server, |lines| lines)?;
    server.open(&request)?;
    site.server.check_alive()
}

/// Leaves out Caddy: it answers only for the host name of the site.
fn first_that_is_installed(start: impl Fn(Proxy) -> Result<Server>) -> Result<Server> {
    match start(Proxy::Nginx) {
        Err(error) if error.is::<NotApplicable>() => start(Proxy::HaProxy),
        started => started,
    }
}

fn is_told_once(server: &Server, what: &str) -> Result<()> {
    server.wait_for_output(PATIENCE, |printed| printed.contains(what).then_some(()))?;
    let times = server.to_string().matches(what).count();
    ensure!(times == 1, "told {times} times: {what}\n{server}");
    Ok(())
}
