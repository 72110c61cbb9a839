//! Compatibility dates on which workerd changed the behaviour of sockets. The site must not notice.
//! 2026-03-03 changed the maximum length of a close reason and when a rejection counts as
//! unhandled. 2026-03-17 changed the type of binary messages, and 2026-04-07 who answers a Close.

use anyhow::{Context, Result, ensure};
use tests::cases::of_capability;
use tests::site::{Cloudflare, Site};
use tests::suite::not_applicable;

use super::{Case, cases};
use crate::cases::all as platform;
use crate::hosts::{Sites, is_before_workerd};

pub const CASES: &[Case] = cases![
    behaves_the_same_on_2026_03_02,
    behaves_the_same_on_2026_03_03,
    behaves_the_same_on_2026_03_16,
    behaves_the_same_on_2026_03_17,
    behaves_the_same_on_2026_04_06,
    behaves_the_same_on_2026_04_07,
];

/// The capabilities that a date could affect.
const CAPABILITIES: [&str; 7] = [
    "Text and binary messages, in order",
    "`binaryType` and Blobs",
    "Events and states of the WebSockets Standard",
    "Web Streams",
    "Close codes and reasons, both ways",
    "A failing handler closes its socket with 1011",
    "Durable Object sockets, by returning the object's 101",
];

fn behaves_the_same_on_2026_03_02(sites: &Sites) -> Result<()> {
    on("2026-03-02", sites)
}

fn behaves_the_same_on_2026_03_03(sites: &Sites) -> Result<()> {
    on("2026-03-03", sites)
}

fn behaves_the_same_on_2026_03_16(sites: &Sites) -> Result<()> {
    on("2026-03-16", sites)
}

fn behaves_the_same_on_2026_03_17(sites: &Sites) -> Result<()> {
    on("2026-03-17", sites)
}

fn behaves_the_same_on_2026_04_06(sites: &Sites) -> Result<()> {
    on("2026-04-06", sites)
}

fn behaves_the_same_on_2026_04_07(sites: &Sites) -> Result<()> {
    on("2026-04-07", sites)
}

fn on(date: &str, sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(
            "the wrangler that the adapter brings up to Astro 5 knows no later date",
        );
    }
    let server = sites.start_harness_on(date)?;
    let site = Site { host: Cloudflare::Wrangler.into(), server, engine: None };
    for capability in CAPABILITIES {
        let of_platform = platform().filter(|case| case.capability == Some(capability));
        let mut known = of_capability(capability).chain(of_platform).peekable();
        ensure!(known.peek().is_some(), "no case proves: {capability}");
        for case in known {
            (case.run)(&site)
                .with_context(|| format!("{} on {date}\n{}", case.name, site.server))?;
        }
    }
    site.server.check_alive()
}
