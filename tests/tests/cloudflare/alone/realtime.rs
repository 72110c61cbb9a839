//! Channels in Durable Objects on servers of their own: edits in `astro dev`, a deploy, a kill.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Map, Value, json};
use tests::app::App;
use tests::client::Request;
use tests::locations::files_ending_with;
use tests::patience::within;
use tests::pins::major;
use tests::prerendered;
use tests::realtime::client::Join;
use tests::realtime::{Client, Identity};
use tests::server::{START, Server};
use tests::suite::not_applicable;

use super::editing::{PATIENCE, await_watcher, restart_by};
use super::{Case, cases};
use crate::hosts::{
    NO_CHANNELS, Sites, configuration, configure, is_before_workerd, wrangler_dev,
    wrangler_dev_of_two,
};

pub const CASES: &[Case] = cases![
    an_edited_channel_counts_in_dev_and_its_members_stay,
    channels_stay_in_dev_while_a_file_is_wrong,
    a_channel_that_cannot_be_loaded_in_dev_refuses_handshakes_with_503,
    a_renamed_channel_reloads_the_worker_once_in_dev,
    the_first_channel_can_be_joined_in_dev,
    a_rendered_client_is_no_late_dependency_in_dev,
    a_deploy_continues_channels_with_new_code,
    an_object_that_is_killed_while_it_writes_keeps_what_it_acknowledged,
    a_prerendered_page_is_told_that_it_has_no_channels,
];

/// The name of the site's Worker.
const SITE: &str = "site";

/// The file of the channel that the cases edit.
const FILE: &str = "src/realtime/rooms/[room].ts";

fn room(name: &str) -> Join {
    Join::of("rooms", "room", name)
}

/// Makes the channel answer in another way.
fn edit(app: &App) -> Result<()> {
    app.edit(FILE, "{ by: user.id, text }", "{ by: user.id, text: `edited ${text}` }")
}

fn an_edited_channel_counts_in_dev_and_its_members_stay(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let (app, server) = sites.start_dev("dev-realtime")?;
    let mut ada = Client::connect(&server, "ada")?;
    let hers = ada.join(&room("edited"))?;
    ada.ask(&hers, "say", json!({ "text": "before" }))?;
    ensure!(ada.event(&hers)?.data.json()["text"] == "before");
    await_watcher(&server)?;
    edit(&app)?;
    // The Worker loads all of its modules again.
    within(PATIENCE, || {
        ada.ask(&hers, "say", json!({ "text": "after" }))?;
        let said = ada.event(&hers)?;
        ensure!(said.data.json()["text"] == "edited after", "{said:?}");
        Ok(())
    })
    .with_context(|| server.to_string())
}

/// The same as on Node.
const PREVIOUS: &str = "The previous version of the channels keeps running.";

fn channels_stay_in_dev_while_a_file_is_wrong(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let (app, server) = sites.start_dev("dev-realtime-wrong")?;
    let path = app.root().join(FILE);
    let text = fs::read_to_string(&path)?;
    let mut ada = Client::connect(&server, "ada")?;
    let hers = ada.join(&room("wrong"))?;
    await_watcher(&server)?;
    let misspelled = text.replace("authorize: 'users'", "authorise: 'users'");
    let without_import = format!("import '../../later.ts';\n{text}");
    let wrong = [
        (misspelled, "has no option `authorise`"),
        (format!("{text}\n%"), "cannot be loaded"),
        (format!("{text}\nthrow new Error('at the top level');"), "at the top level"),
        (without_import, "later.ts"),
    ];
    for (round, (wrong, told)) in wrong.into_iter().enumerate() {
        fs::write(&path, wrong)?;
        server.wait_for_output(PATIENCE, |printed| {
            let is_told = printed.contains(told) && printed.matches(PREVIOUS).count() > round;
            is_told.then_some(())
        })?;
        // A member, pages that publish and that do not, and somebody who comes now.
        ada.ask(&hers, "say", json!({ "text": format!("{round}") }))
            .with_context(|| format!("{told}\n{server}"))?;
        let said = ada.event(&hers)?;
        ensure!(said.data.json()["text"] == format!("{round}"), "{told}: {said:?}");
        publish(&server, "wrong", "from a page").with_context(|| server.to_string())?;
        ensure!(ada.event(&hers)?.data.json()["text"] == "from a page", "{told}");
        ensure!(server.get("/")?.status == 200, "{told}");
        let mut bob = Client::connect(&server, "bob")?;
        bob.join(&room("wrong")).with_context(|| format!("{told}\n{server}"))?;
    }
    // The file that the import did not find.
    fs::write(app.root().join("src/later.ts"), "export {};\n")?;
    edit(&app)?;
    within(PATIENCE, || {
        ada.ask(&hers, "say", json!({ "text": "mended" }))?;
        let said = ada.event(&hers)?;
        ensure!(said.data.json()["text"] == "edited mended", "{said:?}");
        Ok(())
    })
    .with_context(|| server.to_string())
}

