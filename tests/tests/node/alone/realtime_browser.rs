//! The chat of `examples/` in Chromium.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde::Deserialize;
use serde_json::json;
use tests::app::App;
use tests::browser::{Browser, NO_CHROMIUM, Page};
use tests::client::Request;
use tests::line::Line;
use tests::patience::{at_last, within};
use tests::pins::major;
use tests::realtime::Client;
use tests::realtime::client::{ENDPOINT, Join};
use tests::realtime::crowd::{Crowd, are_there};
use tests::realtime::protocol::PROTOCOL;
use tests::server::{Server, free_port};
use tests::suite::not_applicable;

use super::{Case, cases};
use crate::hosts::{CHAT, Sites, start_standalone, start_standalone_on};

pub const CASES: &[Case] = cases![
    two_browsers_chat_through_a_restart_of_the_server,
    a_page_catches_up_when_its_network_returns,
    a_dead_link_is_found_within_thirty_seconds,
    presence_stays_while_pages_are_clicked_through,
    a_page_continues_after_the_back_button,
    a_page_from_the_back_forward_cache_continues,
    a_hidden_tab_continues_when_it_is_shown,
    two_tabs_continue_after_a_deploy,
    the_client_router_leaves_one_room_and_joins_the_next,
    a_late_island_gets_the_messages_since_its_older_position,
];

/// The time in which a page of a busy browser shows a change.
const SOON: Duration = Duration::from_secs(15);

/// The built example. Without a browser nothing is built.
fn chat(sites: &Sites) -> Result<&App> {
    if !Browser::is_there() {
        not_applicable(NO_CHROMIUM)?;
    }
    sites.chat()
}

/// A browser of a visitor in a room.
struct Visitor {
    page: Page,
    _browser: Browser,
}

impl Visitor {
    /// Enters a room by the form of the first page.
    fn enter(name: &str, origin: &str, room: &str) -> Result<Self> {
        let url = format!("{origin}/?room={room}");
        let port = origin.rsplit(':').next().unwrap_or_default();
        let browser = Browser::open(&format!("chat-{name}-{port}"), &url)?;
        let Some(browser) = browser else {
            return not_applicable(NO_CHROMIUM).map(|()| unreachable!("it is an error"));
        };
        let mut page = browser.page()?;
        page.until(SOON, "document.querySelector('[name=name]') !== null")?;
        page.evaluate(&format!(
            "document.querySelector('[name=name]').value = '{name}';
             document.querySelector('button').click()"
        ))?;
        let mut visitor = Self { page, _browser: browser };
        visitor.is_open().with_context(|| format!("{name} in {room}"))?;
        Ok(visitor)
    }

    fn is_open(&mut self) -> Result<()> {
        self.page.until(SOON, "document.querySelector('chat-room')?.dataset.state === 'open'")
    }

    /// Types a text, and does not send it.
    fn types(&mut self, text: &str) -> Result<()> {
        self.page.evaluate(&format!(
            "{{ const input = document.querySelector('[name=text]');
             input.value = '{text}';
             input.dispatchEvent(new Event('input', {{ bubbles: true }})); }}"
        ))?;
        Ok(())
    }

    fn says(&mut self, text: &str) -> Result<()> {
        self.types(text)?;
        self.page.evaluate("document.querySelector('form').requestSubmit()")?;
        Ok(())
    }

    /// The lines of the chat.
    fn lines(&mut self) -> Result<Vec<String>> {
        let lines = "[...document.querySelectorAll('li')].map((line) => line.textContent)";
        Ok(serde_json::from_value(self.page.evaluate(lines)?)?)
    }

    /// Waits until these are the lines of the chat.
    fn shows(&mut self, expected: &[&str]) -> Result<()> {
        within(SOON, || {
            let lines = self.lines()?;
            ensure!(lines == expected, "{lines:?}, not {expected:?}");
            Ok(())
        })
    }

    /// Waits until the line of members is this.
    fn sees(&mut self, expected: &str) -> Result<()> {
        let members = "document.querySelector('output').textContent.split(', ').sort().join(', ')";
        self.page.until(SOON, &format!("{members} === '{expected}'"))
    }
}

