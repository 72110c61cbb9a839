//! The chat of `examples/` in Chromium: the cases of Node, on Durable Objects.

use anyhow::Result;
use tests::app::App;
use tests::chat::{Chat, Place, Served};
use tests::examples::VARIABLES;
use tests::server::Server;

use super::Case;
use crate::hosts::{Sites, configuration, start, wrangler_dev_with};

pub const CASES: &[Case] = <Sites as Chat>::CASES;

/// Channels are in the storage of their objects. The built site runs in `wrangler dev`.
impl Chat for Sites {
    const KEEPS_MESSAGES: bool = true;

    fn chat(&self) -> Result<&App> {
        Self::chat(self)
    }

    fn another_chat(&self, name: &str) -> Result<App> {
        self.chat_app(name)
    }

    fn serve_chat(&self) -> Result<Served<'_>> {
        Ok(Served::Shared(self.chat_server()?))
    }

    fn start_at(&self, app: &App, place: &Place) -> Result<Server> {
        wrangler_dev_with(app, configuration()?, place, &VARIABLES)
    }

    /// It is killed: what was acknowledged is on the disk.
    fn end(&self, server: Server) -> Result<Option<Server>> {
        drop(server);
        Ok(None)
    }

    fn preview_chat(&self, app: &App) -> Result<Server> {
        start(&mut app.astro_server(["preview", "--port", "0"]))
    }
}
