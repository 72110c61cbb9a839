//! Promise 9: dead links are found by pings.

use anyhow::{Result, ensure};

use super::connect;
use crate::cases;
use crate::realtime::Identity;
use crate::realtime::identity::open;
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: pings" => [
        a_ping_is_answered,
        a_ping_is_answered_before_the_hello,
    ],
};

fn a_ping_is_answered(site: &Site) -> Result<()> {
    let mut ada = connect(site, "ada-ping")?;
    for _ in 0..3 {
        ada.ping()?;
    }
    let unread = ada.unread().count();
    ensure!(unread == 0, "{unread} frames");
    Ok(())
}

fn a_ping_is_answered_before_the_hello(site: &Site) -> Result<()> {
    let mut socket = open(&site.server, &Identity::of("ada-early-ping"))?;
    socket.send("ping")?;
    ensure!(socket.text()? == "pong");
    Ok(())
}
