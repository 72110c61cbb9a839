//! Tests of the repository and of every package, independent of the runtime.

mod adapters_alone;
mod contributing;
mod crates;
mod drift;
mod exceptions;
mod floors;
mod forms;
mod integrations;
mod page_commands;
mod page_examples;
mod pages;
mod pins;
mod promised;
mod published;
mod realtime_client;
mod realtime_limits;
mod realtime_protocol;
mod realtime_types;
mod templates;
mod types;
