//! The guides of the documentation work: their files build, type-check and do what the pages say.

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use rustix::process::Signal;
use serde_json::Value;
use tests::client::{Request, Socket};
use tests::locations::repository;
use tests::realtime::protocol::PROTOCOL;
use tests::server::Server;
use tests::tools::{Tools, run};

use crate::page_site::{Site, Way, type_check};
use crate::pages::{Block, PROXIES, blocks};

const START: &str = "docs/start.md";
const AUTHENTICATION: &str = "docs/authentication.md";
const DEPLOYING: &str = "docs/deploying.md";
const MONITORING: &str = "docs/monitoring.md";
const NOTIFICATIONS: &str = "docs/notifications.md";
const PRESENCE: &str = "docs/presence.md";
const TROUBLESHOOTING: &str = "docs/troubleshooting.md";

/// What the pages take for granted in a site.
const ASSUMED: [(&str, &str); 3] = [
    (
        "src/lib/auth.ts",
        "interface Asked { headers: Headers }\n\
         interface Found { user: { id: string }; session: { expiresAt: Date } }\n\
         export const auth = {\n\
           api: {\n\
             async getSession({ headers }: Asked): Promise<Found | undefined> {\n\
               const id = headers.get('Cookie')?.match(/library=(\\w+)/)?.[1];\n\
               return id ? { user: { id }, session: { expiresAt: new Date(8.64e15) } } : undefined;\n\
             },\n\
           },\n\
         };\n",
    ),
    (
        "src/lib/teams.ts",
        "const members = new Map([['red', new Set(['ada'])]]);\n\
         export const isMember = (user: string, team: string): boolean =>\n\
           members.get(team)?.has(user) ?? false;\n\
         export async function removeMember(user: string, team: string): Promise<void> {\n\
           members.get(team)?.delete(user);\n\
         }\n",
    ),
    (
        "src/pages/echo.ts",
        "import type { APIRoute } from 'astro';\n\
         export const GET: APIRoute = ({ locals }) => locals.upgradeWebSocket().response;\n",
    ),
];

#[test]
fn a_site_that_follows_the_guides_works() -> Result<()> {
    let site = Site::new("guides", "node")?;
    for (file, text) in ASSUMED {
        let path = site.folder.join(file);
        fs::create_dir_all(path.parent().context("no folder")?)?;
        fs::write(path, text)?;
    }
    let [on_node, on_cloudflare] = configurations()?;
    site.write(&on_node)?;
    write_sources(&site, START)?;
    build(&site)?;
    chat(&site.start(Way::Standalone)?).context("on Node.js")?;
    let package = "../zastro-websockets/adapters/cloudflare/pkg/astro7/*.tgz";
    // The page about monitoring imports a module of Node.js.
    run(&mut site.shell(&format!("npm install {package} @types/node")))?;
    site.write(&on_cloudflare)?;
    site.build()?;
    chat(&site.start(Way::Preview)?).context("on Cloudflare")?;

    // The other guides are about Node.js, or hold for both.
    site.write(&on_node)?;
    let [session, library]: [Block; 2] = middleware()?;
    write_sources(&site, AUTHENTICATION)?;
    for page in [MONITORING, NOTIFICATIONS, PRESENCE] {
        write_sources(&site, page)?;
    }
    site.write(&library)?;
    build(&site)?;
    let server = site.start(Way::Standalone)?;
    uses_the_library(&server)?;
    notifies(&server)?;
    shows_who_is_there(&server)?;
    drop(server);
    site.write(&session)?;
    build(&site)?;
    let server = site.start_with(Way::Standalone, &[("METRICS_TOKEN", "secret")])?;
    uses_the_session(&server)?;
    has_the_metrics(&server)?;
    is_diagnosed(&server)?;
    drop(server);
    the_container_starts_and_stops(&site)?;
    drains(&site)
}

/// Builds the site and checks its types.
fn build(site: &Site) -> Result<()> {
    site.build()?;
    type_check(site, &[])
}

/// The two configurations of the first page.
fn configurations() -> Result<[Block; 2]> {
    let all = blocks(START)?.into_iter().filter(|block| block.language == "js");
    all.collect::<Vec<_>>().try_into().ok().context("not two configurations")
}

/// The two ways to find the user.
fn middleware() -> Result<[Block; 2]> {
    let all = blocks(AUTHENTICATION)?.into_iter();
    let all = all.filter(|block| block.file().is_ok_and(|file| file.ends_with("_middleware.ts")));
    all.collect::<Vec<_>>().try_into().ok().context("not two ways to find the user")
}

/// Writes the files of a page below `src/`.
fn write_sources(site: &Site, page: &str) -> Result<()> {
    for block in blocks(page)? {
        match block.language.as_str() {
            "ts" | "astro" => site.write(&block)?,
            "js" if block.file()? == "astro.config.mjs" => {}
            other => bail!("nobody has said how a block of `{other}` on {page} is tested"),
        }
    }
    Ok(())
}

