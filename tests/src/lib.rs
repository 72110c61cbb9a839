//! The building blocks of the end-to-end suites: pinned tools, real Astro projects with a built
//! adapter, real servers, and a client that can send malformed input.
//!
//! The suites themselves are in `tests/tests/`; the projects they start are in `tests/projects/`.

mod adapter;
pub mod app;
pub mod autobahn;
pub mod browser;
pub mod cases;
pub mod checkout;
pub mod client;
pub mod cuts;
pub mod floor;
pub mod installation;
pub mod line;
pub mod locations;
pub mod once;
pub mod patience;
pub mod pins;
pub mod project;
pub mod proxy;
pub mod realtime;
pub mod registry;
pub mod server;
pub mod site;
pub mod suite;
mod support;
pub mod tools;
mod vendored;
