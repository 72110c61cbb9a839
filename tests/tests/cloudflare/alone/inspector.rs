//! The inspector in the toolbar of `astro dev`.

use anyhow::{Context, Result};
use tests::browser::{Browser, NO_CHROMIUM};
use tests::inspector::{
    Inspector, LOBBY, add_pages, is_not_in, watches_plain_sockets, watches_the_chat,
};
use tests::suite::not_applicable;

use super::{Case, cases};
use crate::hosts::{Sites, is_before_workerd};

pub const CASES: &[Case] =
    cases![the_inspector_shows_channels_and_sockets, a_worker_has_nothing_of_the_inspector];

fn the_inspector_shows_channels_and_sockets(sites: &Sites) -> Result<()> {
    if !Browser::is_there() {
        return not_applicable(NO_CHROMIUM);
    }
    if !is_before_workerd()? {
        let app = sites.chat_app("inspector")?;
        add_pages(&app)?;
        let server = sites.serve_dev(&app)?;
        // Each channel has a connection of its own.
        watches_the_chat(&server, "worker", &format!("/_realtime {LOBBY}"))?;
        return server.check_alive();
    }
    // Without channels, and with the dev server in Node. The packages are beside the site.
    let app = sites.app("inspector")?;
    let served = "vite: { server: { fs: { allow: ['..'] } } },";
    app.edit("astro.config.mjs", "devToolbar: { enabled: false },", served)?;
    let server = sites.serve_dev(&app)?;
    let browser = Browser::open("inspector", &server.origin())?.context("no browser")?;
    let mut page = browser.page()?;
    watches_plain_sockets(&mut Inspector::open(&mut page)?, &server)?;
    server.check_alive()
}

fn a_worker_has_nothing_of_the_inspector(sites: &Sites) -> Result<()> {
    is_not_in(sites.built()?)
}
