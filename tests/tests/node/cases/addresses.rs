//! The client address of a site behind a proxy: the socket has the same one as Astro.

use anyhow::{Context, Result, ensure};
use tests::cases;
use tests::client::Request;
use tests::pins::major;
use tests::site::Site;

use super::Case;

pub const CASES: &[Case] = cases![
    knows_a_socket_by_the_address_of_the_context,
    knows_a_socket_by_the_address_that_a_proxy_forwards,
];

fn knows_a_socket_by_the_address_of_the_context(site: &Site) -> Result<()> {
    let (socket, context) = addresses(site, &Request::upgrade("/address?a=b"))?;
    ensure!(socket == context && socket.ends_with("/address?a=b"), "{socket}, and {context}");
    Ok(())
}

fn knows_a_socket_by_the_address_that_a_proxy_forwards(site: &Site) -> Result<()> {
    let request = Request::upgrade("/address")
        .header("X-Forwarded-Host", "shop.example.com")
        .header("X-Forwarded-Proto", "https");
    let (socket, context) = addresses(site, &request)?;
    ensure!(socket == context, "{socket}, and {context}");
    // Up to Astro 5 the dev server ignores this header.
    if major()? > 5 || !site.host.is_dev() {
        ensure!(socket == "wss://shop.example.com/address", "{socket}");
    }
    Ok(())
}

/// The address of the socket, and that of Astro's context for that socket.
fn addresses(site: &Site, request: &Request) -> Result<(String, String)> {
    let text = site.server.open(request)?.text()?;
    let [socket, context, _]: [String; 3] = serde_json::from_str(&text)?;
    let path = context.strip_prefix("http").context("no address of HTTP")?;
    Ok((socket, format!("ws{path}")))
}
