//! The page about several processes: its configurations, and the chat of `examples/` on three of
//! them.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::app::App;
use tests::browser::{Browser, NO_CHROMIUM};
use tests::chat::{BACK, CHAT, SOON, Visitor};
use tests::engine::{Engine, Product};
use tests::page::blocks;
use tests::patience::within;
use tests::processes::Process;
use tests::proxy::{HOST, PAGE_OF_SEVERAL, Proxy};
use tests::realtime::client::Join;
use tests::realtime::{Client, Identity};
use tests::server::Server;
use tests::suite::not_applicable;

use super::{Case, cases};
use crate::hosts::{Sites, standalone_server};

pub const CASES: &[Case] = cases![
    the_page_about_several_processes_configures_a_site,
    nginx_spreads_clients_over_processes,
    caddy_spreads_clients_over_processes,
    the_chat_on_three_processes_outlives_each_of_them_and_its_engine,
];

/// The chat of `examples/`, with the configuration on the page.
fn chat(sites: &Sites) -> Result<App> {
    let app = sites.app_of_all(&CHAT, "chat-on-redis")?;
    let blocks = blocks(PAGE_OF_SEVERAL)?;
    let mut configurations = blocks.iter().filter(|block| block.language == "js");
    let configuration = configurations.next().context("no configuration")?;
    fs::write(app.root().join(configuration.file()?), &configuration.text)?;
    app.build(&[])?;
    Ok(app)
}

/// Three processes of the chat.
fn three<'a>(app: &'a App, engine: &Engine) -> Result<[Process<'a>; 3]> {
    let start = || {
        Process::start(engine.address(), |address| {
            let mut command = standalone_server(app, "dist/server/entry.mjs");
            command.env("REDIS_URL", Product::Valkey.url(address));
            Ok(command)
        })
    };
    Ok([start()?, start()?, start()?])
}

fn the_page_about_several_processes_configures_a_site(sites: &Sites) -> Result<()> {
    let app = chat(sites)?;
    let engine = Engine::valkey()?;
    let mut started = 0;
    for block in blocks(PAGE_OF_SEVERAL)?.iter().filter(|block| block.language == "sh") {
        for line in block.text.lines() {
            let Some((variable, program)) = line.split_once(" node ") else {
                // The project has it already.
                ensure!(line == "npm install ioredis", "nobody tests: {line}");
                continue;
            };
            let (name, url) = variable.split_once('=').context("no variable")?;
            let url = url.replace("127.0.0.1:6379", &engine.address().to_string());
            let mut command = standalone_server(&app, program);
            let server = Server::start(command.env(name, url))?;
            watch(&server, "Ada")?.join(&room("page"))?;
            started += 1;
        }
    }
    ensure!(started == 1, "the page starts {started} servers");
    Ok(())
}

fn room(name: &str) -> Join {
    Join::of("rooms", "room", name)
}

/// A member of the chat without a browser.
fn watch(server: &Server, name: &str) -> Result<Client> {
    Client::connect_with(server, Identity::by_header("Cookie", &format!("name={name}")))
}

fn nginx_spreads_clients_over_processes(sites: &Sites) -> Result<()> {
    spreads(sites, Proxy::Nginx)
}

fn caddy_spreads_clients_over_processes(sites: &Sites) -> Result<()> {
    spreads(sites, Proxy::Caddy)
}

/// The number of connections of a process.
fn connections(server: &Server) -> Result<u64> {
    let stats: Value = serde_json::from_str(&server.get("/manager/stats")?.text())?;
    stats["realtime"]["connections"].as_u64().with_context(|| stats.to_string())
}

