//! The examples in Chromium, beside the chat.

use anyhow::{Result, ensure};
use tests::app::App;
use tests::browser::Browser;
use tests::client::Request;
use tests::examples::{Examples, SECRET};
use tests::server::Server;
use tests::tools::run;

use super::Case;
use crate::hosts::Sites;

pub const CASES: &[Case] = <Sites as Examples>::CASES;

impl Examples for Sites {
    fn example(&self, name: &str) -> Result<App> {
        let app = self.app_of_all(&[&format!("examples/{name}")], name)?;
        app.build(&[])?;
        run(self.project()?.tools().tsc().current_dir(app.root()).args(["--noEmit", "-p", "."]))?;
        Ok(app)
    }

    fn browser(&self) -> Result<&Browser> {
        Self::browser(self)
    }

    /// As a cron job calls the site. Nobody else can.
    fn run_schedule(&self, server: &Server) -> Result<()> {
        let request = Request::post("/api/reminders", "{}");
        let refused = server.fetch(&request)?.status;
        ensure!(refused == 401, "without the secret: {refused}");
        let request = request.header("Authorization", &format!("Bearer {SECRET}"));
        let answer = server.fetch(&request)?;
        ensure!(answer.status == 204, "{answer}");
        Ok(())
    }
}
