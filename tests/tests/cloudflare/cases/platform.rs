//! Cloudflare's features in a route that upgrades.

use anyhow::{Result, ensure};
use tests::cases;
use tests::client::Request;
use tests::site::Site;

use super::Case;

pub const CASES: &[Case] = cases! {
    "Bindings, `cfContext` and `request.cf` on a WebSocket route" => [gives_a_socket_the_bindings_of_the_platform],
};

fn gives_a_socket_the_bindings_of_the_platform(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/platform"))?;
    socket.send("tell")?;
    let told = socket.text()?;
    let expected = r#"{"greeting":"hello from a binding","waited":"yes","cf":"string"}"#;
    ensure!(told == expected, "{told}");
    Ok(())
}
