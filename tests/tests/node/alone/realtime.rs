//! Realtime channels on servers of their own: edits in `astro dev`, a restart, a lost member.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::chat::CHAT;
use tests::client::Request;
use tests::locations::files_ending_with;
use tests::patience::{PATIENCE, at_last, within};
use tests::port::free_port;
use tests::prerendered;
use tests::realtime::client::Join;
use tests::realtime::crowd::{Crowd, are_there};
use tests::realtime::identity::ENDPOINT;
use tests::realtime::protocol::{ErrorData, PROTOCOL, ServerFrame};
use tests::realtime::{Client, Identity};
use tests::server::Server;
use tests::suite::Sites as _;

use super::{Case, cases};
use crate::hosts::{Host, Settings, Sites, start_standalone, start_standalone_on};

pub const CASES: &[Case] = cases![
    a_lost_member_leaves_fifteen_seconds_later,
    more_than_500_members_are_told_as_a_number,
    a_restart_is_told_as_a_gap,
    a_shutdown_tells_clients_when_to_come_back,
    an_edited_channel_counts_in_dev_and_its_members_stay,
    a_channel_that_cannot_be_loaded_in_dev_refuses_handshakes_with_503,
    a_new_channel_can_be_joined_in_dev,
    the_first_channel_can_be_joined_in_dev,
    a_connection_joins_at_most_128_channels,
    the_packaged_client_speaks_outside_of_pages,
    the_statistics_show_what_channels_do,
    actions_and_middleware_publish_from_the_first_request_on,
    a_server_with_a_wrong_channel_file_does_not_start,
    a_build_with_a_wrong_path_fails,
    no_code_of_a_channel_reaches_a_page,
    the_module_of_the_wrong_side_is_an_error_that_names_the_other,
    a_prerendered_page_is_told_that_it_has_no_channels,
];

fn room(name: &str) -> Join {
    Join::of("rooms", "room", name)
}

fn a_lost_member_leaves_fifteen_seconds_later(sites: &Sites) -> Result<()> {
    let site = sites.get(Host::Standalone)?;
    let people = Join::of("people", "id", "lost").presence(json!({ "mood": "glad" }));
    let mut ada = Client::connect(&site.server, "ada-lost")?;
    let mut seen = Crowd::join(&mut ada, &people)?;
    let mut bob = Client::connect(&site.server, "bob-lost")?;
    bob.join(&people)?;
    let soon = Duration::from_secs(3);
    seen.until(&mut ada, soon, |members| are_there(members, &["ada-lost", "bob-lost"]))?;
    bob.reset()?;
    let limit = Duration::from_secs(20);
    let taken = seen.until(&mut ada, limit, |members| are_there(members, &["ada-lost"]))?;
    ensure!(taken > Duration::from_secs(14), "he left after {taken:?}");
    ensure!(seen.departures.len() == 1, "{:?}", seen.departures);
    Ok(())
}

fn more_than_500_members_are_told_as_a_number(sites: &Sites) -> Result<()> {
    const COUNT: u64 = 501;
    let site = sites.get(Host::Standalone)?;
    let tabs = Join::of("tabs", "id", "many").presence(json!({ "mood": "glad" }));
    let mut crowd = Vec::new();
    for _ in 0..COUNT {
        let mut visitor = Client::connect(&site.server, "")?;
        visitor.join(&tabs)?;
        crowd.push(visitor);
    }
    let mut ada = Client::connect(&site.server, "ada-many")?;
    let joined = ada.join(&Join::of("tabs", "id", "many"))?;
    ada.take("the number of members", |frame| match frame {
        ServerFrame::Members { channel, members: None, count } => {
            (*channel == joined.channel && *count == COUNT).then_some(())
        }
        _ => None,
    })?;
    // Below it the list comes back.
    crowd.truncate(490);
    let listed = ada.take_within(Duration::from_secs(25), |frame| match frame {
        ServerFrame::Members { members: Some(members), count, .. } => {
            (members.len() as u64 == *count && *count <= 500).then_some(())
        }
        _ => None,
    })?;
    listed.context("the list did not come back")
}