/// A member of a room without a browser.
fn watcher(server: &Server, name: &str) -> Result<Client> {
    let request = Request::upgrade(ENDPOINT)
        .header("Sec-WebSocket-Protocol", PROTOCOL)
        .header("Cookie", &format!("name={name}"));
    Client::over(server.open(&request)?)
}

fn room(name: &str) -> Join {
    Join::of("rooms", "room", name)
}

fn two_browsers_chat_through_a_restart_of_the_server(sites: &Sites) -> Result<()> {
    const GAP: &str = "Some messages are missing here.";
    let app = chat(sites)?;
    let port = free_port()?;
    let server = start_standalone_on(app, port)?;
    let mut ada = Visitor::enter("Ada", &server.origin(), "lobby")?;
    let mut bob = Visitor::enter("Bob", &server.origin(), "lobby")?;
    ada.sees("Ada, Bob")?;
    bob.sees("Ada, Bob")?;
    ada.types("hello")?;
    bob.sees("Ada is typing, Bob")?;
    ada.says("hello")?;
    bob.shows(&["Ada: hello"])?;
    ada.shows(&["Ada: hello"])?;
    bob.sees("Ada, Bob")?;

    // The history is rendered by the server, and continued without a gap or a double.
    bob.page.evaluate("location.reload()")?;
    bob.is_open()?;
    ada.says("are you there?")?;
    bob.shows(&["Ada: hello", "Ada: are you there?"])?;

    server.signal(Signal::TERM)?;
    // Browsers keep spare connections, which a server closes after 10 seconds.
    server.wait_for_end(SOON)?;
    for visitor in [&mut ada, &mut bob] {
        let is_told = "document.querySelector('chat-room').dataset.state !== 'open'";
        visitor.page.until(SOON, is_told)?;
    }
    drop(server);
    let _server = start_standalone_on(app, port)?;
    // A client waits up to 20 seconds before it tries again.
    for visitor in [&mut ada, &mut bob] {
        let is_open = "document.querySelector('chat-room').dataset.state === 'open'";
        visitor.page.until(Duration::from_secs(40), is_open)?;
    }
    bob.says("back again")?;
    let lines = ["Ada: hello", "Ada: are you there?", GAP, "Bob: back again"];
    ada.shows(&lines)?;
    bob.shows(&lines)?;
    ada.sees("Ada, Bob")
}

fn a_page_catches_up_when_its_network_returns(sites: &Sites) -> Result<()> {
    let server = start_standalone(chat(sites)?)?;
    let mut ada = Visitor::enter("Ada", &server.origin(), "network")?;
    let mut bob = watcher(&server, "Bob")?;
    let his = bob.join(&room("network"))?;
    bob.ask(&his, "say", json!({ "text": "one" }))?;
    ada.shows(&["Bob: one"])?;
    ada.page.set_offline(true)?;
    let is_away = "document.querySelector('chat-room').dataset.state !== 'open'";
    ada.page.until(SOON, is_away)?;
    bob.ask(&his, "say", json!({ "text": "two" }))?;
    bob.ask(&his, "say", json!({ "text": "three" }))?;
    // What she says meanwhile waits.
    ada.says("and me")?;
    ensure!(ada.lines()? == ["Bob: one"], "{:?}", ada.lines()?);
    ada.page.set_offline(false)?;
    ada.shows(&["Bob: one", "Bob: two", "Bob: three", "Ada: and me"])
}

fn a_dead_link_is_found_within_thirty_seconds(sites: &Sites) -> Result<()> {
    let server = start_standalone(chat(sites)?)?;
    let line = Line::to(server.address())?;
    let mut ada = Visitor::enter("Ada", &format!("http://{}", line.address()), "dead")?;
    let mut bob = watcher(&server, "Bob")?;
    let his = bob.join(&room("dead"))?;
    line.die();
    bob.ask(&his, "say", json!({ "text": "unheard" }))?;
    let is_told = "document.querySelector('chat-room').dataset.state !== 'open'";
    ada.page.until(Duration::from_secs(33), is_told)?;
    line.revive();
    ada.page.until(
        Duration::from_secs(40),
        "document.querySelector('chat-room').dataset.state === 'open'",
    )?;
    ada.shows(&["Bob: unheard"])
}

