//! Cases that need a server of their own: another entrypoint, another compatibility date, an
//! eviction, or a program that drives the server.

mod browser;
mod dates;
mod deployment;
mod editing;
mod entrypoints;
mod eviction;
mod examples;
mod inspector;
mod realtime;
mod realtime_browser;
mod realtime_config;
mod realtime_everything;
mod realtime_objects;
mod realtime_soak;
mod testing;

use tests::cases;

use crate::hosts::Sites;

type Case = tests::suite::Case<Sites>;

/// All cases. Those that take long come first: at the end, one of them would run alone.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [
        testing::CASES,
        realtime_soak::CASES,
        realtime_objects::CASES,
        realtime::CASES,
        realtime_browser::CASES,
        examples::CASES,
        editing::CASES,
        inspector::CASES,
        realtime_config::CASES,
        realtime_everything::CASES,
        deployment::CASES,
        entrypoints::CASES,
        dates::CASES,
        eviction::CASES,
        browser::CASES,
    ]
    .into_iter()
    .flatten()
}
