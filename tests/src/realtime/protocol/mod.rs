//! Reads and writes the frames of `zastro-realtime.v1`, as `templates/realtime/protocol.md`
//! specifies them.

mod client_frame;
mod message;
mod parts;
mod server_frame;

pub use client_frame::ClientFrame;
pub use message::{Data, Message};
pub use parts::{Parts, is_position};
pub use server_frame::{Changes, Details, ErrorData, Event, PresentMember, ServerFrame, Welcome};

/// The subprotocol.
pub const PROTOCOL: &str = "zastro-realtime.v1";
