//! The chat of `examples/` in Chromium, on any runtime that has channels.

mod cases;
mod lifecycle;
mod visitor;

use std::ops::Deref;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::app::App;
use crate::browser::{Browser, NO_CHROMIUM};
use crate::port::free_port;
use crate::realtime::client::Join;
use crate::realtime::{Client, Identity};
use crate::server::Server;
use crate::suite::{Case, not_applicable};

use self::cases::*;
use self::lifecycle::*;

pub use visitor::Visitor;

/// The sources of the chat: the example, and the pages that the tests add.
pub const CHAT: [&str; 2] = ["examples/chat", "tests/projects/chat"];

/// The time in which a page of a busy browser shows a change.
pub const SOON: Duration = Duration::from_secs(15);

/// The time in which a client is back: it waits up to 20 seconds before it tries again.
pub const BACK: Duration = Duration::from_secs(40);

/// A page that has lost its channel.
const IS_AWAY: &str = "document.querySelector('chat-room').dataset.state !== 'open'";

/// A page that is in its channel.
const IS_OPEN: &str = "document.querySelector('chat-room')?.dataset.state === 'open'";

/// A runtime that serves the chat.
pub trait Chat: Sized + 'static {
    /// What its site does in a browser.
    const CASES: &'static [Case<Self>] = crate::cases![
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

    /// Whether messages outlive the server.
    const KEEPS_MESSAGES: bool;

    /// The built chat.
    fn chat(&self) -> Result<&App>;

    /// The sources of the chat in another root.
    fn another_chat(&self, name: &str) -> Result<App>;

    /// A server of the built chat, for rooms that no other case uses.
    fn serve_chat(&self) -> Result<Served<'_>>;

    /// Starts a server of a built site. A later one at the same place continues what this one kept.
    fn start_at(&self, app: &App, place: &Place) -> Result<Server>;

    /// Ends a server, and returns it if it still drains.
    fn end(&self, server: Server) -> Result<Option<Server>>;

    /// Starts a server of another chat, which no case restarts.
    fn preview_chat(&self, app: &App) -> Result<Server>;
}

/// Where a site is served through a restart: its port, and what it keeps on the disk.
pub struct Place {
    /// The port on which its servers listen.
    pub port: u16,
    /// The folder of what they keep.
    pub state: TempDir,
}

impl Place {
    /// A free port and an empty folder.
    pub fn new() -> Result<Self> {
        Ok(Self { port: free_port()?, state: tempfile::tempdir()? })
    }
}

/// A server of one case, or of several.
pub enum Served<'a> {
    /// Of one case.
    Alone(Box<Server>),
    /// Of several.
    Shared(&'a Server),
}

impl Deref for Served<'_> {
    type Target = Server;

    fn deref(&self) -> &Server {
        match self {
            Self::Alone(server) => server,
            Self::Shared(server) => server,
        }
    }
}

/// Ends a case on a machine without a browser, before it builds or starts anything.
pub(crate) fn needs_a_browser() -> Result<()> {
    if Browser::is_there() { Ok(()) } else { not_applicable(NO_CHROMIUM) }
}

/// The built chat.
fn chat(host: &impl Chat) -> Result<&App> {
    needs_a_browser()?;
    host.chat()
}

/// A server of the built chat.
fn served<H: Chat>(host: &H) -> Result<Served<'_>> {
    needs_a_browser()?;
    host.serve_chat()
}

/// A member of a room without a browser.
fn watcher(server: &Server, name: &str) -> Result<Client> {
    Client::connect_with(server, Identity::by_header("Cookie", &format!("name={name}")))
}

/// The room of this name.
fn room(name: &str) -> Join {
    Join::of("rooms", "room", name)
}

/// The data of a message with this text.
fn saying(text: &str) -> Value {
    json!({ "text": text })
}
