//! What needs a server of its own: a great load, other options, or a program that drives it.

mod admission;
mod autobahn;
mod browser;
mod limits;
mod memory;
mod sharing;
mod shutdown;

use anyhow::Result;

use crate::hosts::Sites;

/// One behaviour.
pub struct Case {
    pub name: &'static str,
    pub run: fn(&Sites) -> Result<()>,
}

/// Every case.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [
        admission::CASES,
        limits::CASES,
        sharing::CASES,
        shutdown::CASES,
        autobahn::CASES,
        browser::CASES,
        memory::CASES,
    ]
    .into_iter()
    .flatten()
}

/// A list of functions as cases of the same names.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        &[$(crate::alone::Case { name: stringify!($name), run: $name }),*]
    };
}
use cases;
