//! What needs a server of its own: another entrypoint, another date, an eviction, or a program that
//! drives it.

mod browser;
mod dates;
mod deployment;
mod editing;
mod entrypoints;
mod eviction;

use tests::cases;

use crate::hosts::Sites;

type Case = tests::suite::Case<Sites>;

/// Every case.
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
