//! A page in a browser, the client that the WebSocket interface was made for.

use anyhow::{Result, ensure};
use tests::browser::{Browser, NO_CHROMIUM};
use tests::pins::major;
use tests::site::Site;
use tests::suite::{Sites as _, not_applicable};

use super::{Case, cases};
use crate::hosts::{Host, Sites};

pub const CASES: &[Case] = cases![
    serves_a_page_in_chromium,
    serves_a_page_in_chromium_from_the_dev_server,
    refuses_a_page_of_another_site_in_chromium,
];

fn serves_a_page_in_chromium(sites: &Sites) -> Result<()> {
    opens_the_page_and_checks_its_results(
        served(sites, Host::Standalone)?,
        "hello by-context=one by-header=two",
    )
}

fn serves_a_page_in_chromium_from_the_dev_server(sites: &Sites) -> Result<()> {
    // Up to Astro 4 the dev server sends cookies of the context only if no header sets one.
    let cookies =
        if major()? < 5 { "hello by-header=two" } else { "hello by-context=one by-header=two" };
    opens_the_page_and_checks_its_results(served(sites, Host::Dev)?, cookies)
}

fn opens_the_page_and_checks_its_results(site: &Site, cookies: &str) -> Result<()> {
    opens(
        site,
        &format!("{}/browser?journal=browser", site.server.origin()),
        &[
            ("text", "žluťoučký"),
            ("binary", "Blob 1,2,3"),
            // The cookie is `HttpOnly`, and the browser sends it with the handshake.
            ("sentCookie", "welcome"),
            ("receivedCookie", cookies),
            ("protocol", "protocol: two two"),
            ("noProtocol", "error 1006 "),
            ("rejected", "error 1006 "),
            ("closed", "4001 the server has enough"),
            ("failed", "1011 "),
        ],
    )
}

/// To the browser, a site with that name is another one. It still sends the user's cookies for this
/// site.
fn refuses_a_page_of_another_site_in_chromium(sites: &Sites) -> Result<()> {
    let site = served(sites, Host::Standalone)?;
    let ours = site.server.address();
    let page = format!("http://other-site.example:{}/browser", ours.port());
    opens(
        site,
        &format!("{page}?journal=cross-site&site={ours}&checks=text,sentCookie"),
        &[("text", "error 1006 "), ("sentCookie", "error 1006 ")],
    )
}

/// Without a browser it starts no server.
fn served(sites: &Sites, host: Host) -> Result<&Site> {
    if !Browser::is_there() {
        not_applicable(NO_CHROMIUM)?;
    }
    sites.get(host)
}

fn opens(site: &Site, url: &str, expected: &[(&str, &str)]) -> Result<()> {
    let (_, query) = url.split_once("journal=").unwrap_or_default();
    let journal = query.split('&').next().unwrap_or_default();
    let Some(_browser) = Browser::open(&format!("{}-{journal}", site.host), url)? else {
        return not_applicable(NO_CHROMIUM);
    };
    let mut seen = String::new();
    // A journal request waits for five seconds, and a cold start takes longer on a busy machine.
    for _ in 0..12 {
        seen = site.journal(journal, "}")?;
        if seen.ends_with('}') {
            break;
        }
    }
    let expected: serde_json::Map<_, _> =
        expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    let seen: serde_json::Value = serde_json::from_str(&seen)
        .map_err(|_| anyhow::anyhow!("the page told nothing: {seen}\n{}", site.server))?;
    ensure!(seen == serde_json::Value::Object(expected.clone()), "{seen:#}, not {expected:#?}");
    Ok(())
}
