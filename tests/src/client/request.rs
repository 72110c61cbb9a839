//! Requests to send.

use super::response::Headers;

/// The sample key of RFC 6455, section 1.3, and its expected answer.
pub(super) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
pub(super) const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// A request to send.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) method: String,
    target: String,
    headers: Headers,
    body: Vec<u8>,
}

impl Request {
    /// A request without a body, with `Host` as its only header.
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: Headers::default(),
            body: Vec::new(),
        }
    }

    /// A GET request.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A POST request. No form can send its content type, so it passes Astro's CSRF check.
    pub fn post(target: &str, body: &str) -> Self {
        Self::with_body("POST", target, body)
    }

    /// A PUT request with JSON.
    pub fn put(target: &str, body: &str) -> Self {
        Self::with_body("PUT", target, body)
    }

    fn with_body(method: &str, target: &str, body: &str) -> Self {
        let mut request = Self::new(method, target)
            .header("content-type", "application/json")
            .header("content-length", &body.len().to_string());
        request.body = body.as_bytes().to_vec();
        request
    }

    /// A valid WebSocket handshake.
    pub fn upgrade(target: &str) -> Self {
        Self::get(target)
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Key", KEY)
    }

    /// Sets this header, and replaces one of the same name.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.0.retain(|(other, _)| !other.eq_ignore_ascii_case(name));
        self.headers.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn header_unless(self, name: &str, value: &str) -> Self {
        if self.headers.get(name).is_some() { self } else { self.header(name, value) }
    }

    /// The bytes of this request to a host.
    pub fn to_bytes(&self, host: &str) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if self.headers.get("host").is_none() {
            head.push_str(&format!("Host: {host}\r\n"));
        }
        for (name, value) in &self.headers.0 {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}
