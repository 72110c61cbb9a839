//! The chat of `examples/` in Chromium.

use anyhow::Result;
use rustix::process::Signal;
use tests::app::App;
use tests::chat::{CHAT, Chat, Place, Served};
use tests::examples::VARIABLES;
use tests::server::Server;

use super::Case;
use crate::hosts::{Sites, start_standalone, start_standalone_with};

pub const CASES: &[Case] = <Sites as Chat>::CASES;

/// Channels are in the memory of the process.
impl Chat for Sites {
    const KEEPS_MESSAGES: bool = false;

    fn chat(&self) -> Result<&App> {
        Self::chat(self)
    }

    fn another_chat(&self, name: &str) -> Result<App> {
        self.app_of_all(&CHAT, name)
    }

    fn serve_chat(&self) -> Result<Served<'_>> {
        Ok(Served::Alone(Box::new(start_standalone(Self::chat(self)?)?)))
    }

    fn start_at(&self, app: &App, place: &Place) -> Result<Server> {
        start_standalone_with(app, place.port, &VARIABLES)
    }

    fn end(&self, server: Server) -> Result<Option<Server>> {
        server.signal(Signal::TERM)?;
        Ok(Some(server))
    }

    fn preview_chat(&self, app: &App) -> Result<Server> {
        start_standalone(app)
    }
}
