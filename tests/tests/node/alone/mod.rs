//! Cases that need a server of their own: heavy load, other options, or a program that drives the
//! server.

mod admin;
mod admission;
mod autobahn;
mod browser;
mod dev;
mod engine_faults;
mod engine_input;
mod engines;
mod examples;
mod inspector;
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
mod scaling;
mod sharing;
mod shutdown;
mod skipping;
mod stalling;
mod testing;

use tests::cases;

use crate::hosts::Sites;

type Case = tests::suite::Case<Sites>;

/// Lists functions that take a product as cases on each of them.
macro_rules! on_products {
    ($($name:ident),* $(,)?) => {
        &[$(
            Case {
                name: concat!("valkey_", stringify!($name)),
                capability: None,
                run: |sites| $name(sites, Product::Valkey),
            },
            Case {
                name: concat!("nats_", stringify!($name)),
                capability: None,
                run: |sites| $name(sites, Product::Nats),
            },
        )*]
    };
}

use on_products;

/// All cases. Those that take long come first: at the end, one of them would run alone.
pub fn all() -> impl Iterator<Item = &'static Case> {
    [
        testing::CASES,
        islands::CASES,
        engines::CASES,
        autobahn::CASES,
        engine_faults::links::CASES,
        engine_faults::servers::CASES,
        engine_faults::failovers::CASES,
        engine_faults::processes::CASES,
        engine_faults::soaks::CASES,
        engine_faults::soaks::CASES_OF_THE_SOAK,
        realtime::CASES,
        stalling::CASES,
        memory::CASES,
        dev::CASES,
        examples::CASES,
        realtime_browser::CASES,
        inspector::CASES,
        scaling::CASES,
        manager::CASES,
        sharing::CASES,
        shutdown::CASES,
        runtimes::CASES,
        proxies::CASES,
        engine_input::CASES,
        engine_input::CASES_OF_PRODUCTS,
        admission::CASES,
        limits::CASES,
        isolation::CASES,
        options::CASES,
        browser::CASES,
        skipping::CASES,
        admin::CASES,
    ]
    .into_iter()
    .flatten()
}