/// Pages without channels are answered.
fn a_channel_that_cannot_be_loaded_in_dev_refuses_handshakes_with_503(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let app = sites.app("dev-realtime-broken")?;
    let path = app.root().join(FILE);
    let text = fs::read_to_string(&path)?;
    fs::write(&path, format!("import '../../later.ts';\n{text}"))?;
    let server = sites.serve_dev(&app)?;
    ensure!(server.get("/")?.status == 200, "{server}");
    let response = server.reject(&Identity::of("ada").first_handshake(&server))?;
    ensure!(response.status == 503, "{response}\n{server}");
    ensure!(response.text().starts_with("The channels are not loaded."), "{response}");
    let printed = server.to_string();
    ensure!(printed.contains("The files of `src/realtime` cannot be loaded"), "{printed}");
    ensure!(!printed.contains(PREVIOUS), "{printed}");

    await_watcher(&server)?;
    fs::write(app.root().join("src/later.ts"), "export {};\n")?;
    within(PATIENCE, || Client::connect(&server, "ada")?.join(&room("broken")))
        .with_context(|| server.to_string())?;
    Ok(())
}

/// A second reload, while the modules run again, would give a rendered island two copies of React.
fn a_renamed_channel_reloads_the_worker_once_in_dev(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let (app, server) = sites.start_dev("dev-realtime-renamed")?;
    let folder = app.root().join("src/realtime/quiet");
    let mut ada = Client::connect(&server, "ada")?;
    ada.join(&Join::of("quiet", "id", "x"))?;
    await_watcher(&server)?;
    let reloads = |printed: &str| printed.matches("program reload").count();
    let before = server.wait_for_output(Duration::ZERO, |printed| Some(reloads(printed)))?;
    fs::rename(folder.join("[id].ts"), folder.join("[name].ts"))?;
    within(PATIENCE, || Client::connect(&server, "bob")?.join(&Join::of("quiet", "name", "x")))
        .with_context(|| server.to_string())?;
    // Pages wait for a reload that is due.
    ensure!(server.get("/")?.status == 200);
    let after = server.wait_for_output(Duration::ZERO, |printed| Some(reloads(printed)))?;
    ensure!(after == before + 1, "{} reloads\n{server}", after - before);
    Ok(())
}

fn the_first_channel_can_be_joined_in_dev(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let app = sites.app("dev-first-channel")?;
    let folder = app.root().join("src/realtime");
    let files = ["_middleware.ts", "quiet/[id].ts"];
    let texts = files.map(|file| fs::read_to_string(folder.join(file)));
    fs::remove_dir_all(&folder)?;
    // It imports the channels.
    fs::remove_dir_all(app.root().join("src/pages/realtime"))?;
    let server = sites.serve_dev(&app)?;
    fs::create_dir_all(folder.join("quiet"))?;
    // Vite starts again with the class of the objects, and bundles the dependencies anew.
    restart_by(&server, START, || {
        for (file, text) in files.iter().zip(texts) {
            fs::write(folder.join(file), text?)?;
        }
        Ok(())
    })?;
    server.warm()?;
    let mut ada = Client::connect(&server, "ada").with_context(|| server.to_string())?;
    ada.join(&Join::of("quiet", "id", "x")).with_context(|| server.to_string())?;
    Ok(())
}

