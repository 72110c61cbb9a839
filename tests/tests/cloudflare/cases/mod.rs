//! What only Cloudflare has.

mod durable_objects;
mod platform;
mod proxying;
mod requests;

use tests::site::Site;

type Case = tests::suite::Case<Site>;

/// What `platformProxy` of the adapter leaves out.
pub const NO_OBJECTS: &str =
    "where the dev server runs in Node, Durable Objects of the site's own cannot be reached";

/// Every case.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [durable_objects::CASES, proxying::CASES, platform::CASES, requests::CASES]
        .into_iter()
        .flatten()
}
