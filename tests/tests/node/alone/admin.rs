//! The admin page of the test project, in Chromium.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::browser::{Browser, NO_CHROMIUM};
use tests::client::Request;
use tests::locations;
use tests::patience::at_last;
use tests::suite::not_applicable;

use super::{Case, cases};
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] = cases![shows_connections_live_and_closes_them_in_chromium];

const ADMIN: Settings = Settings { name: "admin", options: "{}" };

/// The minimum number of chart points for the checks.
const POINTS: u64 = 12;

/// The screenshot of the page, below the target folder.
const SCREENSHOT: &str = "screenshots/admin.png";

fn shows_connections_live_and_closes_them_in_chromium(sites: &Sites) -> Result<()> {
    if !Browser::is_there() {
        return not_applicable(NO_CHROMIUM);
    }
    let site = sites.start_alone(&ADMIN)?;
    let mut kept = site.server.open(&Request::upgrade("/managed?tag=kept"))?;
    let mut closed = site.server.open(&Request::upgrade("/managed?tag=%3Cb%3Eclosed%3C/b%3E"))?;
    kept.text()?;
    closed.text()?;
    let url = format!("{}/admin", site.server.origin());
    let browser = Browser::open("admin", &url)?.context("no browser")?;
    let mut page = browser.page()?;

    let rows = "document.querySelectorAll('tbody tr').length";
    // The page's own connection is one of them.
    at_last(|| {
        ensure!(page.evaluate(rows)? == 3, "{}", page.evaluate("document.body.innerText")?);
        Ok(())
    })?;
    // A tag is shown as text, not as markup.
    let text = page.evaluate("document.querySelector('tbody').innerText")?.to_string();
    ensure!(text.contains("<b>closed</b>") && text.contains("kept"), "{text}");

    // The page is live: it shows new connections and messages.
    let mut late = site.server.open(&Request::upgrade("/managed?tag=late"))?;
    late.text()?;
    at_last(|| {
        ensure!(page.evaluate(rows)? == 4);
        Ok(())
    })?;
    for _ in 0..20 {
        kept.send("hello")?;
        kept.text()?;
    }
    at_last(|| {
        let text = page.evaluate("document.querySelector('tbody').innerText")?.to_string();
        ensure!(text.contains("20 / 21"), "{text}");
        Ok(())
    })?;

    let engine = page.evaluate("document.querySelector('#engine').textContent")?;
    ensure!(engine == "memory up", "{engine}");

    page.evaluate("document.querySelector('[data-close=\"<b>closed</b>\"]').click()")?;
    let (code, reason) = closed.closed()?;
    ensure!((code, reason.as_str()) == (4001, "Closed by an operator"), "{code} {reason}");
    at_last(|| {
        ensure!(page.evaluate(rows)? == 3);
        Ok(())
    })?;
    kept.send("still there?")?;
    ensure!(kept.text()? == "still there?");

    for line in ["open", "messages"] {
        let points = format!("document.querySelector('#{line}-line').points.length");
        at_last(|| {
            ensure!(page.evaluate(&points)?.as_u64() >= Some(POINTS));
            Ok(())
        })?;
        // The line of the chart goes up and down.
        let heights = format!(
            "new Set(Array.from(document.querySelector('#{line}-line').points, ({{ y }}) => y)).size"
        );
        ensure!(page.evaluate(&heights)?.as_u64() >= Some(2), "the line of {line} is flat");
    }
    let picture = page.screenshot()?;
    ensure!(picture.starts_with(b"\x89PNG"), "the screenshot is no PNG");
    let path = locations::target().join(SCREENSHOT);
    fs::create_dir_all(path.parent().context("no folder")?)?;
    fs::write(path, picture)?;
    site.server.check_alive()
}