/// The log of one process ends with it.
fn a_restart_is_told_as_a_gap(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&Settings { name: "realtime-restart", options: "{}" })?;
    let mut ada = Client::connect(&site.server, "ada")?;
    let hers = ada.join(&room("restart"))?;
    ada.ask(&hers, "say", json!({ "text": "before" }))?;
    ada.event(&hers)?;
    let (position, session) = (ada.position(&hers)?, ada.welcome.session.clone());
    // Killed, like a process without memory.
    site.server.signal(Signal::KILL)?;
    site.server.wait_for_end(Duration::from_secs(5))?;

    let server = start_standalone_on(&site.app, free_port()?)?;
    let mut ada = Client::resume(&server, "ada", &session)?;
    ensure!(!ada.welcome.is_resumed, "{:?}", ada.welcome);
    let hers = ada.join(&room("restart").since(&position))?;
    ensure!(ada.gap(&hers)? == "restarted");
    ada.ask(&hers, "say", json!({ "text": "after" }))?;
    ensure!(ada.event(&hers)?.data.json()["text"] == "after");
    Ok(())
}

fn a_shutdown_tells_clients_when_to_come_back(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&Settings { name: "realtime-shutdown", options: "{}" })?;
    let mut ada = Client::connect(&site.server, "ada")?;
    ada.join(&room("shutdown"))?;
    site.server.signal(Signal::TERM)?;
    let drain = ada.take("a `drain`", |frame| match frame {
        ServerFrame::Drain { milliseconds } => Some(*milliseconds),
        _ => None,
    })?;
    ensure!(drain <= 20_000, "{drain}");
    let (code, reason) = ada.closed()?;
    ensure!(code == 1012, "{code} {reason}");
    site.server.wait_for_end(Duration::from_secs(8))?;
    Ok(())
}

/// The file of the channel that the cases edit.
const FILE: &str = "src/realtime/rooms/[room].ts";

/// The first connection to a dev server, which compiles the channels meanwhile. On a busy machine
/// that takes longer than a handshake may.
fn first_in_dev(server: &Server, user: &str) -> Result<Client> {
    within(Duration::from_secs(60), || Client::connect(server, user))
}

fn an_edited_channel_counts_in_dev_and_its_members_stay(sites: &Sites) -> Result<()> {
    let site = sites.start_dev_alone(&Settings { name: "dev-realtime", options: "{}" })?;
    let mut ada = first_in_dev(&site.server, "ada")?;
    let hers = ada.join(&room("edited"))?;
    ada.ask(&hers, "say", json!({ "text": "before" }))?;
    ensure!(ada.event(&hers)?.data.json()["text"] == "before");

    let path = site.app.root().join(FILE);
    let text = fs::read_to_string(&path)?;
    let edited = text.replace("{ by: user.id, text }", "{ by: user.id, text: `edited ${text}` }");
    ensure!(edited != text, "nothing to edit in {FILE}");
    // The watcher misses changes from before it starts, and those within 5 ms of another one.
    at_last(|| {
        fs::write(&path, &edited)?;
        ada.ask(&hers, "say", json!({ "text": "after" }))?;
        let said = ada.event(&hers)?;
        ensure!(said.data.json()["text"] == "edited after", "{said:?}");
        Ok(())
    })?;

    // A file with an error is told, and the members still stay.
    at_last(|| {
        fs::write(&path, text.replace("authorize: 'users'", "authorise: 'users'"))?;
        site.server.wait_for_output(Duration::from_secs(1), |printed| {
            let expected = ["authorise", "rooms/[room].ts", "previous version of the channels"];
            expected.iter().all(|part| printed.contains(part)).then_some(())
        })
    })?;
    ada.ping()?;
    at_last(|| {
        fs::write(&path, &text)?;
        ada.ask(&hers, "say", json!({ "text": "again" }))?;
        let said = ada.event(&hers)?;
        ensure!(said.data.json()["text"] == "again", "{said:?}");
        Ok(())
    })
    .with_context(|| site.server.to_string())
}

