//! The inspector in the toolbar of `astro dev`.

use anyhow::Result;
use tests::browser::{Browser, NO_CHROMIUM};
use tests::chat::CHAT;
use tests::inspector::{add_pages, is_not_in, watches_the_chat};
use tests::server::Server;
use tests::suite::not_applicable;

use super::{Case, cases};
use crate::hosts::Sites;

pub const CASES: &[Case] =
    cases![the_inspector_shows_channels_and_sockets, a_build_has_nothing_of_the_inspector];

fn the_inspector_shows_channels_and_sockets(sites: &Sites) -> Result<()> {
    if !Browser::is_there() {
        return not_applicable(NO_CHROMIUM);
    }
    let app = sites.app_of_all(&CHAT, "inspector")?;
    add_pages(&app)?;
    // Up to Astro 5 the toolbar is in a folder that the dev server would not serve: the packages are
    // beside the site.
    let mode = "mode: 'standalone' }),";
    let served = format!("{mode} vite: {{ server: {{ fs: {{ allow: ['..'] }} }} }},");
    app.edit("astro.config.mjs", mode, &served)?;
    let server = Server::start_dev(&mut app.astro_server(["dev", "--port", "0"]))?;
    watches_the_chat(&server, "node", "/_realtime")?;
    server.check_alive()
}

fn a_build_has_nothing_of_the_inspector(sites: &Sites) -> Result<()> {
    is_not_in(sites.chat()?)
}
