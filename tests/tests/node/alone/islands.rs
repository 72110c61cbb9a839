//! Stores of channels in islands of React, Solid, Svelte and Vue.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use rustix::process::Signal;
use serde_json::{Value, json};
use tests::browser::{Browser, NO_CHROMIUM, Page};
use tests::pins::is_newest;
use tests::realtime::Client;
use tests::realtime::client::Join;
use tests::suite::not_applicable;
use tests::tools::{Tools, run};

use super::{Case, cases};
use crate::hosts::{Sites, start_standalone};

pub const CASES: &[Case] = cases![
    stores_show_presence_and_status_in_islands_of_four_frameworks,
    islands_that_hydrate_late_show_what_the_others_have,
    the_islands_of_the_guide_show_members_and_messages,
    the_types_of_the_bindings_take_the_stores,
];

const FRAMEWORKS: [&str; 4] = ["react", "solid", "svelte", "vue"];

/// The integrations of the site are those of the newest Astro.
const OTHER_ASTRO: &str = "the site with islands is for the newest Astro";

fn stores_show_presence_and_status_in_islands_of_four_frameworks(sites: &Sites) -> Result<()> {
    needs_newest_and_browser()?;
    let server = start_standalone(sites.islands()?)?;
    let html = server.get("/")?.text();
    let rendered = without_comments(&html);
    for framework in FRAMEWORKS {
        let first = format!("id=\"{framework}\">connecting:");
        ensure!(rendered.contains(&first), "{framework}: {html}");
    }

    let browser = Browser::open("islands", &server.origin())?.context("no browser")?;
    let mut page = browser.page()?;
    let mut all = |expected: &str| all_show(&mut page, &FRAMEWORKS, expected);
    all("open: visitor is glad")?;
    let mut bob = Client::connect(&server, "bob")?;
    let his =
        bob.join(&Join::of("rooms", "room", "islands").presence(json!({ "mood": "calm" })))?;
    all("open: bob is calm, visitor is glad")?;
    bob.present(&his, json!({ "mood": "sad" }))?;
    all("open: bob is sad, visitor is glad")?;
    bob.leave(&his)?;
    all("open: visitor is glad")?;

    // While the connection is lost, the last list stays.
    server.signal(Signal::KILL)?;
    all("(waiting|connecting): visitor is glad")?;
    all_are_hydrated(&mut page)
}

fn islands_that_hydrate_late_show_what_the_others_have(sites: &Sites) -> Result<()> {
    needs_newest_and_browser()?;
    let server = start_standalone(sites.islands()?)?;
    let late = format!("{}/late", server.origin());
    let browser = Browser::open("late-islands", &late)?.context("no browser")?;
    let mut page = browser.page()?;
    let (first, others) = (&FRAMEWORKS[..1], &FRAMEWORKS[1..]);
    all_show(&mut page, first, "open: visitor is glad")?;
    all_show(&mut page, others, "connecting:")?;
    page.evaluate("document.querySelector('#late').scrollIntoView()")?;
    all_show(&mut page, others, "open: visitor is glad")?;
    all_are_hydrated(&mut page)
}

fn the_islands_of_the_guide_show_members_and_messages(sites: &Sites) -> Result<()> {
    const GUIDE: [&str; 2] = ["react", "svelte"];
    needs_newest_and_browser()?;
    let server = start_standalone(sites.islands()?)?;
    let its_page = server.get("/boards/lobby")?;
    ensure!(its_page.text().contains("Say hello"), "{its_page}");

    let guide = format!("{}/guide", server.origin());
    let browser = Browser::open("guide-islands", &guide)?.context("no browser")?;
    let mut page = browser.page()?;
    for framework in GUIDE {
        let island = format!("#{framework} > astro-island");
        shows(&mut page, &island, "visitor *Say hello")?;
        let mut bob = Client::connect(&server, "bob")?;
        let his = bob.join(&Join::of("boards", "board", framework).presence(json!({})))?;
        bob.ask(&his, "add", json!("hi"))?;
        shows(&mut page, &island, "visitor, bob *bob: hi *Say hello")?;
        page.evaluate(&format!("document.querySelector('#{framework} button').click()"))?;
        shows(&mut page, &island, "visitor, bob *bob: hi *visitor: hello *Say hello")?;
    }
    all_are_hydrated(&mut page)
}

fn needs_newest_and_browser() -> Result<()> {
    if !is_newest()? {
        return not_applicable(OTHER_ASTRO);
    }
    if !Browser::is_there() {
        return not_applicable(NO_CHROMIUM);
    }
    Ok(())
}

/// Waits until the islands of frameworks show a text.
///
/// `expected` is a regular expression.
fn all_show(page: &mut Page, frameworks: &[&str], expected: &str) -> Result<()> {
    frameworks.iter().try_for_each(|framework| shows(page, &format!("#{framework}"), expected))
}

/// Waits until an element has a text, which `expected` describes as a regular expression.
fn shows(page: &mut Page, selector: &str, expected: &str) -> Result<()> {
    const SOON: Duration = Duration::from_secs(15);
    let shown = format!("document.querySelector('{selector}')?.textContent.trim()");
    let is_shown = format!("/^{expected}$/.test({shown})");
    page.until(SOON, &is_shown).with_context(|| {
        format!("{selector} shows {:?}", page.evaluate(&shown).unwrap_or_default())
    })
}

fn all_are_hydrated(page: &mut Page) -> Result<()> {
    let unhydrated = page.evaluate("document.querySelectorAll('astro-island[ssr]').length")?;
    ensure!(unhydrated == 0, "{unhydrated} islands are not hydrated");
    let complaints: Vec<Value> = serde_json::from_value(page.evaluate("complaints")?)?;
    ensure!(complaints.is_empty(), "{complaints:#?}");
    Ok(())
}

/// React separates texts by comments, and Svelte and Solid mark their parts.
fn without_comments(html: &str) -> String {
    let mut parts = html.split("<!--");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once("-->").map_or("", |(_, rest)| rest))
}

fn the_types_of_the_bindings_take_the_stores(sites: &Sites) -> Result<()> {
    if !is_newest()? {
        return not_applicable(OTHER_ASTRO);
    }
    let app = sites.islands()?;
    run(Tools::get()?.tsc().current_dir(app.root()).args(["--noEmit", "-p", "."]))
}
