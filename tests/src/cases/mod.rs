//! What holds on every host of every runtime. A case is a sentence: its name. What a host cannot do,
//! the case says.

mod accepting;
mod closing;
mod handshakes;
mod limits;
mod messages;
mod ordinary;
mod rejecting;
mod survival;
mod throwing;

use crate::site::Site;
use crate::suite::Case;

/// Every case, in the order in which a host is put through them.
pub fn all() -> impl Iterator<Item = &'static Case<Site>> + Clone {
    [
        ordinary::CASES,
        messages::CASES,
        accepting::CASES,
        rejecting::CASES,
        closing::CASES,
        handshakes::CASES,
        limits::CASES,
        throwing::CASES,
        throwing::PRINTED,
        survival::CASES,
    ]
    .into_iter()
    .flatten()
}

/// The cases that prove a capability.
pub fn of_capability(capability: &str) -> impl Iterator<Item = &'static Case<Site>> {
    all().filter(move |case| case.capability == Some(capability))
}

/// The cases that tell whether a site works at all: it starts, serves a page, echoes, refuses, and
/// closes with a code.
pub fn vital() -> impl Iterator<Item = &'static Case<Site>> + Clone {
    [page(), messages::VITAL, rejecting::VITAL, closing::VITAL].into_iter().flatten()
}

/// Those of them that are the official adapter's as well.
pub fn page() -> &'static [Case<Site>] {
    ordinary::VITAL
}
