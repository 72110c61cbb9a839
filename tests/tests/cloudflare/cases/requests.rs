//! A socket belongs to the request that accepted it.

use anyhow::{Result, ensure};
use tests::cases;
use tests::client::Request;
use tests::site::Site;
use tests::suite::not_applicable;

use super::Case;

pub const CASES: &[Case] = cases![throws_where_another_request_uses_a_socket];

fn throws_where_another_request_uses_a_socket(site: &Site) -> Result<()> {
    if !site.host.is_worker()? {
        return not_applicable("requests can share sockets in a dev server that runs in Node");
    }
    let mut socket = site.server.open(&Request::upgrade("/kept"))?;
    for way in ["send", "blob", "writable", "close"] {
        let told = site.server.get(&format!("/kept?use={way}"))?.text();
        ensure!(told.starts_with("1: Error: "), "`{way}`: {told}");
        ensure!(told.contains("Durable Object"), "`{way}` does not say what to use: {told}");
    }
    // The socket stays open.
    socket.send("hello")?;
    ensure!(socket.text()? == "hello");
    let (code, _) = socket.close(4001, "")?;
    ensure!(code == 4001, "{code}");
    Ok(())
}