/// What the first page promises: a name, a room, a history.
fn chat(server: &Server) -> Result<()> {
    let outside = server.get("/lobby")?;
    ensure!(outside.headers.get("location") == Some("/"), "no name is asked for: {outside}");
    let entered = server.fetch(
        &Request::post("/", "name=ada")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Origin", &server.origin()),
    )?;
    ensure!(entered.headers.cookie("name") == Some("ada"), "no name is kept: {entered}");
    let room = Request::upgrade("/_realtime/rooms/lobby").header("Cookie", "name=ada");
    let mut room = server.open(&room)?;
    room.send(r#"{"type":"say","data":{"text":" hi "},"id":1}"#)?;
    hears(&mut room, r#"{"type":"said","data":{"by":"ada","text":"hi"}}"#)?;
    let lobby = server.fetch(&Request::get("/lobby").header("Cookie", "name=ada"))?.text();
    ensure!(lobby.contains("<li>ada: hi</li>"), "{lobby}");
    Ok(())
}

fn hears(socket: &mut Socket, expected: &str) -> Result<()> {
    let heard = socket.text()?;
    ensure!(heard == expected, "{heard}");
    Ok(())
}

/// A handshake for the channel of a team.
fn team(cookie: &str) -> Request {
    Request::upgrade("/_realtime/teams/red").header("Cookie", cookie)
}

fn uses_the_library(server: &Server) -> Result<()> {
    server.open(&team("library=ada")).context("a member is refused")?;
    for other in ["library=eve", "other=ada"] {
        ensure!(server.reject(&team(other))?.status == 404, "{other} is let in");
    }
    Ok(())
}

/// An inbox is its owner's, and an endpoint knows whether the owner is there. No other test opens a
/// connection of this user.
fn notifies(server: &Server) -> Result<()> {
    let inbox = |cookie: &str| Request::upgrade("/_realtime/inbox/grace").header("Cookie", cookie);
    ensure!(server.reject(&inbox("library=eve"))?.status == 404, "it is open to others");
    let order = |id: u32| {
        let request = Request::post("/orders", &format!(r#"{{"id":{id},"user":"grace"}}"#));
        anyhow::Ok(server.fetch(&request.header("Content-Type", "application/json"))?.text())
    };
    let away = order(1)?;
    ensure!(away == r#"{"isOnline":false}"#, "{away}");
    let mut grace = server.open(&inbox("library=grace"))?;
    let there = order(2)?;
    ensure!(there == r#"{"isOnline":true}"#, "{there}");
    let notice = r#"{"text":"Order 2 is on its way","href":"/orders/2"}"#;
    hears(&mut grace, &format!(r#"{{"type":"notified","data":{notice}}}"#))
}

/// The page lists who is in the channel.
fn shows_who_is_there(server: &Server) -> Result<()> {
    let listed = || anyhow::Ok(server.get("/documents/plan")?.text());
    let before = listed()?;
    ensure!(before.contains(r#"data-document="plan""#) && !before.contains("<li>"), "{before}");
    let page = Request::upgrade("/_realtime").header("Cookie", "library=ada");
    let mut ada = server.open(&page.header("Sec-WebSocket-Protocol", PROTOCOL))?;
    ada.send(r#"["hello",{}]"#)?;
    ada.send(r#"["join",1,"documents",{"id":"plan"},{"presence":{"isEditing":false}}]"#)?;
    // The list comes with the member in it.
    while !ada.text()?.contains(r#""initials":"AD""#) {}
    let after = listed()?;
    ensure!(after.contains("<li>ada</li>"), "{after}");
    Ok(())
}

fn uses_the_session(server: &Server) -> Result<()> {
    let login = Request::post("/login", "name=Ada")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .header("Origin", &server.origin());
    let login = server.fetch(&login)?;
    let session = login.headers.cookie("astro-session").context("no session")?.to_owned();
    let member = team(&format!("astro-session={session}"));
    let mut joined = server.open(&member)?;
    let ban = Request::post("/ban", r#"{"team":"red","user":"ada"}"#);
    let ban = ban.header("Content-Type", "application/json");
    ensure!(server.fetch(&ban)?.status == 204, "nobody is banned");
    let (code, _) = joined.closed()?;
    ensure!(code == 4403, "closed with {code}");
    ensure!(server.reject(&member)?.status == 404, "who was banned is let in again");
    Ok(())
}

/// The metrics that the page names exist, and need the token.
fn has_the_metrics(server: &Server) -> Result<()> {
    ensure!(server.get("/metrics")?.status == 404, "the metrics are public");
    let request = Request::get("/metrics").header("Authorization", "Bearer secret");
    let metrics = server.fetch(&request)?.text();
    let page = fs::read_to_string(repository().join(MONITORING))?;
    let named: BTreeSet<&str> =
        page.split('`').filter(|word| word.starts_with("websocket_")).collect();
    ensure!(named.len() > 4, "{named:?}");
    for name in named {
        ensure!(metrics.contains(&format!("# TYPE {name} ")), "there is no metric {name}");
    }
    Ok(())
}

/// The `curl` on the page shows the answer to a handshake, and its codes are those that exist.
fn is_diagnosed(server: &Server) -> Result<()> {
    let page = fs::read_to_string(repository().join(TROUBLESHOOTING))?;
    let curl = blocks(TROUBLESHOOTING)?.into_iter().find(|block| block.language == "sh");
    let curl = curl.context("no `curl`")?.text;
    ensure!(curl.contains(":4321/echo"), "{curl}");
    let headers = curl.split("-H '").skip(1).filter_map(|rest| rest.split('\'').next());
    let headers = headers.filter_map(|header| header.split_once(": "));
    let handshake =
        headers.fold(Request::get("/echo"), |request, (name, value)| request.header(name, value));
    server.open(&handshake).with_context(|| curl.clone())?;

    let (_, table) = page.split_once("| code of `RealtimeError` |").context("no codes")?;
    let rows = table.lines().skip(2).map_while(|row| row.strip_prefix("| ")?.split(" | ").next());
    let on_page: BTreeSet<&str> =
        rows.flat_map(|cell| cell.split(", ")).map(|code| code.trim_matches('`')).collect();
    let errors = repository().join("templates/realtime/protocol/errors.ts");
    let errors = fs::read_to_string(errors)?;
    let (_, union) = errors.split_once("type RealtimeErrorCode =").context("no codes")?;
    let (union, _) = union.split_once(';').context("no end of the codes")?;
    let codes: BTreeSet<&str> = union.split('\'').skip(1).step_by(2).collect();
    ensure!(on_page == codes, "the page has {on_page:?}, the code {codes:?}");
    Ok(())
}

/// Does what the container's file says, without the container.
fn the_container_starts_and_stops(site: &Site) -> Result<()> {
    let [file] = of_language(DEPLOYING, "dockerfile")?;
    let mut variables = Vec::new();
    let mut start = None;
    for line in file.text.lines() {
        match line.split_once(' ') {
            // The site is installed. A mirror may lack optional packages of other systems, and the
            // lockfile that npm writes then is none that `npm ci` takes.
            Some(("RUN", "npm ci")) => {}
            Some(("RUN", command)) => run(&mut site.shell(command))?,
            Some(("ENV", assignments)) => {
                variables.extend(assignments.split(' ').filter_map(|one| one.split_once('=')));
            }
            Some(("CMD", command)) => start = Some(serde_json::from_str::<Vec<String>>(command)?),
            _ => {}
        }
    }
    let start = start.context("no command")?;
    let [program, script] = start.as_slice() else { bail!("{start:?}") };
    ensure!(program == "node", "{program} would get the signal");
    let address: Ipv4Addr = value(&variables, "HOST")?.parse()?;
    ensure!(address.is_unspecified(), "only the container reaches {address}");
    let port: u16 = value(&variables, "PORT")?.parse()?;
    let mut command = site.node(script);
    let server = Server::start(command.env("HOST", "0.0.0.0").env("PORT", "0"))?;
    let mut open = server.open(&Request::upgrade("/echo"))?;
    server.signal(Signal::TERM)?;
    let (code, _) = open.closed()?;
    ensure!(code == 1001, "closed with {code}");
    server.wait_for_end(stops_within()?)?;

    let [deployment] = of_language(DEPLOYING, "yaml")?;
    let deployment: Value = serde_saphyr::from_str(&deployment.text)?;
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    ensure!(container["ports"][0]["containerPort"] == port, "{container}");
    ensure!(container["readinessProbe"]["httpGet"]["port"] == port, "{container}");
    let sleep = container["lifecycle"]["preStop"]["exec"]["command"][1].as_str();
    let sleep: u64 = sleep.context("no `preStop`")?.parse()?;
    let grace = pod["terminationGracePeriodSeconds"].as_u64().context("no grace period")?;
    is_long_enough(grace.saturating_sub(sleep))?;

    let [fly] = of_language(DEPLOYING, "toml")?;
    let fly: toml::Table = toml::from_str(&fly.text)?;
    ensure!(fly["http_service"]["internal_port"].as_integer() == Some(port.into()), "{fly}");
    ensure!(fly["kill_signal"].as_str() == Some("SIGTERM"), "{fly}");
    let timeout = fly["kill_timeout"].as_str().and_then(|text| text.strip_suffix('s'));
    is_long_enough(timeout.context("no timeout")?.parse()?)
}

/// The longest time from SIGTERM to the end of the standalone server.
fn stops_within() -> Result<Duration> {
    let closing = number_of("node/registry/connections/shutdown-options.ts", "{ timeout = ")?;
    Ok(Duration::from_millis(closing + number_of("node/site/signals.ts", "const LAST_WAIT = ")?))
}

/// Checks the seconds after which a server is killed that has not stopped by itself.
fn is_long_enough(seconds: u64) -> Result<()> {
    let needed = stops_within()?;
    ensure!(Duration::from_secs(seconds) > needed, "{seconds} seconds, and it takes {needed:?}");
    Ok(())
}

/// The number behind a text in a module of `templates/`.
fn number_of(module: &str, before: &str) -> Result<u64> {
    let text = fs::read_to_string(repository().join("templates").join(module))?;
    let (_, rest) = text.split_once(before).with_context(|| format!("no {before} in {module}"))?;
    let digits = rest.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '_');
    Ok(digits.filter(char::is_ascii_digit).collect::<String>().parse()?)
}

#[test]
fn the_unit_for_systemd_starts_the_site_and_lets_it_stop() -> Result<()> {
    let [unit] = of_language(DEPLOYING, "ini")?;
    let values: Vec<(&str, &str)> =
        unit.text.lines().filter_map(|line| line.split_once('=')).collect();
    is_long_enough(value(&values, "TimeoutStopSec")?.parse()?)?;
    ensure!(value(&values, "KillSignal")? == "SIGTERM", "{}", unit.text);
    // The other tests run what the container runs.
    let [container] = of_language(DEPLOYING, "dockerfile")?;
    let start = value(&values, "ExecStart")?;
    let (program, script) = start.split_once(' ').context("no script")?;
    let command = format!(r#"CMD ["node", "{script}"]"#);
    ensure!(program.ends_with("/node") && container.text.contains(&command), "{start}");
    let variables = value(&values, "Environment")?.split(' ');
    let variables: Vec<_> = variables.filter_map(|one| one.split_once('=')).collect();
    let address = format!("{}:{}", value(&variables, "HOST")?, value(&variables, "PORT")?);
    for proxy in ["nginx", "caddyfile"] {
        let [configuration] = of_language(PROXIES, proxy)?;
        ensure!(configuration.text.contains(&address), "{proxy} does not reach {address}");
    }
    is_taken_by_systemd(&unit)
}

/// Asks systemd itself.
fn is_taken_by_systemd(unit: &Block) -> Result<()> {
    let mut analyze = Command::new("systemd-analyze");
    if analyze.arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: `systemd-analyze` is not installed on this machine");
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let name = Path::new(unit.file()?).file_name().context("no name")?;
    let file = folder.path().join(name);
    let node = Tools::get()?.node().get_program().to_owned();
    let node = node.to_str().context("not UTF-8")?;
    fs::write(&file, unit.text.replace("/usr/bin/node", node))?;
    let output =
        Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&file).output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    // It warns of other units as well.
    let name = name.to_string_lossy();
    let warnings: Vec<&str> = text.lines().filter(|line| line.contains(&*name)).collect();
    ensure!(output.status.success() && warnings.is_empty(), "{text}");
    Ok(())
}

/// The server of the page asks its clients to leave, and ends.
fn drains(site: &Site) -> Result<()> {
    let [configuration, _] = configurations()?;
    let middleware = configuration.text.replace("'standalone'", "'middleware'");
    fs::write(site.folder.join("astro.config.mjs"), middleware)?;
    site.build()?;
    let [host] = of_language(DEPLOYING, "js")?;
    // A test has no twenty seconds.
    let quick = Block { text: host.text.replace("20_000", "200"), language: host.language };
    site.write(&quick)?;
    let server = Server::start(site.node(quick.file()?).env("PORT", "0"))?;
    let mut open = server.open(&Request::upgrade("/echo"))?;
    server.signal(Signal::TERM)?;
    let (code, _) = open.closed()?;
    ensure!(code == 1012, "closed with {code}");
    server.wait_for_end(stops_within()?)?;
    Ok(())
}

fn of_language<const N: usize>(page: &str, language: &str) -> Result<[Block; N]> {
    let found = blocks(page)?.into_iter().filter(|block| block.language == language);
    let found: Vec<Block> = found.collect();
    found.try_into().ok().with_context(|| format!("not {N} blocks of `{language}` on {page}"))
}

fn value<'v>(variables: &[(&str, &'v str)], name: &str) -> Result<&'v str> {
    let found = variables.iter().find(|(other, _)| *other == name);
    found.map(|(_, value)| *value).with_context(|| format!("no {name}"))
}
