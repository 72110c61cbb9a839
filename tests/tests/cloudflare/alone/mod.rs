//! Cases that need a server of their own: another entrypoint, another compatibility date, an
//! eviction, or a program that drives the server.

mod browser;
mod dates;
mod deployment;
mod editing;
mod entrypoints;
mod eviction;

use tests::cases;

use crate::hosts::Sites;

type Case = tests::suite::Case<Sites>;

/// All cases.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [
        deployment::CASES,
        entrypoints::CASES,
        dates::CASES,
        eviction::CASES,
        editing::CASES,
        browser::CASES,
    ]
    .into_iter()
    .flatten()
}
