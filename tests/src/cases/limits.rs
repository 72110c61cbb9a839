//! Limits that are enabled by default.

use crate::client::Request;
use anyhow::{Result, ensure};

use crate::cases;
use crate::site::Site;
use crate::suite::{Case, not_applicable};

pub(super) const CASES: &[Case<Site>] = cases! {
    "Message size limit" => [
        takes_a_message_of_1_mib,
        closes_with_1009_above_1_mib,
    ],
    "No compression by default" => [
        negotiates_no_compression,
    ],
};

const MIB: usize = 1024 * 1024;

fn takes_a_message_of_1_mib(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    socket.send_binary(&vec![7; MIB])?;
    ensure!(socket.binary()?.len() == MIB);
    Ok(())
}

fn closes_with_1009_above_1_mib(site: &Site) -> Result<()> {
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    socket.send_binary(&vec![7; MIB + 1])?;
    let (code, _) = socket.closed()?;
    ensure!(code == 1009, "{code}");
    Ok(())
}

fn negotiates_no_compression(site: &Site) -> Result<()> {
    if site.host.is_workerd_itself() {
        return not_applicable(
            "the compatibility flag `no_web_socket_compression` turns compression off",
        );
    }
    let request =
        Request::upgrade("/echo").header("Sec-WebSocket-Extensions", "permessage-deflate");
    let socket = site.server.open(&request)?;
    ensure!(socket.headers.get("sec-websocket-extensions").is_none(), "{:?}", socket.headers);
    Ok(())
}