/// Vite would load all modules again while the first page with an island is rendered. React fails
/// then, because it meets another copy of itself.
fn a_rendered_client_is_no_late_dependency_in_dev(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let app = sites.app("dev-rendered-client")?;
    let page = "---\nimport { channels } from 'zastro:realtime/client';\n\
        const { status } = channels.rooms({ room: 'x' }).join({ onGap() {} });\n---\n\
        <p>{status.get().state}</p>\n";
    fs::write(app.root().join("src/pages/rendered-client.astro"), page)?;
    let server = sites.serve_dev(&app)?;
    let response = server.get("/rendered-client")?;
    ensure!(response.text().contains("<p>connecting</p>"), "{response}");
    let printed = server.to_string();
    ensure!(!printed.contains("optimized: zastro-websockets-cloudflare"), "{printed}");
    ensure!(!printed.contains("client/page"), "{printed}");
    Ok(())
}

/// The new code finds the storage of the old one, and migrates its tables.
fn a_deploy_continues_channels_with_new_code(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let app = sites.app("deployed")?;
    app.build(&[])?;
    let server = wrangler_dev(&app, configuration()?)?;
    let mut ada = Client::connect(&server, "ada")?;
    let hers = ada.join(&room("deployed"))?;
    ada.ask(&hers, "say", json!({ "text": "before" }))?;
    ada.event(&hers)?;
    let (position, session) = (ada.position(&hers)?, ada.welcome.session.clone());
    publish(&server, "deployed", "missed")?;
    drop(server);

    let older = keep_build(&app)?;
    edit(&app)?;
    app.build(&[("NEXT_VERSION", "yes")])?;
    new_workers_do_not_misunderstand_old_objects(&app, &older)?;

    let server = wrangler_dev(&app, configuration()?)?;
    let mut ada = Client::resume(&server, "ada", &session)?;
    let hers = ada.join(&room("deployed").since(&position))?;
    ensure!(ada.welcome.is_resumed, "{:?}", ada.welcome);
    // The number of the next message: the session goes on.
    ada.send_as(&hers, 2, "say", json!({ "text": "after" }))?;
    ensure!(ada.answer(2)?.is_ok());
    let events = ada.events(&hers, 2)?;
    let said: Vec<&Value> = events.iter().map(|event| &event.data.json()["text"]).collect();
    ensure!(said == ["migrated", "edited after"], "{said:?}");
    Ok(())
}

/// For some minutes after a deploy, objects that have not slept run the old code.
fn new_workers_do_not_misunderstand_old_objects(app: &App, older: &Path) -> Result<()> {
    // The objects keep their names and their storage.
    let newer = configure(app, configuration()?, "of-new-worker", |configuration| {
        configuration.insert("name".to_owned(), json!("site-of-new-worker"));
        for binding in bindings(configuration) {
            binding["script_name"] = json!(SITE);
        }
        configuration.remove("migrations");
    })?;
    let server = wrangler_dev_of_two(app, &newer, older)?;
    let texts = json!({ "room": "any", "texts": ["during a deploy"] });
    let response = server.fetch(&Request::post("/realtime/burst", &texts.to_string()))?;
    let attempts: Value = serde_json::from_slice(&response.body)?;
    ensure!(attempts == json!([{ "code": "SERVICE_UNAVAILABLE" }]), "{attempts}\n{server}");
    // A client is told to try again, on the way that its socket allows.
    let inbox = server.reject(&Identity::of("ada").first_handshake(&server))?;
    ensure!(inbox.status == 503 && inbox.headers.get("retry-after") == Some("5"), "{inbox}");
    let refused = Client::connect(&server, "")?.join_refused(&Join::new("open"))?;
    let is_told = refused.code == "SERVICE_UNAVAILABLE" && refused.retry_after == Some(5000);
    ensure!(is_told, "{refused:?}\n{server}");
    Ok(())
}

