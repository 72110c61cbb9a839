//! The code blocks on the pages work.
//!
//! The first comment of a block names its file. The test writes the block to that file, in a new
//! site beside a copy of this repository, and follows the steps of the page.

use std::fs;
use std::process::Stdio;

use anyhow::{Context, Result, bail, ensure};
use tests::client::{Request, Response, Socket};
use tests::locations::repository;
use tests::patience::at_last;
use tests::server::Server;
use tests::tools::run;

use crate::page_site::{Site, Way, type_check};
use crate::pages::{Block, CLOUDFLARE, NODE, PROXIES, README, REALTIME, blocks, commands};

/// A proxy's own configuration, which the suite of Node runs.
const OF_PROXIES: [&str; 3] = ["nginx", "caddyfile", "haproxy"];

#[test]
fn the_thirty_seconds_of_a_site_builder_are_enough() -> Result<()> {
    let site = Site::new("thirty-seconds", "node")?;
    for block in blocks(README)? {
        match block.language.as_str() {
            "js" | "ts" => site.write(&block)?,
            // Run above, or compared with the repository.
            "sh" | "toml" => {}
            other => bail!("nobody has said how a block of `{other}` is tested"),
        }
    }
    site.build()?;
    for way in [Way::Dev, Way::Preview, Way::Standalone] {
        let server = site.start(way)?;
        let mut socket =
            server.open(&Request::upgrade("/echo")).with_context(|| format!("{way:?}"))?;
        socket.send("hello")?;
        ensure!(socket.text()? == "hello", "{way:?} does not echo");
        let plain = server.get("/echo")?;
        tells_to_upgrade(&plain).with_context(|| format!("{way:?}"))?;
        ensure!(
            server.get("/client.js")?.text().contains("/echo"),
            "{way:?} does not serve the script"
        );
    }
    Ok(())
}

#[test]
fn the_examples_on_the_page_of_the_node_package_work() -> Result<()> {
    let site = Site::new("node-page", "node")?;
    let configurations = site.write_all(NODE)?;
    for configuration in configurations {
        site.write(&configuration)?;
        site.build()?;
        let standalone = site.start(Way::Standalone)?;
        tells_to_upgrade(&standalone.get("/chat")?)?;
        echo(&standalone)?;
        chat(&standalone)?;
        news(&standalone)?;
        operate(&standalone)?;
        is_limited(&standalone, &configuration)?;
    }

    let middleware = fs::read_to_string(site.folder.join("astro.config.mjs"))?
        .replace("'standalone'", "'middleware'");
    fs::write(site.folder.join("astro.config.mjs"), middleware)?;
    site.build()?;
    run(&mut site.shell("npm install ws"))?;
    for host in ["server.mjs", "routed.mjs", "shared.mjs"] {
        let server = Server::start(site.node(host).env("PORT", "0"))?;
        chat(&server).context(host)?;
        if host == "shared.mjs" {
            ensure!(server.open(&Request::upgrade("/game"))?.text()? == "game on");
        }
    }
    Ok(())
}

#[test]
fn the_configuration_on_the_page_about_proxies_is_taken() -> Result<()> {
    let site = Site::new("proxies-page", "node")?;
    for block in blocks(PROXIES)? {
        match block.language.as_str() {
            "js" => site.write(&block)?,
            language if OF_PROXIES.contains(&language) => {}
            other => bail!("nobody has said how a block of `{other}` is tested"),
        }
    }
    site.build()?;
    let server = site.start(Way::Standalone)?;
    ensure!(server.get("/")?.status == 200);
    Ok(())
}

