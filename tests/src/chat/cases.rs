//! Pages that lose their connection, and pages that navigate.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{BACK, Chat, SOON, Visitor, needs_a_browser, room, saying, served, watcher};
use crate::line::Line;
use crate::pins::major;
use crate::realtime::crowd::{Crowd, are_there};
use crate::suite::not_applicable;

/// What the others say meanwhile arrives, and what the page says is sent.
pub fn a_page_catches_up_when_its_network_returns<H: Chat>(host: &H) -> Result<()> {
    let server = served(host)?;
    let mut ada = Visitor::enter("Ada", &server.origin(), "network")?;
    let mut bob = watcher(&server, "Bob")?;
    let his = bob.join(&room("network"))?;
    bob.ask(&his, "say", saying("one"))?;
    ada.shows(&["Bob: one"])?;
    ada.page.set_offline(true)?;
    ada.is_away()?;
    bob.ask(&his, "say", saying("two"))?;
    bob.ask(&his, "say", saying("three"))?;
    // What she says meanwhile waits.
    ada.says("and me")?;
    ensure!(ada.lines()? == ["Bob: one"], "{:?}", ada.lines()?);
    ada.page.set_offline(false)?;
    ada.shows(&["Bob: one", "Bob: two", "Bob: three", "Ada: and me"])
}

/// No packet arrives any more, and nothing tells so.
pub fn a_dead_link_is_found_within_thirty_seconds<H: Chat>(host: &H) -> Result<()> {
    let server = served(host)?;
    let line = Line::to(server.address())?;
    let mut ada = Visitor::enter("Ada", &format!("http://{}", line.address()), "dead")?;
    let mut bob = watcher(&server, "Bob")?;
    let his = bob.join(&room("dead"))?;
    line.die()?;
    bob.ask(&his, "say", saying("unheard"))?;
    ada.is_away_within(Duration::from_secs(33))?;
    line.revive()?;
    ada.is_open_within(BACK)?;
    ada.shows(&["Bob: unheard"])
}

/// A page that navigates closes its connection, and the next page opens another.
pub fn presence_stays_while_pages_are_clicked_through<H: Chat>(host: &H) -> Result<()> {
    let server = served(host)?;
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
pub fn a_page_continues_after_the_back_button<H: Chat>(host: &H) -> Result<()> {
    let server = served(host)?;
    let mut ada = Visitor::enter("Ada", &server.origin(), "back")?;
    ada.says("one")?;
    ada.shows(&["Ada: one"])?;
    let mut bob = watcher(&server, "Bob")?;
    let his = bob.join(&room("back"))?;
    ada.page.evaluate("location.href = '/?room=elsewhere'")?;
    ada.page.until(SOON, "location.search === '?room=elsewhere'")?;
    bob.ask(&his, "say", saying("two"))?;
    ada.page.evaluate("history.back()")?;
    ada.page.until(SOON, "location.pathname === '/rooms/back'")?;
    ada.is_open()?;
    ada.shows(&["Ada: one", "Bob: two"])?;
    ada.says("three")?;
    ada.shows(&["Ada: one", "Bob: two", "Ada: three"])
}

/// Unlike a page that is loaded again, it keeps its variables.
pub fn a_page_from_the_back_forward_cache_continues<H: Chat>(host: &H) -> Result<()> {
    let server = served(host)?;
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
    bob.ask(&his, "say", saying("two"))?;
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
pub fn a_hidden_tab_continues_when_it_is_shown<H: Chat>(host: &H) -> Result<()> {
    let server = served(host)?;
    let line = Line::to(server.address())?;
    let mut ada = Visitor::enter("Ada", &format!("http://{}", line.address()), "hidden")?;
    ada.page.evaluate(
        "window.visibility = [document.visibilityState];
         addEventListener('visibilitychange', () => visibility.push(document.visibilityState))",
    )?;
    let mut bob = watcher(&server, "Bob")?;
    let his = bob.join(&room("hidden"))?;
    ada.page.freeze()?;
    bob.ask(&his, "say", saying("one"))?;
    // The browser has it.
    thread::sleep(Duration::from_secs(1));
    line.die()?;
    bob.ask(&his, "say", saying("two"))?;
    thread::sleep(Duration::from_secs(26));
    line.revive()?;
    bob.ask(&his, "say", saying("three"))?;
    ada.page.show()?;
    let shown = Instant::now();
    ada.shows(&["Bob: one", "Bob: two", "Bob: three"])?;
    // A ping is answered within 5 seconds, and the first attempt follows soon.
    ensure!(shown.elapsed() < Duration::from_secs(12), "it took {:?}", shown.elapsed());
    let visibility = ada.page.evaluate("visibility")?;
    ensure!(visibility == json!(["visible", "hidden", "visible"]), "{visibility}");
    Ok(())
}

/// The document stays, so its scripts have to leave by themselves.
pub fn the_client_router_leaves_one_room_and_joins_the_next<H: Chat>(host: &H) -> Result<()> {
    if major()? < 5 {
        not_applicable("Astro 4 has no `ClientRouter`")?;
    }
    needs_a_browser()?;
    let app = host.another_chat("chat-router")?;
    let path = app.root().join("src/layouts/Page.astro");
    let text = fs::read_to_string(&path)?;
    let routed = text
        .replacen("---\n", "---\nimport { ClientRouter } from 'astro:transitions';\n", 1)
        .replacen("<title>", "<ClientRouter />\n<title>", 1);
    ensure!(routed.matches("ClientRouter").count() == 2, "{routed}");
    fs::write(&path, routed)?;
    app.build(&[])?;
    let server = host.preview_chat(&app)?;

    let mut ada = Visitor::enter("Ada", &server.origin(), "first")?;
    let mut bob = watcher(&server, "Bob")?;
    let mut first = Crowd::join(&mut bob, &room("first"))?;
    let second = bob.join(&room("second"))?;
    first.until(&mut bob, SOON, |members| are_there(members, &["Ada"]))?;
    bob.ask(&second, "say", saying("welcome"))?;
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

/// Its page was rendered before messages that the page's join has had already.
pub fn a_late_island_gets_the_messages_since_its_older_position<H: Chat>(host: &H) -> Result<()> {
    let server = served(host)?;
    let mut bob = watcher(&server, "Bob")?;
    let his = bob.join(&room("late"))?;
    let mut say = |text: &str| bob.ask(&his, "say", saying(text)).map(drop);
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
