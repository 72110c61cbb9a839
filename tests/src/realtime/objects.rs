//! The Durable Objects of channels and users, as a test drives them.

use std::collections::BTreeMap;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::client::Request;
use crate::server::Peer;

/// The characters that `encodeURIComponent` leaves as they are, beside letters and digits.
const UNRESERVED: &[u8] = b"-_.!~*'()";

/// The longest name that the runtime tells an object.
const MAX_NAME_BYTES: usize = 1024;

/// The page of the tests' site that evicts an object.
const EVICT: &str = "/evict";

/// What becomes of the sockets of an object that is evicted.
#[derive(Clone, Copy, Debug)]
pub enum Sockets {
    /// They stay open, as when the object hibernates.
    Stay,
    /// They are closed, as when its machine ends.
    Close,
}

/// Evicts an object from memory while its sockets stay open.
pub fn hibernate(server: &Peer, object: &str) -> Result<()> {
    evict(server, object, Sockets::Stay)
}

/// Evicts an object from memory.
pub fn evict(server: &Peer, object: &str, sockets: Sockets) -> Result<()> {
    let web_sockets = match sockets {
        Sockets::Stay => "hibernate",
        Sockets::Close => "close",
    };
    let details = json!({ "name": object, "webSockets": web_sockets });
    let response = server.fetch(&Request::post(EVICT, &details.to_string()))?;
    ensure!(response.status == 204, "`{object}` is not evicted: {response}");
    Ok(())
}

/// The object of a channel with this name and these parameters. In a name that would be too long, what
/// is no ASCII stands as it is.
pub fn of_channel(name: &str, params: &BTreeMap<String, String>) -> String {
    let segments: Vec<&str> = name.split('/').collect();
    // Each folder of the tests' channels has one parameter behind it, or none has.
    let in_order: Vec<&String> = match segments.as_slice() {
        ["teams", "rooms"] => ["team", "room"]
            .iter()
            .filter_map(|name| params.get_key_value(*name))
            .map(|(name, _)| name)
            .collect(),
        _ => params.keys().collect(),
    };
    let mut file = Vec::new();
    for (number, segment) in segments.iter().enumerate() {
        file.push((*segment).to_owned());
        file.extend(in_order.get(number).map(|name| format!("[{name}]")));
    }
    let values = in_order.iter().filter_map(|name| params.get(*name));
    let path = file.join("/");
    let parts: Vec<&String> = [&path].into_iter().chain(values).collect();
    let name = |encode: fn(&str) -> String| {
        let parts: Vec<String> = parts.iter().map(|part| encode(part)).collect();
        format!("channel:{}", parts.join("/"))
    };
    let encoded = name(encode);
    if encoded.len() > MAX_NAME_BYTES { name(encode_ascii) } else { encoded }
}

/// The object of a user.
pub fn of_user(id: &str) -> String {
    format!("user:{id}")
}

/// A text as `encodeURIComponent` writes it, but for what is no ASCII.
fn encode_ascii(text: &str) -> String {
    text.chars()
        .map(|letter| {
            let text = letter.to_string();
            if letter.is_ascii() { encode(&text) } else { text }
        })
        .collect()
}

/// A text as `encodeURIComponent` writes it.
pub fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || UNRESERVED.contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
