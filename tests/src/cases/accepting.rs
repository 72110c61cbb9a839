//! From the handshake to the open socket.

use crate::client::Request;
use anyhow::{Context, Result, ensure};

use crate::cases;
use crate::pins::major;
use crate::site::{Host, Node, Site};
use crate::suite::{Case, not_applicable};

pub(super) const CASES: &[Case<Site>] = cases! {
    "Headers and cookies on an accepted handshake" => [
        sends_headers_and_both_kinds_of_cookies_with_the_101,
        accepts_a_client_with_the_cookie,
    ],
    "Subprotocols" => [
        chooses_the_subprotocol,
        chooses_a_subprotocol_that_begins_like_one_of_vite,
        chooses_no_subprotocol_by_itself,
    ],
    "Upgrade in middleware" => [
        upgrades_in_middleware_on_a_matched_route,
        upgrades_in_middleware_on_an_unmatched_route,
        sends_a_header_that_middleware_sets,
    ],
    "Middleware that rebuilds the 101 response" => [
        accepts_a_response_that_is_rebuilt,
    ],
    "Middleware that clones the 101 response" => [
        accepts_a_clone_of_the_response,
    ],
    "Rewrites" => [
        follows_a_rewrite_by_next,
        follows_a_rewrite_of_the_context,
    ],
    "Upgrade in a page's frontmatter" => [
        upgrades_in_the_frontmatter_of_a_page,
    ],
    "Wildcard routes" => [
        upgrades_on_a_wildcard_route,
    ],
    "Sessions" => [
        persists_a_session_written_before_the_accept,
        explains_a_change_of_the_session_after_the_accept,
    ],
    "Origin check" => [
        accepts_the_same_origin,
        accepts_the_origins_that_the_options_allow,
    ],
    "Locals and guards of the host application" => [
        gives_the_locals_of_the_application_to_the_route,
    ],
};

fn sends_headers_and_both_kinds_of_cookies_with_the_101(site: &Site) -> Result<()> {
    let socket = site.server.open(&Request::upgrade("/headers"))?;
    ensure!(socket.headers.get("x-greeting") == Some("hello"), "{:?}", socket.headers);
    ensure!(socket.headers.cookie("by-header") == Some("two"), "{:?}", socket.headers);
    if major()? < 5 && site.host.is_dev() {
        return not_applicable("Astro's dev server sends both kinds of cookies since 5");
    }
    ensure!(socket.headers.cookie("by-context") == Some("one"), "{:?}", socket.headers);
    Ok(())
}

fn accepts_a_client_with_the_cookie(site: &Site) -> Result<()> {
    let mut socket =
        site.server.open(&Request::upgrade("/authenticated").header("Cookie", "token=secret"))?;
    ensure!(socket.text()? == "welcome");
    Ok(())
}

fn chooses_the_subprotocol(site: &Site) -> Result<()> {
    let request =
        Request::upgrade("/protocol?choose=two").header("Sec-WebSocket-Protocol", "one, two");
    let mut socket = site.server.open(&request)?;
    ensure!(socket.headers.get("sec-websocket-protocol") == Some("two"), "{:?}", socket.headers);
    ensure!(socket.text()? == "protocol: two");
    Ok(())
}

/// Vite claims sockets with its own subprotocols, `vite-hmr` and `vite-ping`.
fn chooses_a_subprotocol_that_begins_like_one_of_vite(site: &Site) -> Result<()> {
    let request = Request::upgrade("/protocol?choose=vite-chat")
        .header("Sec-WebSocket-Protocol", "vite-other, vite-chat");
    let mut socket = site.server.open(&request)?;
    let chosen = socket.headers.get("sec-websocket-protocol");
    ensure!(chosen == Some("vite-chat"), "{:?}", socket.headers);
    ensure!(socket.text()? == "protocol: vite-chat");
    Ok(())
}

fn chooses_no_subprotocol_by_itself(site: &Site) -> Result<()> {
    let request = Request::upgrade("/protocol").header("Sec-WebSocket-Protocol", "one, two");
    let mut socket = site.server.open(&request)?;
    ensure!(socket.headers.get("sec-websocket-protocol").is_none(), "{:?}", socket.headers);
    ensure!(socket.text()? == "protocol: ");
    Ok(())
}

fn upgrades_in_middleware_on_a_matched_route(site: &Site) -> Result<()> {
    answers(site, "/middleware/matched", "middleware: hello")
}