/// A page that navigates closes its connection, and the next page opens another.
fn presence_stays_while_pages_are_clicked_through(sites: &Sites) -> Result<()> {
    let server = start_standalone(chat(sites)?)?;
    let mut ada = Visitor::enter("Ada", &server.origin(), "clicked")?;
    let mut bob = watcher(&server, "Bob")?;
    let mut seen = Crowd::join(&mut bob, &room("clicked"))?;
    seen.until(&mut bob, SOON, |members| are_there(members, &["Ada"]))?;
    for number in 1..=3 {
        let url = format!("{}/rooms/clicked?page={number}", server.origin());
        ada.page.navigate(&url)?;
        ada.page.until(SOON, &format!("location.search === '?page={number}'"))?;
        ada.is_open()?;
    }
    // Longer than the time after which a closed connection leaves.
    seen.during(&mut bob, Duration::from_secs(7))?;
    ensure!(are_there(&seen.members, &["Ada"]), "{:#?}", seen.members);
    ensure!(seen.departures.is_empty(), "{:?}", seen.departures);
    // She leaves once, when the last page is gone.
    ada.page.navigate("about:blank")?;
    seen.until(&mut bob, SOON, <[_]>::is_empty)?;
    ensure!(seen.departures.len() == 1, "{:?}", seen.departures);
    Ok(())
}

/// The browser may have kept the page, or load it again.
fn a_page_continues_after_the_back_button(sites: &Sites) -> Result<()> {
    let server = start_standalone(chat(sites)?)?;
    let mut ada = Visitor::enter("Ada", &server.origin(), "back")?;
    ada.says("one")?;
    ada.shows(&["Ada: one"])?;
    let mut bob = watcher(&server, "Bob")?;
    let his = bob.join(&room("back"))?;
    ada.page.evaluate("location.href = '/?room=elsewhere'")?;
    ada.page.until(SOON, "location.search === '?room=elsewhere'")?;
    bob.ask(&his, "say", json!({ "text": "two" }))?;
    ada.page.evaluate("history.back()")?;
    ada.page.until(SOON, "location.pathname === '/rooms/back'")?;
    ada.is_open()?;
    ada.shows(&["Ada: one", "Bob: two"])?;
    ada.says("three")?;
    ada.shows(&["Ada: one", "Bob: two", "Ada: three"])
}

/// Unlike a page that is loaded again, it keeps its variables.
fn a_page_from_the_back_forward_cache_continues(sites: &Sites) -> Result<()> {
    let server = start_standalone(chat(sites)?)?;
    let mut ada = Visitor::enter("Ada", &server.origin(), "kept")?;
    let mut bob = watcher(&server, "Bob")?;
    let mut seen = Crowd::join(&mut bob, &room("kept"))?;
    seen.until(&mut bob, SOON, |members| are_there(members, &["Ada"]))?;
    ada.says("one")?;
    ada.shows(&["Ada: one"])?;
    ada.page.evaluate("window.isKept = true; location.href = '/?room=elsewhere'")?;
    ada.page.until(SOON, "location.search === '?room=elsewhere'")?;
    // A page in the cache is no member.
    let taken = seen.until(&mut bob, SOON, <[_]>::is_empty)?;
    ensure!(taken < Duration::from_secs(9), "she left after {taken:?}");
    let his = seen.joined.clone();
    bob.ask(&his, "say", json!({ "text": "two" }))?;
    ada.page.evaluate("history.back()")?;
    ada.page.until(SOON, "location.pathname === '/rooms/kept'")?;
    if ada.page.evaluate("window.isKept === true")? != true {
        return not_applicable("Chromium has not kept the page");
    }
    ada.is_open()?;
    ada.shows(&["Ada: one", "Bob: two"])?;
    seen.until(&mut bob, SOON, |members| are_there(members, &["Ada"]))?;
    ada.says("three")?;
    ada.shows(&["Ada: one", "Bob: two", "Ada: three"])
}

