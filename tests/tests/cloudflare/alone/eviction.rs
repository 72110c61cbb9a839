//! A hibernating room: evicted from memory while its sockets stay open.

use anyhow::{Result, ensure};
use rustix::process::Signal;
use tests::client::Request;
use tests::patience::PATIENCE;
use tests::suite::not_applicable;

use super::{Case, cases};
use crate::hosts::{Sites, is_before_workerd};

pub const CASES: &[Case] = cases![keeps_the_sockets_of_a_room_that_is_evicted];

fn keeps_the_sockets_of_a_room_that_is_evicted(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable("the wrangler that the adapter brings up to Astro 5 cannot evict");
    }
    let server = sites.start_harness()?;
    let mut ada = server.open(&Request::upgrade("/rooms/evicted?name=ada"))?;
    ensure!(ada.text()? == "ada came");
    let mut bob = server.open(&Request::upgrade("/rooms/evicted?name=bob"))?;
    ensure!(ada.text()? == "bob came" && bob.text()? == "bob came");
    for number in 1..=2 {
        ada.send("here")?;
        let expected = format!("ada ({number} of {number}): here");
        ensure!(ada.text()? == expected && bob.text()? == expected);
    }

    server.signal(Signal::USR2)?;
    server.wait_for_output(PATIENCE, |printed| {
        printed.contains("there is no evicted in memory").then_some(())
    })?;

    // The room has lost its counter. The data attached to the socket is still there, and so is the
    // other guest.
    ada.send("still here")?;
    let expected = "ada (3 of 1): still here";
    let heard = ada.text()?;
    ensure!(heard == expected && bob.text()? == expected, "{heard}");
    let response = server.reject(&Request::upgrade("/rooms/evicted?name=bob"))?;
    ensure!(response.status == 409, "{response}");
    bob.close(1000, "")?;
    let heard = ada.text()?;
    ensure!(heard == "bob left: 1000 ", "{heard}");
    server.check_alive()
}
