//! The sites of `examples/` in Chromium, beside the chat, on any runtime that has channels.

mod cursors;
mod dashboard;
mod device;
mod notifications;
mod whiteboard;

use std::time::Duration;

use anyhow::{Context, Result};

use crate::app::App;
use crate::browser::{Browser, Page};
use crate::chat::{BACK, Chat, SOON, needs_a_browser};
use crate::pins::major;
use crate::server::Server;
use crate::suite::{Case, not_applicable};

use cursors::the_cursors_show_who_is_where;
use dashboard::the_dashboard_shows_the_sales_of_the_server;
use device::a_device_without_a_browser_measures_and_obeys;
use notifications::an_action_and_a_schedule_notify_users;
use whiteboard::the_whiteboard_is_drawn_by_two_pages_and_outlives_a_restart;

/// What an operator tells the sites.
pub const VARIABLES: [(&str, &str); 2] = [("CRON_SECRET", SECRET), ("DEVICES", DEVICES)];

/// The secret of the job that calls a site each minute.
pub const SECRET: &str = "of-the-cron-job";

/// The devices and their tokens.
const DEVICES: &str = "boiler:of-the-boiler,cellar:of-the-cellar";

/// A runtime that serves every example. Its servers know the [`VARIABLES`].
pub trait Examples: Chat {
    /// What the examples do in a browser.
    const CASES: &'static [Case<Self>] = crate::cases![
        the_whiteboard_is_drawn_by_two_pages_and_outlives_a_restart,
        the_dashboard_shows_the_sales_of_the_server,
        the_cursors_show_who_is_where,
        an_action_and_a_schedule_notify_users,
        a_device_without_a_browser_measures_and_obeys,
    ];

    /// The built example. Only what the pages say is changed for the runtime.
    fn example(&self, name: &str) -> Result<App>;

    /// The browser that all examples share.
    fn browser(&self) -> Result<&Browser>;

    /// Does what the runtime does each minute.
    fn run_schedule(&self, server: &Server) -> Result<()>;
}

/// The built example. Without a browser nothing is built.
fn example(host: &impl Examples, name: &str) -> Result<App> {
    needs_a_browser()?;
    host.example(name)
}

/// Ends the case of an example that earlier Astros cannot run.
fn needs_astro(first: u64, reason: &'static str) -> Result<()> {
    if major()? < first { not_applicable(reason) } else { Ok(()) }
}

/// A page, once its channel is open.
fn open(host: &impl Examples, server: &Server, path: &str, element: &str) -> Result<Page> {
    let mut page = host.browser()?.tab(&format!("{}{path}", server.origin()))?;
    is_open(&mut page, element)?;
    Ok(page)
}

fn is_open(page: &mut Page, element: &str) -> Result<()> {
    page.until(BACK, &format!("document.querySelector('{element}')?.dataset.state === 'open'"))
        .with_context(|| format!("{element} is not open"))
}

/// Waits until an element of the page has this text.
fn reads(page: &mut Page, selector: &str, text: &str) -> Result<()> {
    reads_within(SOON, page, selector, text)
}

fn reads_within(limit: Duration, page: &mut Page, selector: &str, text: &str) -> Result<()> {
    let shown = format!("document.querySelector('{selector}')?.textContent === '{text}'");
    page.until(limit, &shown).with_context(|| format!("{selector} does not read {text}"))
}
