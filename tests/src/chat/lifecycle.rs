//! Restarts and deploys of the server.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{BACK, Chat, Place, SOON, Visitor, chat};
use crate::patience::at_last;

/// Where messages outlive the server, no page misses any.
pub fn two_browsers_chat_through_a_restart_of_the_server<H: Chat>(host: &H) -> Result<()> {
    const GAP: &str = "Some messages are missing here.";
    let app = chat(host)?;
    let place = Place::new()?;
    let server = host.start_at(app, &place)?;
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

    if let Some(draining) = host.end(server)? {
        // Browsers keep spare connections, which a server closes after 10 seconds.
        draining.wait_for_end(SOON)?;
    }
    for visitor in [&mut ada, &mut bob] {
        visitor.is_away()?;
    }
    let _server = host.start_at(app, &place)?;
    for visitor in [&mut ada, &mut bob] {
        visitor.is_open_within(BACK)?;
    }
    bob.says("back again")?;
    let mut lines = vec!["Ada: hello", "Ada: are you there?", GAP, "Bob: back again"];
    lines.retain(|line| !H::KEEPS_MESSAGES || *line != GAP);
    ada.shows(&lines)?;
    bob.shows(&lines)?;
    ada.sees("Ada, Bob")
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

/// The old server may drain. The new one has other channel files, and nobody in its memory.
pub fn two_tabs_continue_after_a_deploy<H: Chat>(host: &H) -> Result<()> {
    let app = chat(host)?;
    let next = host.another_chat("chat-deployed")?;
    next.edit("src/realtime/rooms/[room].ts", "max(500)", "max(501)")?;
    next.build(&[])?;
    let place = Place::new()?;
    let server = host.start_at(app, &place)?;
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
    let draining = host.end(server)?;
    for tab in &mut tabs {
        tab.page.until(SOON, "watched.state !== 'open'")?;
    }
    // A server that drains listens no longer, and waits for spare connections of the browsers.
    let _new = at_last(|| host.start_at(&next, &place))?;
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
        let gaps: &[&str] = if H::KEEPS_MESSAGES { &[] } else { &["restarted"] };
        ensure!(watched.gaps == gaps, "{watched:?}");
        ensure!(watched.is_outdated, "{watched:?}");
        let is_whole = watched.lists.iter().all(|list| list == "Ada, Bob");
        ensure!(is_whole, "presence flickers: {watched:?}");
        waits.push(*watched.waits.first().context("it did not wait")?);
    }
    ensure!(waits[0] != waits[1], "they come back at once: {waits:?}");
    drop(draining);
    Ok(())
}
