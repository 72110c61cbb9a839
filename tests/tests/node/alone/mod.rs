//! Cases that need a server of their own: heavy load, other options, or a program that drives the
//! server.

mod admin;
mod admission;
mod autobahn;
mod browser;
mod dev;
mod islands;
mod isolation;
mod limits;
mod manager;
mod memory;
mod options;
mod proxies;
mod realtime;
mod realtime_browser;
mod runtimes;
mod sharing;
mod shutdown;
mod skipping;
mod stalling;

use tests::cases;

use crate::hosts::Sites;

type Case = tests::suite::Case<Sites>;

/// All cases.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [
        admission::CASES,
        limits::CASES,
        isolation::CASES,
        options::CASES,
        proxies::CASES,
        sharing::CASES,
        shutdown::CASES,
        runtimes::CASES,
        dev::CASES,
        autobahn::CASES,
        browser::CASES,
        skipping::CASES,
        stalling::CASES,
        memory::CASES,
        manager::CASES,
        admin::CASES,
        realtime::CASES,
        realtime_browser::CASES,
        islands::CASES,
    ]
    .into_iter()
    .flatten()
}
