//! Frames of a server (RFC 6455, section 5.2).

use std::io;

use crate::unexpected;

/// The first bytes of unfragmented frames.
pub const TEXT: u8 = 0x81;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;

/// Finds the frames in the bytes of a connection.
#[derive(Default)]
pub struct Frames {
    /// The beginning of a frame whose rest has not arrived.
    partial: Vec<u8>,
}

impl Frames {
    /// Calls back with the first byte and the payload of each frame that is complete.
    pub fn take(
        &mut self,
        bytes: &[u8],
        mut handle: impl FnMut(u8, &[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.partial.is_empty() {
            let taken = take_complete(bytes, &mut handle)?;
            self.partial.extend_from_slice(&bytes[taken..]);
        } else {
            self.partial.extend_from_slice(bytes);
            let taken = take_complete(&self.partial, &mut handle)?;
            self.partial.drain(..taken);
        }
        Ok(())
    }
}

/// Returns the number of bytes in complete frames.
fn take_complete(
    bytes: &[u8],
    handle: &mut impl FnMut(u8, &[u8]) -> io::Result<()>,
) -> io::Result<usize> {
    let mut taken = 0;
    loop {
        let rest = &bytes[taken..];
        let (header, length) = match rest {
            [_, 127, ..] => return Err(unexpected("a frame of more than 64 KiB")),
            [_, 126, high, low, ..] => (4, usize::from(u16::from_be_bytes([*high, *low]))),
            [_, 126, ..] => return Ok(taken),
            [_, length, ..] => (2, usize::from(*length)),
            _ => return Ok(taken),
        };
        let Some(payload) = rest.get(header..header + length) else { return Ok(taken) };
        handle(rest[0], payload)?;
        taken += header + length;
    }
}

/// Appends a masked frame with a payload below 64 KiB.
pub fn write_masked(frames: &mut Vec<u8>, first: u8, payload: &[u8]) {
    // Not zero, or the server could skip the unmasking.
    const MASK: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
    frames.push(first);
    if payload.len() < 126 {
        frames.push(0x80 | payload.len() as u8);
    } else {
        frames.push(0x80 | 126);
        frames.extend((payload.len() as u16).to_be_bytes());
    }
    frames.extend(MASK);
    frames.extend(payload.iter().enumerate().map(|(index, byte)| byte ^ MASK[index % 4]));
}
