//! The cases that hold on every host of every runtime. The name of a case is a sentence. A case
//! itself decides on which hosts it does not apply, and says why.

mod accepting;
mod closing;
mod handshakes;
mod limits;
mod messages;
mod ordinary;
pub mod realtime;
mod rejecting;
mod survival;
mod throwing;

use crate::site::Site;
use crate::suite::Case;

/// Why a case about files says nothing about middleware mode.
const NO_FILES: &str = "in middleware mode the host application serves files";

/// All cases, in the order in which they run on a host.
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

/// The smoke tests of a site: it starts, serves a page, echoes, refuses, and closes with a code.
pub fn vital() -> impl Iterator<Item = &'static Case<Site>> + Clone {
    [page(), messages::VITAL, rejecting::VITAL, closing::VITAL].into_iter().flatten()
}

/// The smoke tests that the official adapter passes as well.
pub fn page() -> &'static [Case<Site>] {
    ordinary::VITAL
}