/// Its timers stand still, and its connection dies meanwhile.
fn a_hidden_tab_continues_when_it_is_shown(sites: &Sites) -> Result<()> {
    let server = start_standalone(chat(sites)?)?;
    let line = Line::to(server.address())?;
    let mut ada = Visitor::enter("Ada", &format!("http://{}", line.address()), "hidden")?;
    ada.page.evaluate(
        "window.visibility = [document.visibilityState];
         addEventListener('visibilitychange', () => visibility.push(document.visibilityState))",
    )?;
    let mut bob = watcher(&server, "Bob")?;
    let his = bob.join(&room("hidden"))?;
    ada.page.freeze()?;
    bob.ask(&his, "say", json!({ "text": "one" }))?;
    // The browser has it.
    thread::sleep(Duration::from_secs(1));
    line.die();
    bob.ask(&his, "say", json!({ "text": "two" }))?;
    thread::sleep(Duration::from_secs(26));
    line.revive();
    bob.ask(&his, "say", json!({ "text": "three" }))?;
    ada.page.show()?;
    let shown = Instant::now();
    ada.shows(&["Bob: one", "Bob: two", "Bob: three"])?;
    // A ping is answered within 5 seconds, and the first attempt follows soon.
    ensure!(shown.elapsed() < Duration::from_secs(12), "it took {:?}", shown.elapsed());
    let visibility = ada.page.evaluate("visibility")?;
    ensure!(visibility == json!(["visible", "hidden", "visible"]), "{visibility}");
    Ok(())
}

/// What a page of `tests/projects/chat` has recorded.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Watched {
    texts: Vec<String>,
    gaps: Vec<String>,
    /// Each list of members.
    lists: Vec<String>,
    /// The waits until the next attempt, in milliseconds.
    waits: Vec<f64>,
    is_outdated: bool,
}

impl Watched {
    fn of(visitor: &mut Visitor) -> Result<Self> {
        Ok(serde_json::from_value(visitor.page.evaluate("watched")?)?)
    }
}

/// The old process drains. The new one has other channel files, and nobody in its memory.
fn two_tabs_continue_after_a_deploy(sites: &Sites) -> Result<()> {
    let app = chat(sites)?;
    let next = sites.app_of_all(&CHAT, "chat-deployed")?;
    next.edit("src/realtime/rooms/[room].ts", "max(500)", "max(501)")?;
    next.build(&[])?;
    let port = free_port()?;
    let server = start_standalone_on(app, port)?;
    let mut tabs = Vec::new();
    for name in ["Ada", "Bob"] {
        let mut visitor = Visitor::enter(name, &server.origin(), "elsewhere")?;
        visitor.page.navigate(&format!("{}/watched", server.origin()))?;
        visitor.page.until(SOON, "window.watched?.state === 'open'")?;
        tabs.push(visitor);
    }
    for tab in &mut tabs {
        tab.page.until(SOON, "watched.lists.at(-1) === 'Ada, Bob'")?;
        ensure!(!Watched::of(tab)?.is_outdated, "it is outdated");
        tab.page.evaluate("watched.lists = []; say('before')")?;
    }
    server.signal(Signal::TERM)?;
    for tab in &mut tabs {
        tab.page.until(SOON, "watched.state !== 'open'")?;
    }
    // The old process listens no longer, and waits for spare connections of the browsers.
    let _new = at_last(|| start_standalone_on(&next, port))?;
    for tab in &mut tabs {
        tab.page.until(SOON, "watched.state === 'open'")?;
    }
    for tab in &mut tabs {
        tab.page.evaluate("say('after')")?;
    }
    // Longer than the time after which a lost member leaves.
    thread::sleep(Duration::from_secs(17));
    let mut waits = Vec::new();
    for tab in &mut tabs {
        let watched = Watched::of(tab)?;
        let texts: Vec<&str> = watched.texts.iter().map(String::as_str).collect();
        ensure!(texts == ["before", "before", "after", "after"], "{watched:?}");
        ensure!(watched.gaps == ["restarted"], "{watched:?}");
        ensure!(watched.is_outdated, "{watched:?}");
        let is_whole = watched.lists.iter().all(|list| list == "Ada, Bob");
        ensure!(is_whole, "presence flickers: {watched:?}");
        waits.push(*watched.waits.first().context("it did not wait")?);
    }
    ensure!(waits[0] != waits[1], "they come back at once: {waits:?}");
    Ok(())
}

