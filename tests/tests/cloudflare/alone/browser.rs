//! A visitor of the chat in a browser.

use anyhow::{Context, Result, ensure};
use tests::browser::{Browser, NO_CHROMIUM};
use tests::client::Request;
use tests::site::Site;
use tests::suite::{Sites as _, not_applicable};

use super::{Case, cases};
use crate::cases::NO_OBJECTS;
use crate::hosts::{Host, Sites};

pub const CASES: &[Case] =
    cases![talks_with_a_visitor_in_chromium, talks_with_a_visitor_in_chromium_from_the_dev_server,];

fn talks_with_a_visitor_in_chromium(sites: &Sites) -> Result<()> {
    talks(sites.get(Host::Wrangler)?)
}

fn talks_with_a_visitor_in_chromium_from_the_dev_server(sites: &Sites) -> Result<()> {
    talks(sites.get(Host::Dev)?)
}

fn talks(site: &Site) -> Result<()> {
    if !site.host.is_worker()? {
        return not_applicable(NO_OBJECTS);
    }
    let mut ada = site.server.open(&Request::upgrade("/rooms/browser?name=ada"))?;
    ensure!(ada.text()? == "ada came");
    let page = "/visitor?room=browser&name=eve&say=hello%20there&until=3&journal=visitor";
    let url = format!("{}{page}", site.server.origin());
    let Some(_browser) = Browser::open(&format!("{}-chat", site.host), &url)? else {
        return not_applicable(NO_CHROMIUM);
    };
    // A cold start is slow on a busy machine.
    let mut came = None;
    for _ in 0..6 {
        came = ada.text_within(std::time::Duration::from_secs(10))?;
        if came.is_some() {
            break;
        }
    }
    ensure!(came.as_deref() == Some("eve came"), "{came:?}\n{}", site.server);
    let said = ada.text()?;
    ensure!(said == "eve (1 of 1): hello there", "{said}");
    ada.send("hello, eve")?;
    let seen = site.journal("visitor", "]")?;
    let seen: Vec<String> =
        serde_json::from_str(&seen).with_context(|| format!("the page told: {seen}"))?;
    ensure!(
        seen == ["eve came", "eve (1 of 1): hello there", "ada (1 of 2): hello, eve"],
        "{seen:?}"
    );
    Ok(())
}