#[test]
fn the_examples_on_the_page_about_channels_work() -> Result<()> {
    let site = Site::new("realtime-page", "node")?;
    for block in blocks(README)?.iter().filter(|block| block.language == "js") {
        site.write(block)?;
    }
    for block in blocks(REALTIME)? {
        match block.language.as_str() {
            "js" | "ts" | "astro" => site.write(&block)?,
            other => bail!("nobody has said how a block of `{other}` is tested"),
        }
    }
    site.build()?;
    type_check(&site, &[])?;
    let server = site.start(Way::Standalone)?;
    let open = |channel: &str| -> Result<Socket> {
        let request = Request::upgrade(&format!("/_realtime/{channel}"));
        server.open(&request.header("Cookie", "user=ada"))
    };
    ensure!(server.reject(&Request::upgrade("/_realtime/rooms/lobby"))?.status == 404);
    let mut room = open("rooms/lobby")?;
    room.send(r#"{"type":"say","data":{"text":"hi"},"id":1}"#)?;
    let said = r#"{"type":"said","data":{"by":"ada","text":"hi"}}"#;
    let heard = room.text()?;
    ensure!(heard == said, "{heard}");
    let heard = room.text()?;
    ensure!(heard == r#"{"reply":1,"data":{"length":2}}"#, "{heard}");
    ensure!(server.get("/rooms/lobby")?.status == 401, "a visitor reads a room");
    let request = Request::get("/rooms/lobby").header("Cookie", "user=ada");
    let page = server.fetch(&request)?.text();
    ensure!(page.contains("<li>ada: hi</li>"), "{page}");

    let mut echo = open("echo")?;
    echo.send("[1]")?;
    let heard = echo.text()?;
    ensure!(heard == r#"{"echo":[1]}"#, "{heard}");

    let mut order = open("orders/7")?;
    order.send(r#"{"type":"note","data":"fragile","id":1}"#)?;
    let heard = order.text()?;
    ensure!(heard == r#"{"type":"noted","data":"fragile"}"#, "{heard}");

    let mut listening = site.node("scripts/listen.js");
    listening.arg(format!("{}/_realtime", server.origin())).stdout(Stdio::piped());
    let mut listening = listening.spawn()?;
    // The script hears only what is published after its join.
    let mut news = open("news")?;
    let publish = Request::post("/publish", r#"{"title":"ready"}"#);
    at_last(|| {
        ensure!(server.fetch(&publish)?.status == 200, "nothing is published");
        ensure!(news.text()?.contains("ready"), "the news are not heard");
        listening.try_wait()?.context("the script hears nothing")
    })?;
    let output = listening.wait_with_output()?;
    ensure!(output.status.success() && output.stdout == b"ready\n", "{output:?}");
    Ok(())
}

/// Tests the page's claims about its connection manager.
fn operate(server: &Server) -> Result<()> {
    let mut player = server.open(&Request::upgrade("/room"))?;
    player.send("play")?;
    ensure!(player.text()? == "play", "a player does not hear of the game");
    let listed = server.get("/operator")?.text();
    ensure!(listed.contains(r#""tags":["room","players"]"#), "{listed}");
    let curl = commands(NODE, "curl -X DELETE")?.pop().context("no `curl -X DELETE`")?;
    let (name, value) = ("Content-Type", "application/json");
    ensure!(curl.contains(&format!("-H '{name}: {value}'")), "{curl}");
    let closing = || Request::new("DELETE", "/operator?tag=room");
    ensure!(server.fetch(&closing())?.status == 403, "Astro does not check the origin");
    for closing in [closing().header("Origin", &server.origin()), closing().header(name, value)] {
        let closed = server.fetch(&closing)?.text();
        // Nobody has been idle for that long.
        ensure!(closed == r#"{"closed":0}"#, "{closed}");
    }
    let metrics = server.get("/metrics")?.text();
    ensure!(metrics.contains("\nwebsocket_connections_limit 5000\n"), "{metrics}");
    ensure!(metrics.contains("\nwebsocket_messages_total{direction=\"received\"} "), "{metrics}");
    Ok(())
}

#[test]
fn the_examples_on_the_page_of_the_cloudflare_package_work() -> Result<()> {
    let site = Site::new("cloudflare-page", "cloudflare")?;
    fs::write(
        site.folder.join("src/pages/login.ts"),
        "import type { APIRoute } from 'astro';\n\
         export const GET: APIRoute = ({ session, url }) => {\n\
           session?.set('user', url.searchParams.get('user'));\n\
           return new Response('logged in');\n\
         };\n",
    )?;
    for configuration in site.write_all(CLOUDFLARE)? {
        site.write(&configuration)?;
        site.build()?;
        let preview = site.start(Way::Preview)?;
        echo(&preview)?;
        chat(&preview)?;
        is_limited(&preview, &configuration)?;
        enter(&preview)?;
    }
    type_checks(&site)?;

    // A custom Worker without the room, and a prerendered page.
    fs::remove_dir_all(site.folder.join("src/pages/rooms"))?;
    fs::write(
        site.folder.join("src/pages/about.astro"),
        "---\nexport const prerender = true;\n---\n<h1>About</h1>\n",
    )?;
    let option = "prerenderEnvironment: 'node'";
    let page = fs::read_to_string(repository().join(CLOUDFLARE))?;
    ensure!(page.contains(&format!("`{option}`")), "{CLOUDFLARE} does not name `{option}`");
    let configuration = site.folder.join("astro.config.mjs");
    let with_option = fs::read_to_string(&configuration)?
        .replace("cloudflare({", &format!("cloudflare({{ {option},"));
    fs::write(&configuration, with_option)?;
    fs::write(
        site.folder.join("wrangler.jsonc"),
        r#"{ "name": "site", "main": "./src/composed.ts", "compatibility_date": "2026-04-15" }"#,
    )?;
    site.build()?;
    let preview = site.start(Way::Preview)?;
    ensure!(preview.get("/about/")?.text().contains("About"), "no prerendered page");
    chat(&preview).context("composed.ts")
}

/// Tests the page's claims about its room.
fn enter(server: &Server) -> Result<()> {
    let room = "/rooms/one";
    ensure!(server.reject(&Request::upgrade(room))?.status == 401, "anybody is let in");
    let mut guests = Vec::new();
    for user in ["ada", "eve"] {
        let login = server.get(&format!("/login?user={user}"))?;
        let session = login.headers.cookie("astro-session").context("no session")?;
        let request = Request::upgrade(room).header("Cookie", &format!("astro-session={session}"));
        // The claimed user name does not count.
        guests.push(server.open(&request.header("X-User", "mallory"))?);
    }
    let [ada, eve] = guests.as_mut_slice() else { bail!("two were let in") };
    eve.send("hello")?;
    let heard = ada.text()?;
    ensure!(heard == "eve: hello", "the room does not pass messages on: {heard}");
    ensure!(eve.text()? == "eve: hello", "the room forgets who sent");
    eve.close_without_code()?;
    let heard = ada.text()?;
    ensure!(heard == "eve left", "the others do not hear who leaves: {heard}");
    Ok(())
}

/// Type-checks the site with the types that the page tells users to generate. Also checks for other
/// errors that an editor would show.
fn type_checks(site: &Site) -> Result<()> {
    let command = "npx wrangler types";
    ensure!(!commands(CLOUDFLARE, command)?.is_empty(), "{CLOUDFLARE} does not name `{command}`");
    run(&mut site.shell(command))?;
    type_check(site, &["worker-configuration.d.ts"])
}

/// Checks the message size limit of a configuration on the page.
fn is_limited(server: &Server, configuration: &Block) -> Result<()> {
    let limit = if configuration.text.contains("maxPayload") { 64 * 1024 } else { 1024 * 1024 };
    let mut socket = server.open(&Request::upgrade("/chat").header("Cookie", "user=me"))?;
    ensure!(socket.text()? == "welcome", "no welcome");
    for (size, is_let_in) in [(limit, true), (limit + 1, false)] {
        socket.send(&"x".repeat(size))?;
        if is_let_in {
            ensure!(socket.text()?.len() == size, "a message of {size} bytes is not echoed");
        } else {
            ensure!(socket.closed()?.0 == 1009, "a message of {size} bytes is accepted");
        }
    }
    Ok(())
}

/// RFC 9110, section 15.5.22, and RFC 6455, section 4.4.
fn tells_to_upgrade(response: &Response) -> Result<()> {
    ensure!(response.headers.get("upgrade") == Some("websocket"), "{response}");
    tells_the_version(response)
}

/// The same without the hop-by-hop header, which Cloudflare's plugin for Vite leaves out.
fn tells_the_version(response: &Response) -> Result<()> {
    ensure!(response.status == 426, "a plain request is not told to upgrade: {response}");
    ensure!(response.headers.get("sec-websocket-version") == Some("13"), "{response}");
    Ok(())
}

/// What the first example of a page says, and the script that connects to it.
fn echo(server: &Server) -> Result<()> {
    tells_the_version(&server.get("/echo")?)?;
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    socket.send("hello")?;
    ensure!(socket.text()? == "hello", "no echo");
    ensure!(server.get("/client.js")?.text().contains("new URL('/echo', "), "no client");
    Ok(())
}

/// What the page says of a message to many sockets.
fn news(server: &Server) -> Result<()> {
    let mut first = server.open(&Request::upgrade("/news"))?;
    let mut second = server.open(&Request::upgrade("/news"))?;
    first.send("extra")?;
    for reader in [&mut first, &mut second] {
        ensure!(reader.text()? == "extra", "not sent to all");
    }
    Ok(())
}

/// What the page says of its chat.
fn chat(server: &Server) -> Result<()> {
    tells_the_version(&server.get("/chat")?)?;
    let refused = server.reject(&Request::upgrade("/chat"))?;
    ensure!(
        refused.status == 401 && refused.text() == "Log in first.",
        "without a cookie: {}",
        refused.status
    );
    let mut socket = server.open(&Request::upgrade("/chat").header("Cookie", "user=me"))?;
    ensure!(socket.text()? == "welcome", "no welcome");
    socket.send("hello")?;
    ensure!(socket.text()? == "hello", "no echo");
    Ok(())
}
