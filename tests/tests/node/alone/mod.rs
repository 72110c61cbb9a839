//! What needs a server of its own: a great load, other options, or a program that drives it.

mod admin;
mod admission;
mod autobahn;
mod browser;
mod dev;
mod isolation;
mod limits;
mod manager;
mod memory;
mod options;
mod proxies;
mod runtimes;
mod sharing;
mod shutdown;
mod skipping;
mod stalling;

use tests::cases;

use crate::hosts::Sites;

type Case = tests::suite::Case<Sites>;

/// Every case.
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
    ]
    .into_iter()
    .flatten()
}