/// Astro's dev client reloads the page after an error of a route, as after each 500.
fn a_channel_that_cannot_be_loaded_in_dev_refuses_handshakes_with_503(sites: &Sites) -> Result<()> {
    const ERROR: &str = "The files of `src/realtime` cannot be loaded";
    const PREVIOUS: &str = "The previous version of the channels keeps running.";
    let app = sites.app("dev-realtime-broken")?;
    let path = app.root().join(FILE);
    let text = fs::read_to_string(&path)?;
    fs::write(&path, format!("import './no-such-file.ts';\n{text}"))?;
    let server = Server::start_dev(&mut app.astro_server(["dev", "--port", "0"]))?;
    let handshake = Request::upgrade(ENDPOINT).header("Sec-WebSocket-Protocol", PROTOCOL);
    for _ in 0..2 {
        let response = server.fetch(&handshake)?;
        ensure!(response.status == 503, "{response}\n{server}");
        ensure!(response.text().starts_with("The channels are not loaded."), "{response}");
    }
    let printed = server.to_string();
    ensure!(printed.matches(ERROR).count() == 1 && !printed.contains(PREVIOUS), "{printed}");

    // The watcher of the server misses changes from before it starts watching.
    at_last(|| {
        fs::write(&path, &text)?;
        thread::sleep(Duration::from_millis(500));
        let mut ada = Client::connect(&server, "ada")?;
        ada.join(&room("broken"))
    })
    .with_context(|| server.to_string())?;

    fs::write(&path, format!("{text}\n%"))?;
    server.wait_for_output(PATIENCE, |printed| printed.find(PREVIOUS))?;
    let mut bob = Client::connect(&server, "bob")?;
    let his = bob.join(&room("broken"))?;
    bob.ask(&his, "say", json!({ "text": "before" }))?;
    let printed = server.to_string();
    ensure!(printed.matches(PREVIOUS).count() == 1, "{printed}");
    Ok(())
}

fn a_new_channel_can_be_joined_in_dev(sites: &Sites) -> Result<()> {
    let site = sites.start_dev_alone(&Settings { name: "dev-new-channel", options: "{}" })?;
    let mut ada = first_in_dev(&site.server, "ada")?;
    let hers = ada.join(&room("stays"))?;
    let path = site.app.root().join("src/realtime/added/[id].ts");
    let folder = path.parent().context("no folder")?;
    fs::create_dir_all(folder)?;
    let text = fs::read_to_string(site.app.root().join("src/realtime/quiet/[id].ts"))?;
    at_last(|| {
        fs::write(&path, &text)?;
        // Refused joins are limited.
        thread::sleep(Duration::from_millis(500));
        let mut bob = Client::connect(&site.server, "bob")?;
        bob.join(&Join::of("added", "id", "x"))
    })
    .with_context(|| site.server.to_string())?;
    ada.ask(&hers, "say", json!({ "text": "still here" }))?;

    fs::remove_file(&path)?;
    at_last(|| {
        let mut cy = Client::connect(&site.server, "cy")?;
        cy.join_refused(&Join::of("added", "id", "x"))
    })?;
    Ok(())
}

fn the_first_channel_can_be_joined_in_dev(sites: &Sites) -> Result<()> {
    let app = sites.app("dev-first-channel")?;
    let folder = app.root().join("src/realtime");
    let files = ["_middleware.ts", "quiet/[id].ts"];
    let texts = files.map(|file| fs::read_to_string(folder.join(file)));
    fs::remove_dir_all(&folder)?;
    let server = Server::start_dev(&mut app.astro_server(["dev", "--port", "0"]))?;
    server.get("/")?;
    ensure!(!server.to_string().contains("src/realtime"), "{server}");

    fs::create_dir_all(folder.join("quiet"))?;
    for (file, text) in files.iter().zip(texts) {
        fs::write(folder.join(file), text?)?;
    }
    at_last(|| {
        // Refused joins are limited.
        thread::sleep(Duration::from_millis(500));
        let mut ada = Client::connect(&server, "ada")?;
        ada.join(&Join::of("quiet", "id", "x"))
    })
    .with_context(|| server.to_string())?;

    let types = files_ending_with(&app.root().join(".astro"), "realtime.d.ts")?;
    let [types] = &*types else { bail!("{types:?}") };
    ensure!(fs::read_to_string(types)?.contains("quiet/[id]"), "the types miss the channel");
    Ok(())
}

/// Joins are limited to 20 a second, so that it takes a while to join as many.
fn a_connection_joins_at_most_128_channels(sites: &Sites) -> Result<()> {
    const MOST: usize = 128;
    let site = sites.get(Host::Standalone)?;
    let mut ada = Client::connect(&site.server, "ada-channels")?;
    let mut join = |number: usize| -> Result<Result<(), ErrorData>> {
        let reference = ada.ask_to_join(&room(&format!("channel {number}")))?;
        Ok(ada.answer_to_join(reference)?.map(drop))
    };
    for number in 0..MOST {
        within(Duration::from_secs(5), || {
            join(number)?.map_err(|error| anyhow!("{number}: {error:?}"))
        })?;
    }
    for _ in 0..10 {
        ensure!(join(MOST)?.is_err(), "it joined one more");
        thread::sleep(Duration::from_millis(200));
    }
    Ok(())
}

