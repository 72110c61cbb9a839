//! Tests of the repository and of every package, independent of the runtime.

mod adapters_alone;
mod contributing;
mod crates;
mod documentation;
mod drift;
mod example_templates;
mod exceptions;
mod floors;
mod forms;
mod integrations;
mod line_endings;
mod page_commands;
mod page_examples;
mod page_guides;
mod page_site;
mod pages;
mod pins;
mod promised;
mod published;
mod realtime_client;
mod realtime_limits;
mod realtime_protocol;
mod realtime_types;
mod realtime_worker;
mod templates;
mod types;