fn spreads(sites: &Sites, proxy: Proxy) -> Result<()> {
    let engine = Engine::valkey()?;
    let processes = sites.three_on(&engine, &format!("behind-{proxy:?}"))?;
    let addresses = processes.each_ref().map(|process| process.server().address());
    let folder = tempfile::tempdir()?;
    let server = proxy.start_before(PAGE_OF_SEVERAL, folder.path(), &addresses, |lines| lines)?;
    let join = |index: usize| -> Result<Client> {
        let user = Identity::of(&format!("user-{index}")).header("Host", HOST);
        let mut client = Client::connect_with(&server, user)?;
        client.join(&room("spread"))?;
        Ok(client)
    };
    let mut clients = (0..9).map(join).collect::<Result<Vec<_>>>()?;
    for process in &processes {
        let count = connections(&process.server())?;
        ensure!(count > 0, "a process has no connection");
    }
    let hers = clients[0].join(&room("all"))?;
    let rest = clients[1..].iter_mut().map(|client| client.join(&room("all")));
    let joined = rest.collect::<Result<Vec<_>>>()?;
    clients[0].ask(&hers, "say", json!({ "text": "to all" }))?;
    for (client, joined) in clients[1..].iter_mut().zip(&joined) {
        ensure!(client.event(joined)?.data.json()["text"] == "to all");
    }
    // New clients go around a process that is gone, and around one that stops.
    processes[0].kill()?;
    for index in 10..16 {
        within(Duration::from_secs(5), || join(index))?;
    }
    processes[1].server().signal(Signal::TERM)?;
    for index in 20..26 {
        within(Duration::from_secs(5), || join(index))?;
    }
    Ok(())
}

/// It is what the example promises: kill any process, restart the engine, deploy, and nothing is
/// lost.
fn the_chat_on_three_processes_outlives_each_of_them_and_its_engine(sites: &Sites) -> Result<()> {
    if !Browser::is_there() {
        return not_applicable(NO_CHROMIUM);
    }
    let app = chat(sites)?;
    let engine = Engine::valkey()?;
    let processes = three(&app, &engine)?;
    let addresses = processes.each_ref().map(|process| process.server().address());
    // The browser would not accept the certificate of the test.
    let without_tls = |lines: String| {
        let lines = lines.replace("listen 443 ssl", "listen 443");
        let lines = lines.lines().filter(|line| !line.contains("ssl_certificate"));
        lines.map(|line| format!("{line}\n")).collect()
    };
    let folder = tempfile::tempdir()?;
    let proxy = Proxy::Nginx;
    let proxy = proxy.start_before(PAGE_OF_SEVERAL, folder.path(), &addresses, without_tls)?;
    let origin = format!("http://{}", proxy.address());
    let mut ada = Visitor::enter("Ada", &origin, "lobby")?;
    let mut bob = Visitor::enter("Bob", &origin, "lobby")?;
    ada.sees("Ada, Bob")?;
    let mut lines: Vec<String> = Vec::new();
    // What is said while nobody listens waits for the connection.
    let mut says = |text: String, visitors: [&mut Visitor; 2]| -> Result<()> {
        let [speaker, other] = visitors;
        speaker.says(&text)?;
        lines.push(format!("{}: {text}", speaker.name));
        let expected: Vec<&str> = lines.iter().map(String::as_str).collect();
        speaker.shows_within(BACK, &expected)?;
        other.shows_within(BACK, &expected)
    };
    for (index, process) in processes.iter().enumerate() {
        process.kill()?;
        says(format!("after kill {index}"), [&mut ada, &mut bob])?;
        process.start_again()?;
    }
    engine.kill()?;
    engine.restart()?;
    within(BACK, || watch_once(&processes))?;
    says("after the engine".to_owned(), [&mut bob, &mut ada])?;
    for (index, process) in processes.iter().enumerate() {
        process.server().signal(Signal::TERM)?;
        process.server().wait_for_end(SOON)?;
        process.start_again()?;
        says(format!("after deploy {index}"), [&mut ada, &mut bob])?;
    }
    ada.sees("Ada, Bob")
}

/// Joins on each process.
fn watch_once(processes: &[Process<'_>]) -> Result<()> {
    processes
        .iter()
        .try_for_each(|process| watch(&process.server(), "Cy")?.join(&room("elsewhere")).map(drop))
}