fn the_packaged_client_speaks_outside_of_pages(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&Settings { name: "realtime-client", options: "{}" })?;
    let mut command = site.app.node_script("clients/realtime.mjs");
    let output = command.arg(site.server.origin()).output()?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{}\n{errors}", output.status);
    let seen: Value = serde_json::from_slice(&output.stdout)?;
    let expected = json!({
        "length": 3,
        "early": ["one", "two", [1, 2, 255]],
        "late": ["one", "two", [1, 2, 255], "four"],
        "gaps": [],
        "error": ["RealtimeError", "BAD_REQUEST", true, { "text": ["not a string"] }],
        "refused": "RealtimeError",
        "byToken": { "user": "ada-by-token", "isOutdated": [null, null] },
        "outdated": { "user": "ada-outdated", "isOutdated": [true, true] },
    });
    ensure!(seen == expected, "{seen:#}, not {expected:#}");
    Ok(())
}

fn the_statistics_show_what_channels_do(sites: &Sites) -> Result<()> {
    let site = sites.start_alone(&Settings { name: "realtime-stats", options: "{}" })?;
    let stats = || -> Result<Value> {
        let stats: Value = serde_json::from_str(&site.server.get("/manager/stats")?.text())?;
        Ok(stats["realtime"].clone())
    };
    // Keeps three messages.
    let short = Join::of("short", "id", "stats");
    let quiet = Join::of("quiet", "id", "stats");
    let mut ada = Client::connect(&site.server, "ada")?;
    let hers = ada.join(&short)?;
    ada.join(&quiet)?;
    let start = ada.position(&hers)?;
    ada.join_refused(&Join::of("private", "owner", "bob"))?;
    let say = |client: &mut Client, joined, text: &str| {
        client.ask(joined, "say", json!({ "text": text })).map(drop)
    };
    say(&mut ada, &hers, "one")?;
    let mut bob = Client::connect(&site.server, "bob")?;
    let his = bob.join(&short.clone().since(&start))?;
    let session = bob.reset()?;
    for text in ["two", "three", "four", "five"] {
        say(&mut ada, &hers, text)?;
    }
    let mut bob = Client::resume(&site.server, "bob", &session)?;
    let again = bob.join(&short.clone().since(&start))?;
    ensure!(bob.gap(&again)? == "trimmed", "{his:?}");
    // The one who was reset may still be there.
    let expected = json!({
        "connections": 2,
        "users": 2,
        "channels": 2,
        "members": 3,
        "messages": { "received": 5, "published": 5 },
        "joins": { "allowed": 4, "refused": 1 },
        "sessions": { "opened": 2, "resumed": 1 },
        "resumes": { "whole": 1, "gap": 1 },
        "gaps": { "trimmed": 1, "restarted": 0, "not kept": 0 },
    });
    within(Duration::from_secs(5), || {
        let mut stats = stats()?;
        let engine = stats["engine"].take();
        ensure!(engine["name"] == "memory" && engine["state"] == "up", "{engine:#}");
        stats.as_object_mut().map(|stats| stats.remove("engine"));
        ensure!(stats == expected, "{stats:#}, not {expected:#}");
        Ok(())
    })?;
    let metrics = site.server.get("/manager/metrics")?.text();
    for line in [
        "websocket_realtime_channels 2",
        "websocket_realtime_members 3",
        r#"websocket_realtime_messages_total{direction="received"} 5"#,
        r#"websocket_realtime_messages_total{direction="published"} 5"#,
        r#"websocket_realtime_resumes_total{outcome="whole"} 1"#,
        r#"websocket_realtime_resumes_total{outcome="gap"} 1"#,
        r#"websocket_realtime_gaps_total{reason="trimmed"} 1"#,
        r#"websocket_realtime_gaps_total{reason="not kept"} 0"#,
    ] {
        ensure!(metrics.lines().any(|told| told == line), "not there: {line}\n{metrics}");
    }
    Ok(())
}

