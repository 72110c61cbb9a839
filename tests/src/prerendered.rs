//! Prerendered pages in a site with channels.

use std::fs;

use anyhow::{Result, ensure};

use crate::app::App;
use crate::pins::major;
use crate::server::Server;

/// A page that uses the channels on the server, which no prerendered page can.
const BOARD: &str = "\
---
import { channels } from 'zastro:realtime';

export const prerender = true;

const { messages } = await channels.rooms({ room: 'lobby' }).history({ last: 5 });
---
<p>{messages.length} messages</p>
";

/// A page that uses them in the browser, and no channel on the server.
const LIVE: &str = "\
---
import { RealtimeError } from 'zastro:realtime';

export const prerender = true;
---
<p>Live {typeof RealtimeError}</p>
<script>
  import { channels } from 'zastro:realtime/client';
  channels.rooms({ room: 'lobby' }).join();
</script>
";

/// Adds the pages to the chat.
pub fn add_pages(app: &App) -> Result<()> {
    fs::write(app.root().join("src/pages/board.astro"), BOARD)?;
    Ok(fs::write(app.root().join("src/pages/live.astro"), LIVE)?)
}

/// Checks the pages in `astro dev`.
pub fn is_told_in_dev(server: &Server) -> Result<()> {
    let live = server.get("/live")?;
    ensure!(live.status == 200 && live.text().contains("Live function"), "{live}\n{server}");
    // Until then, `astro dev` does not say for certain that a page is prerendered.
    if major()? >= 5 {
        let board = server.get("/board")?;
        ensure!(board.status == 500, "{board}\n{server}");
        let printed = server.to_string();
        let told = "The route \"/board\" is prerendered, and there are no channels";
        ensure!(printed.contains(told), "{printed}");
    }
    server.check_alive()
}

/// Checks the pages in a build, which may go on with a warning.
pub fn is_told_in_a_build(app: &App, goes_on: bool) -> Result<()> {
    let output = app.astro(["build"]).output()?;
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success() == goes_on, "the build ends with {}: {text}", output.status);
    for told in ["/board", "prerendered", "xport `prerender = false` from "] {
        ensure!(text.contains(told), "it does not say {told}: {text}");
    }
    Ok(())
}
