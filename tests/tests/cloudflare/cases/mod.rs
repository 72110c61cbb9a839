//! What only Cloudflare has.

mod durable_objects;
mod platform;
mod proxying;

use tests::site::Site;

type Case = tests::suite::Case<Site>;

/// Every case.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [durable_objects::CASES, proxying::CASES, platform::CASES].into_iter().flatten()
}
