//! Cases for features that only Cloudflare has.

mod durable_objects;
mod platform;
mod proxying;
mod requests;

use anyhow::Result;
use tests::cases;
use tests::cases::realtime;
use tests::site::Site;
use tests::suite::not_applicable;

use crate::hosts::{NO_CHANNELS, is_before_workerd};

type Case = tests::suite::Case<Site>;

/// The limitation of the adapter's `platformProxy`.
pub const NO_OBJECTS: &str =
    "a dev server that runs in Node cannot reach the site's own Durable Objects";

/// All cases.
pub fn all() -> impl Iterator<Item = &'static Case> {
    // Before Astro 6 a site has no channels.
    let has_channels = !is_before_workerd().unwrap_or(false);
    [durable_objects::CASES, proxying::CASES, platform::CASES, requests::CASES]
        .into_iter()
        .flatten()
        .chain(realtime::all().filter(move |_| has_channels))
}

/// The smoke tests that only this runtime has.
pub const VITAL: &[Case] = cases![a_channel_carries_messages];

fn a_channel_carries_messages(site: &Site) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    realtime::VITAL.iter().try_for_each(|case| (case.run)(site))
}
