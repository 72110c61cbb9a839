//! Cases for Node only: the bytes of a connection, backpressure, and realtime channels.

mod addresses;
mod attacking;
mod broadcasting;
mod leaving;
mod managing;
mod pipelining;
mod streaming;

use tests::site::Site;

type Case = tests::suite::Case<Site>;

/// All cases.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [
        addresses::CASES,
        streaming::CASES,
        broadcasting::CASES,
        leaving::CASES,
        pipelining::CASES,
        attacking::CASES,
        managing::CASES,
    ]
    .into_iter()
    .flatten()
    .chain(tests::cases::realtime::all())
}
