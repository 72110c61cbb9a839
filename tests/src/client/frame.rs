//! Handwritten frames (RFC 6455, section 5.2), including invalid frames and fragments.

/// Bits of the first byte.
const FINAL: u8 = 0x80;
/// Bit of the second byte.
const MASKED: u8 = 0x80;

/// A frame. Its mask is zero, so that the payload stays readable.
#[derive(Clone, Debug)]
pub struct Frame {
    first: u8,
    payload: Vec<u8>,
}

impl Frame {
    /// The last or only frame of a message, or a control frame.
    pub fn new(opcode: u8, payload: impl Into<Vec<u8>>) -> Self {
        Self { first: FINAL | opcode, payload: payload.into() }
    }

    /// A continuation of a message.
    pub fn continuation(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(0x0, payload)
    }

    /// A text frame.
    pub fn text(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(0x1, payload)
    }

    /// A binary frame.
    pub fn binary(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(0x2, payload)
    }

    /// A close frame with this payload, valid or not.
    pub fn close(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(0x8, payload)
    }

    /// A ping.
    pub fn ping(payload: impl Into<Vec<u8>>) -> Self {
        Self::new(0x9, payload)
    }

    /// The same frame with FIN unset: the message continues.
    #[must_use]
    pub fn unfinished(mut self) -> Self {
        self.first &= !FINAL;
        self
    }

    /// The bytes of this frame as sent by a client.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.head(MASKED);
        bytes.extend([0; 4]);
        bytes.extend(&self.payload);
        bytes
    }

    /// The bytes of this frame as sent by a server: unmasked.
    pub fn to_bytes_of_server(&self) -> Vec<u8> {
        let mut bytes = self.head(0);
        bytes.extend(&self.payload);
        bytes
    }

    fn head(&self, mask: u8) -> Vec<u8> {
        let mut bytes = vec![self.first];
        let length = self.payload.len();
        match (u8::try_from(length), u16::try_from(length)) {
            (Ok(short @ ..126), _) => bytes.push(mask | short),
            (_, Ok(medium)) => {
                bytes.push(mask | 126);
                bytes.extend(medium.to_be_bytes());
            }
            _ => {
                bytes.push(mask | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes
    }
}

/// The bytes of a text message.
pub fn text_frame(text: &str) -> Vec<u8> {
    Frame::text(text).to_bytes()
}