/// The pages that the tests add to the chat have an action and a middleware.
fn actions_and_middleware_publish_from_the_first_request_on(sites: &Sites) -> Result<()> {
    let server = start_standalone(sites.chat()?)?;
    let response = server.get("/?announce=first")?;
    ensure!(response.status == 200, "{response}");
    let mut ada = Client::connect_with(&server, Identity::by_header("Cookie", "name=Ada"))?;
    let hers = ada.join(&room("first").last(10))?;
    let expected = json!({ "by": "a middleware", "text": "/" });
    let told = ada.event(&hers)?.data;
    ensure!(*told.json() == expected, "{told:?}");

    let body = json!({ "room": "first", "text": "hello" }).to_string();
    let request = Request::post("/_actions/announce", &body)
        .header("Content-Type", "application/json")
        .header("Origin", &server.origin());
    let response = server.fetch(&request)?;
    ensure!(response.status == 200, "{response}");
    let told = ada.event(&hers)?;
    ensure!(*told.data.json() == json!({ "by": "an action", "text": "hello" }), "{told:?}");
    // The action gives the position.
    ensure!(response.text().contains(&told.position), "{response}, not {}", told.position);
    Ok(())
}

fn a_server_with_a_wrong_channel_file_does_not_start(sites: &Sites) -> Result<()> {
    let app = sites.app("realtime-wrong")?;
    app.edit(FILE, "authorize: 'users'", "authorise: 'users'")?;
    app.build(&[])?;
    let error = start_standalone(&app).err().context("the server has started")?;
    let told = format!("{error:#}");
    for expected in ["rooms/[room].ts", "authorise", "authorize"] {
        ensure!(told.contains(expected), "`{expected}` is not in: {told}");
    }
    Ok(())
}

fn a_build_with_a_wrong_path_fails(sites: &Sites) -> Result<()> {
    let app = sites.app("realtime-wrong-path")?;
    let channel = "import { defineChannel } from 'zastro:realtime';
export default defineChannel({ authorize: 'anyone' });
";
    for (path, expected) in [
        ("then.ts", "then"),
        ("rooms/[id].ts", "rooms/[room].ts"),
        ("all/[...rest].ts", "[...rest]"),
    ] {
        let file = app.root().join("src/realtime").join(path);
        fs::create_dir_all(file.parent().context("no folder")?)?;
        fs::write(&file, channel)?;
        let error = app.build(&[]).err().with_context(|| format!("{path} is built"))?;
        let told = format!("{error:#}");
        ensure!(told.contains(path) && told.contains(expected), "{path}: {told}");
        fs::remove_file(&file)?;
    }
    Ok(())
}

fn no_code_of_a_channel_reaches_a_page(sites: &Sites) -> Result<()> {
    let scripts = files_ending_with(&sites.chat()?.root().join("dist/client"), ".js")?;
    let mut all = String::new();
    for script in &scripts {
        all.push_str(&fs::read_to_string(script)?);
    }
    ensure!(all.contains("chat-room"), "the script of the page is not in {scripts:?}");
    for of_channels in ["authorize", "defineChannel", "ZodError", "~standard", "publish("] {
        ensure!(!all.contains(of_channels), "`{of_channels}` is in {scripts:?}");
    }
    Ok(())
}

fn the_module_of_the_wrong_side_is_an_error_that_names_the_other(sites: &Sites) -> Result<()> {
    let app = sites.app_of_all(&CHAT, "chat-wrong-side")?;
    let page = "src/pages/rooms/[room].astro";
    let (server, client) = ("'zastro:realtime'", "'zastro:realtime/client'");
    app.edit(page, client, server)?;
    let error = app.build(&[]).err().context("a script imported the server's module")?;
    ensure!(format!("{error:#}").contains("zastro:realtime/client"), "{error:#}");
    Ok(())
}

fn a_prerendered_page_is_told_that_it_has_no_channels(sites: &Sites) -> Result<()> {
    let app = sites.app_of_all(&CHAT, "chat-prerendered")?;
    prerendered::add_pages(&app)?;
    let server = Server::start_dev(&mut app.astro_server(["dev", "--port", "0"]))?;
    prerendered::is_told_in_dev(&server)?;
    drop(server);
    prerendered::is_told_in_a_build(&app, false)
}
