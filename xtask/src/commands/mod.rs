//! The commands: one file or folder each, named after it.

pub mod bench;
pub mod build;
pub mod canary;
pub mod check;
pub mod clean;
pub mod completions;
pub mod diff;
pub mod docs;
pub mod explain;
pub mod fetch;
pub mod follow;
pub mod lint;
pub mod matrix;
pub mod notes;
pub mod pack;
pub mod propose;
pub mod publish;
pub mod status;
pub mod sweep;
pub mod sync_version;
pub mod test;
