//! A site with channels beside everything else that a Worker may have: objects, a queue, a schedule
//! and a Worker in front. Also what its channels cost.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::app::App;
use tests::chat::Place;
use tests::client::{Request, Socket};
use tests::locations::repository;
use tests::project::add_pinned;
use tests::realtime::protocol::PROTOCOL;
use tests::server::Server;
use tests::suite::not_applicable;
use tests::tools::run;

use super::{Case, cases};
use crate::hosts::{NO_CHANNELS, Sites, configuration, is_before_workerd, start, wrangler_dev_at};

pub const CASES: &[Case] = cases![channels_stand_beside_objects_queues_schedules_and_other_workers];

/// A channel without presence, for clients without the protocol.
const LOBBY: &str = "/_realtime/lobby";

/// The last day on which a Worker could not call the methods of its objects by default. The chat has
/// no date of its own, and so the newest.
const DATE: &str = "2024-04-02";

/// The project with the test for Vitest.
const VITEST: &str = "vitest";

/// The name of the queue.
const QUEUE: &str = "telling";

fn channels_stand_beside_objects_queues_schedules_and_other_workers(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let app = sites.project()?.app_of("objects", "objects-with-everything")?;
    let file = json!({
        "name": "site",
        "main": "./src/worker-with-channels.ts",
        "compatibility_date": DATE,
        "durable_objects": { "bindings": [{ "name": "COUNTERS", "class_name": "Counter" }] },
        "exports": { "Counter": { "type": "durable-object", "storage": "sqlite" } },
        "queues": {
            "producers": [{ "binding": "TELLING", "queue": QUEUE }],
            "consumers": [{ "queue": QUEUE, "max_batch_timeout": 0 }],
        },
        "triggers": { "crons": ["0 3 * * *"] },
    });
    fs::write(app.root().join("wrangler.jsonc"), file.to_string())?;
    app.build(&[])?;
    let place = Place::new()?;
    let server = wrangler_dev_at(&app, configuration()?, &place)?;
    handlers_publish(&server).with_context(|| server.to_string())?;
    costs_what_the_page_says(&server).with_context(|| server.to_string())?;
    drop(server);
    is_reached_through_another_worker(&app)?;
    runs_in_vitest(&app)
}

