//! Realtime channels from outside: the protocol as its page specifies it, and a client of it. They
//! share no code with the packages.

pub mod client;
pub mod crowd;
pub mod protocol;
pub mod size;
pub mod vectors;

pub use client::Client;