/// The bindings of a configuration to Durable Objects.
fn bindings(configuration: &mut Map<String, Value>) -> impl Iterator<Item = &mut Value> {
    let objects = configuration.get_mut("durable_objects").and_then(|it| it.get_mut("bindings"));
    objects.and_then(Value::as_array_mut).into_iter().flatten()
}

/// Keeps a build beside the next one, and returns the path of its configuration.
fn keep_build(app: &App) -> Result<PathBuf> {
    let kept = Path::new(".wrangler/older");
    let _ = fs::remove_dir_all(app.root().join(kept));
    for file in files_ending_with(&app.root().join("dist"), "")? {
        let copy = app.root().join(kept).join(file.strip_prefix(app.root())?);
        fs::create_dir_all(copy.parent().context("a file without a folder")?)?;
        fs::copy(file, copy)?;
    }
    Ok(kept.join(configuration()?))
}

fn an_object_that_is_killed_while_it_writes_keeps_what_it_acknowledged(
    sites: &Sites,
) -> Result<()> {
    /// Enough for the kill to find a write under way.
    const ACKNOWLEDGED: usize = 40;
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let path = sites.configure_build("killed", |_| {})?;
    let server = wrangler_dev(sites.built()?, &path)?;
    let is_killed = AtomicBool::new(false);
    let acknowledged = thread::scope(|scope| -> Result<Vec<Value>> {
        let publishing = scope.spawn(|| {
            let mut positions = Vec::new();
            while let Ok(position) = publish(&server, "killed", &positions.len().to_string()) {
                positions.push(position);
                if positions.len() == ACKNOWLEDGED {
                    is_killed.store(true, Ordering::Release);
                }
            }
            positions
        });
        while !is_killed.load(Ordering::Acquire) {
            ensure!(!publishing.is_finished(), "it cannot publish\n{server}");
            thread::yield_now();
        }
        server.kill_all()?;
        publishing.join().map_err(|_| anyhow::anyhow!("the publisher panicked"))
    })?;
    drop(server);

    let server = wrangler_dev(sites.built()?, &path)?;
    let details = json!({ "room": "killed", "last": 100 }).to_string();
    let response = server.fetch(&Request::post("/realtime/history", &details))?;
    let history: Value = serde_json::from_slice(&response.body)?;
    let messages = history["messages"].as_array().context("no messages")?;
    let kept: Vec<&Value> = messages.iter().map(|message| &message["position"]).collect();
    // The last one may be there without its answer.
    let all: Vec<&Value> = acknowledged.iter().collect();
    ensure!(kept.len() >= all.len() && kept.len() <= all.len() + 1, "{kept:?}, not {all:?}");
    ensure!(kept[..all.len()] == all[..], "{kept:?}, not {all:?}");
    publish(&server, "killed", "goes on")?;
    Ok(())
}

/// Publishes from a page, and returns the position.
fn publish(server: &Server, room: &str, text: &str) -> Result<Value> {
    let details = json!({ "room": room, "text": text }).to_string();
    let response = server.fetch(&Request::post("/realtime/publish", &details))?;
    ensure!(response.status == 200, "{response}");
    Ok(serde_json::from_slice(&response.body)?)
}

fn a_prerendered_page_is_told_that_it_has_no_channels(sites: &Sites) -> Result<()> {
    let app = |name: &str| {
        let app = sites.chat_app(name)?;
        prerendered::add_pages(&app).map(|()| app)
    };
    let server = sites.serve_dev(&app("prerendered-dev")?)?;
    prerendered::is_told_in_dev(&server)?;
    drop(server);
    // There, an error in a prerendered page does not end the build.
    prerendered::is_told_in_a_build(&app("prerendered")?, major()? == 6)?;

    // Node.js has none of the modules of workerd.
    let in_node = app("prerendered-in-node")?;
    in_node.edit(
        "astro.config.mjs",
        "cloudflare({",
        "cloudflare({ prerenderEnvironment: 'node',",
    )?;
    prerendered::is_told_in_a_build(&in_node, false)
}