fn the_client_router_leaves_one_room_and_joins_the_next(sites: &Sites) -> Result<()> {
    if major()? < 5 {
        not_applicable("Astro 4 has no `ClientRouter`")?;
    }
    chat(sites)?;
    let app = sites.app_of_all(&CHAT, "chat-router")?;
    let path = app.root().join("src/pages/rooms/[room].astro");
    let text = fs::read_to_string(&path)?;
    let routed = text
        .replacen("---\n", "---\nimport { ClientRouter } from 'astro:transitions';\n", 1)
        .replacen("<title>", "<ClientRouter />\n<title>", 1);
    ensure!(routed.matches("ClientRouter").count() == 2, "{routed}");
    fs::write(&path, routed)?;
    app.build(&[])?;
    let server = start_standalone(&app)?;

    let mut ada = Visitor::enter("Ada", &server.origin(), "first")?;
    let mut bob = watcher(&server, "Bob")?;
    let mut first = Crowd::join(&mut bob, &room("first"))?;
    let second = bob.join(&room("second"))?;
    first.until(&mut bob, SOON, |members| are_there(members, &["Ada"]))?;
    bob.ask(&second, "say", json!({ "text": "welcome" }))?;
    ada.page.evaluate(
        "window.isSameDocument = true;
         document.body.insertAdjacentHTML('beforeend', '<a href=\"/rooms/second\">second</a>');
         document.querySelector('a').click()",
    )?;
    // The address changes before the page does.
    ada.page.until(SOON, "document.querySelector('h1').textContent === 'second'")?;
    ada.is_open()?;
    let taken = first.until(&mut bob, SOON, <[_]>::is_empty)?;
    ensure!(taken < Duration::from_secs(4), "she left the first room after {taken:?}");
    ada.says("thanks")?;
    ada.shows(&["Bob: welcome", "Ada: thanks"])?;
    ada.page.until(SOON, "window.isSameDocument === true")?;
    // Back again, and the script has run once.
    ada.page.evaluate("history.back()")?;
    ada.page.until(SOON, "document.querySelector('h1').textContent === 'first'")?;
    ada.is_open()?;
    ada.says("home")?;
    ada.shows(&["Ada: home"])
}

fn a_late_island_gets_the_messages_since_its_older_position(sites: &Sites) -> Result<()> {
    let server = start_standalone(chat(sites)?)?;
    let mut bob = watcher(&server, "Bob")?;
    let his = bob.join(&room("late"))?;
    let mut say = |text: &str| bob.ask(&his, "say", json!({ "text": text })).map(drop);
    say("rendered")?;
    let mut ada = Visitor::enter("Ada", &server.origin(), "elsewhere")?;
    ada.page.navigate(&format!("{}/late", server.origin()))?;
    let shows = |ada: &mut Visitor, id: &str, text: &str| -> Result<()> {
        let shown = format!("document.querySelector('#{id}')?.textContent === '{text}'");
        ada.page.until(SOON, &shown).with_context(|| format!("{id}: {text}"))
    };
    ada.page.until(SOON, "typeof window.hydrateLate === 'function'")?;
    say("one")?;
    say("two")?;
    shows(&mut ada, "early", "one two ")?;
    ada.page.evaluate("hydrateLate()")?;
    shows(&mut ada, "late", "one two ")?;
    say("three")?;
    shows(&mut ada, "late", "one two three ")?;
    shows(&mut ada, "early", "one two three ")
}
