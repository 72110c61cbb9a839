//! The examples in Chromium: the cases of Node, on Durable Objects.

use anyhow::{Result, ensure};
use tests::app::App;
use tests::browser::Browser;
use tests::examples::Examples;
use tests::server::Server;
use tests::tools::run;

use super::Case;
use crate::hosts::Sites;

pub const CASES: &[Case] = <Sites as Examples>::CASES;

/// What an example with a Worker of its own has for it.
const WORKER: &str = "cloudflare";

impl Examples for Sites {
    fn example(&self, name: &str) -> Result<App> {
        let app = self.example_app(name)?;
        app.build(&[])?;
        if app.root().join(WORKER).is_dir() {
            let mut tsc = self.project()?.tools().tsc();
            run(tsc.current_dir(app.root()).args(["--noEmit", "-p", WORKER]))?;
        }
        Ok(app)
    }

    fn browser(&self) -> Result<&Browser> {
        Self::browser(self)
    }

    /// As Cloudflare calls the Worker on its schedule.
    fn run_schedule(&self, server: &Server) -> Result<()> {
        let answer = server.get("/cdn-cgi/handler/scheduled?cron=*+*+*+*+*")?;
        ensure!(answer.status == 200, "{answer}");
        Ok(())
    }
}