/// The site's own queue and schedule run, and reach the members of a channel.
fn handlers_publish(server: &Server) -> Result<()> {
    ensure!(server.get("/count")?.text() == "1", "the site's own object does not count");
    let mut lobby = server.open(&Request::upgrade(LOBBY))?;
    tell(server, "hello")?;
    let heard = lobby.text()?;
    ensure!(heard == r#"{"type":"told","data":"queue: hello"}"#, "{heard}");
    let ran = server.get("/cdn-cgi/handler/scheduled?cron=0+3+*+*+*")?;
    ensure!(ran.status == 200, "{ran}");
    let heard = lobby.text()?;
    ensure!(heard == r#"{"type":"told","data":"cron: 0 3 * * *"}"#, "{heard}");
    Ok(())
}

/// Lets the site's queue publish a text.
fn tell(server: &Server, text: &str) -> Result<()> {
    let told = server.fetch(&Request::post("/tell", text))?;
    ensure!(told.status == 204, "{told}");
    Ok(())
}

/// The rows that workerd counts are those in the table of `docs/realtime.md`.
fn costs_what_the_page_says(server: &Server) -> Result<()> {
    let rows = || -> Result<u32> { Ok(server.get("/rows")?.text().parse()?) };
    rows()?;
    let mut lobby = server.open(&Request::upgrade(LOBBY))?;
    let joined_without_presence = rows()?;
    tell(server, "hello")?;
    lobby.text()?;
    let published = rows()?;
    // The queue keeps a snapshot, then publishes.
    tell(server, "snapshot")?;
    lobby.text()?;
    let first_kept = rows()? - published;
    tell(server, "snapshot")?;
    lobby.text()?;
    let kept = rows()? - published;
    let mut ada = Member::join(server)?;
    ada.says()?;
    ada.types()?;
    let in_a_new_channel = rows()?;
    let mut bob = Member::join(server)?;
    let joined = rows()?;
    bob.says()?;
    let said = rows()?;
    bob.types()?;
    let typed = rows()?;
    bob.0.send(r#"["cast",1,"wave"]"#)?;
    bob.0.send("ping")?;
    ensure!(bob.0.text()? == "pong");
    let cast = rows()?;
    // Whoever left is a member for five seconds.
    bob.0.close(1000, "")?;
    ada.takes("changes", |frame| frame[2]["left"].as_array().is_some_and(|left| !left.is_empty()))?;
    let left = rows()?;
    let measured = [
        ("a new channel", in_a_new_channel - joined - said - typed),
        ("a published message", published),
        ("a snapshot, the first one", first_kept),
        ("a snapshot", kept),
        ("a message of a client", said),
        ("an ephemeral message of a client", cast),
        ("a join", joined_without_presence),
        ("a join with presence", joined),
        ("a change of presence data", typed),
        ("a page that closes with presence", left),
    ];
    ensure!(measured.map(|(_, rows)| rows) == [14, 1, 3, 1, 2, 0, 1, 2, 1, 5], "{measured:?}");
    Ok(())
}

/// A visitor in a room, which speaks the protocol by hand.
struct Member(Socket);

impl Member {
    fn join(server: &Server) -> Result<Self> {
        let target = "/_realtime?channel=rooms&param.room=costs";
        let request = Request::upgrade(target).header("Sec-WebSocket-Protocol", PROTOCOL);
        let mut member = Self(server.open(&request)?);
        member.0.send(r#"["hello",{}]"#)?;
        let join = r#"["join",1,"rooms",{"room":"costs"},{"presence":{"typing":false}}]"#;
        member.0.send(join)?;
        // Changes are gathered. With this one, nothing of the join is under way.
        member.takes("members", |_| true)?;
        Ok(member)
    }

    fn says(&mut self) -> Result<()> {
        self.0.send(r#"["send",1,1,"say","hello"]"#)?;
        self.takes("reply", |_| true)
    }

    fn types(&mut self) -> Result<()> {
        self.0.send(r#"["presence",1,{"typing":true}]"#)?;
        self.takes("changes", |frame| frame[2].to_string().contains(r#""typing":true"#))
    }

    /// Waits for a frame of this type.
    fn takes(&mut self, kind: &str, is_it: impl Fn(&Value) -> bool) -> Result<()> {
        loop {
            let text = self.0.text_within(Duration::from_secs(15))?.context("no frame came")?;
            let frame: Value = serde_json::from_str(&text)?;
            if frame[0] == kind && is_it(&frame) {
                return Ok(());
            }
        }
    }
}

fn is_reached_through_another_worker(app: &App) -> Result<()> {
    let mut command = app.wrangler_server(["dev", "--ip", "127.0.0.1", "--port", "0"]);
    command.args(["--inspector-port", "0", "--show-interactive-dev-session", "false"]).args([
        "--config",
        "gateway/wrangler.jsonc",
        "--config",
        configuration()?,
    ]);
    let gateway = start(&mut command)?;
    let mut lobby = gateway.open(&Request::upgrade(LOBBY))?;
    lobby.send(r#"{"type":"ping","id":1}"#)?;
    let heard = lobby.text_within(Duration::from_secs(10))?;
    ensure!(heard.as_deref() == Some(r#"{"reply":1,"data":"pong"}"#), "{heard:?}\n{gateway}");
    Ok(())
}

/// Cloudflare's plugin for Vitest runs tests beside the built Worker. Before, it was called
/// `@cloudflare/vitest-pool-workers`.
fn runs_in_vitest(app: &App) -> Result<()> {
    add_pinned(app, VITEST, &["vitest", "@cloudflare/vitest-plugin"])?;
    let sources = repository().join("tests/projects").join(VITEST);
    for file in ["vitest.config.js", "channels.test.js"] {
        fs::copy(sources.join(file), app.root().join(file))?;
    }
    run(app.node_script("node_modules/vitest/vitest.mjs").arg("run"))
}
