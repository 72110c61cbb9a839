//! Cases for features that only Cloudflare has.

mod durable_objects;
mod platform;
mod proxying;
mod requests;

use tests::site::Site;

type Case = tests::suite::Case<Site>;

/// The limitation of the adapter's `platformProxy`.
pub const NO_OBJECTS: &str =
    "a dev server that runs in Node cannot reach the site's own Durable Objects";

/// All cases.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [durable_objects::CASES, proxying::CASES, platform::CASES, requests::CASES]
        .into_iter()
        .flatten()
}
