//! Realtime channels from outside: the protocol as its page specifies it, and a client of it. They
//! share no code with the packages.

pub mod client;
mod connection;
pub mod crowd;
pub mod identity;
pub mod objects;
pub mod protocol;
pub mod size;
pub mod soak;
pub mod vectors;

pub use client::Client;
pub use identity::Identity;