fn upgrades_in_middleware_on_an_unmatched_route(site: &Site) -> Result<()> {
    if site.host.is_application() && site.host != Host::Node(Node::Http) {
        return not_applicable(
            "Astro's handler returns an unknown route to the host application, before any middleware",
        );
    }
    answers(site, "/middleware/unmatched", "middleware: hello")
}

fn sends_a_header_that_middleware_sets(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/middleware/header"))?;
    ensure!(socket.headers.get("x-middleware") == Some("set"), "{:?}", socket.headers);
    socket.send("hello")?;
    ensure!(socket.text()? == "hello");
    Ok(())
}

fn accepts_a_response_that_is_rebuilt(site: &Site) -> Result<()> {
    if !site.host.makes_101()? {
        return not_applicable("Node's `Response` refuses the status 101");
    }
    answers(site, "/middleware/rebuilt", "hello")
}

fn accepts_a_clone_of_the_response(site: &Site) -> Result<()> {
    if site.host.is_worker()? {
        return not_applicable("workerd cannot clone the response of a handshake");
    }
    answers(site, "/middleware/cloned", "hello")
}

fn follows_a_rewrite_by_next(site: &Site) -> Result<()> {
    answers(site, "/middleware/next-rewrite", "hello")
}

fn follows_a_rewrite_of_the_context(site: &Site) -> Result<()> {
    answers(site, "/context-rewrite", "hello")
}

fn upgrades_in_the_frontmatter_of_a_page(site: &Site) -> Result<()> {
    answers(site, "/frontmatter", "frontmatter: hello")
}

fn upgrades_on_a_wildcard_route(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/wild/a/b/c"))?;
    ensure!(socket.text()? == "path: a/b/c");
    Ok(())
}

fn persists_a_session_written_before_the_accept(site: &Site) -> Result<()> {
    if major()? < 5 {
        return not_applicable("Astro has sessions since 5");
    }
    let socket = site.server.open(&Request::upgrade("/session/write?value=remembered"))?;
    let session =
        socket.headers.cookie("astro-session").context("the 101 sets no session cookie")?;
    let response = site.server.fetch(
        &Request::get("/session/read").header("Cookie", &format!("astro-session={session}")),
    )?;
    ensure!(response.text() == "remembered", "{response}");
    Ok(())
}

fn explains_a_change_of_the_session_after_the_accept(site: &Site) -> Result<()> {
    if major()? < 5 {
        return not_applicable("Astro has sessions since 5");
    }
    if site.host.is_worker()? && !site.host.is_dev() {
        return not_applicable(
            "a change of the session after the handshake throws in `astro dev` only",
        );
    }
    let mut socket = site.server.open(&Request::upgrade("/session/late"))?;
    socket.send("too late")?;
    let text = socket.text()?;
    ensure!(text.starts_with("The session was saved when"), "{text}");
    Ok(())
}

fn accepts_the_same_origin(site: &Site) -> Result<()> {
    site.server.open(&Request::upgrade("/echo").header("Origin", &site.server.origin()))?;
    Ok(())
}

/// The allowed origins include those of apps and browser extensions.
fn accepts_the_origins_that_the_options_allow(site: &Site) -> Result<()> {
    for origin in [
        "https://allowed.example",
        "https://any.one.example",
        "https://any.many.example",
        "https://any.of.many.example",
        "capacitor://localhost",
        "tauri://localhost",
        "file://",
        "chrome-extension://abcdefghijklmnop",
    ] {
        let request = Request::upgrade("/echo").header("Origin", origin);
        site.server.open(&request).with_context(|| origin)?;
    }
    Ok(())
}

fn gives_the_locals_of_the_application_to_the_route(site: &Site) -> Result<()> {
    if !site.host.is_application() {
        return not_applicable("there is no host application");
    }
    for _ in 0..2 {
        let mut socket = site.server.open(&Request::upgrade("/host-locals"))?;
        let text = socket.text()?;
        ensure!(text == "user: ada", "{text}");
        let response = site.server.get("/host-locals")?;
        ensure!(response.text() == "user: ada", "{response}");
    }
    let is_changed = site.server.get("/is-changed")?;
    ensure!(is_changed.text() == "false", "the application's own object: {is_changed}");
    Ok(())
}

/// Opens a socket, sends a greeting, and expects this answer.
fn answers(site: &Site, target: &str, expected: &str) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade(target))?;
    socket.send("hello")?;
    let text = socket.text()?;
    ensure!(text == expected, "{text}");
    Ok(())
}
