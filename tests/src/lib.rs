//! The building blocks of the end-to-end suites: pinned tools, real Astro projects with a built
//! adapter, real servers, and a client that can send malformed input.
//!
//! The suites themselves are in `tests/tests/`; the projects they start are in `tests/projects/`.

mod adapter;
pub mod app;
pub mod autobahn;
pub mod browser;
pub mod cases;
pub mod chat;
pub mod checkout;
pub mod client;
pub mod cuts;
pub mod engine;
pub mod examples;
pub mod floor;
pub mod inspector;
pub mod installation;
pub mod line;
pub mod locations;
pub mod once;
pub mod page;
pub mod patience;
pub mod pins;
pub mod port;
pub mod prerendered;
pub mod processes;
pub mod project;
pub mod proxy;
pub mod realtime;
pub mod registry;
pub mod server;
pub mod site;
pub mod slowest;
pub mod suite;
mod support;
pub mod tools;
pub mod unit_tests;
mod vendored;
