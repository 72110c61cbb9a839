//! One message to many sockets.

use anyhow::{Result, ensure};
use tests::cases;
use tests::client::{Request, Socket};
use tests::patience::at_last;
use tests::site::Site;

use super::Case;

pub const CASES: &[Case] = cases![
    sends_to_all_in_the_order_of_the_calls,
    skips_sockets_that_are_closed,
    closes_only_the_slow_socket_of_a_broadcast,
];

/// The number of messages of 64 KiB: 32 MiB in total. On one machine, the system's buffers hold
/// about 10 MiB of a connection.
const LARGE: usize = 512;

fn listener(site: &Site, hall: &str) -> Result<Socket> {
    site.server.open(&Request::upgrade(&format!("/fan-out?hall={hall}")))
}

fn sender(site: &Site, hall: &str, by: &str) -> Result<Socket> {
    site.server.open(&Request::upgrade(&format!("/fan-out?hall={hall}&by={by}")))
}

fn sends_to_all_in_the_order_of_the_calls(site: &Site) -> Result<()> {
    let mut listeners = Vec::new();
    for _ in 0..20 {
        listeners.push(listener(site, "order")?);
    }
    let mut sender = sender(site, "order", "both")?;
    for number in 0..50 {
        sender.send(&number.to_string())?;
    }
    for socket in &mut listeners {
        for number in 0..50 {
            for way in ["loop", "broadcast"] {
                let text = socket.text()?;
                ensure!(text == format!("{number} of the {way}"), "{text} instead of {number}");
            }
        }
    }
    Ok(())
}

fn skips_sockets_that_are_closed(site: &Site) -> Result<()> {
    let mut left = listener(site, "closed")?;
    let mut open = listener(site, "closed")?;
    let mut sender = sender(site, "closed", "broadcast")?;
    left.close(1000, "")?;
    listener(site, "closed")?.reset()?;
    sender.send("to the others")?;
    ensure!(open.text()? == "to the others");
    at_last(|| {
        let count = site.server.get("/fan-out?hall=closed")?.text();
        ensure!(count == "1", "{count} listeners");
        Ok(())
    })
}

fn closes_only_the_slow_socket_of_a_broadcast(site: &Site) -> Result<()> {
    let mut slow = listener(site, "slow")?;
    let mut quick = listener(site, "slow")?;
    let mut sender = sender(site, "slow", "large")?;
    for _ in 0..LARGE {
        sender.send("large")?;
        ensure!(quick.binary()?.len() == 64 * 1024);
    }
    let mut read = 0;
    while slow.binary().is_ok() {
        read += 1;
    }
    ensure!(read < LARGE, "the slow socket got everything");
    Ok(())
}
