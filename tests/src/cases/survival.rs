//! Clients must not take the server down. After every case the suite checks that the process lives;
//! here it must also answer.

use crate::client::{Connection, Request};
use anyhow::{Result, ensure};

use crate::cases;
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Connection resets and invalid frames" => [
        survives_a_reset_while_a_slow_route_renders,
        survives_a_reset_in_the_middle_of_a_message,
        survives_invalid_frames,
        survives_250_resets_among_500_handshakes,
        still_answers_after_all_of_this,
    ],
};

fn survives_a_reset_while_a_slow_route_renders(site: &Site) -> Result<()> {
    let mut connection = site.server.connection()?;
    connection.write(
        &Request::upgrade("/slow?journal=slow").to_bytes(&site.server.address().to_string()),
    )?;
    let started = site.journal("slow-started", "")?;
    ensure!(started == "yes", "{started}");
    connection.reset()?;
    site.record("slow-go")?;
    if site.host.tells_who_left_early() {
        let code = site.journal("slow-closed", "")?;
        ensure!(code == "1006", "{code}");
    }
    site.check_echo()
}

fn survives_a_reset_in_the_middle_of_a_message(site: &Site) -> Result<()> {
    let mut connection = site.server.connection()?;
    let mut bytes = Request::upgrade("/echo").to_bytes(&site.server.address().to_string());
    let frame = crate::client::text_frame("never to be finished");
    bytes.extend(&frame[..frame.len() / 2]);
    connection.write(&bytes)?;
    ensure!(connection.response("GET")?.status == 101);
    connection.reset()?;
    site.check_echo()
}

fn survives_invalid_frames(site: &Site) -> Result<()> {
    let mut connection = site.server.connection()?;
    connection.write(&Request::upgrade("/echo").to_bytes(&site.server.address().to_string()))?;
    ensure!(connection.response("GET")?.status == 101);
    // A reserved opcode, not masked: RFC 6455, sections 5.1 and 5.2.
    connection.write(&[0xff; 64])?;
    connection.ended()?;
    site.check_echo()
}

fn survives_250_resets_among_500_handshakes(site: &Site) -> Result<()> {
    // All of a wave must arrive before the server gives up on the first one of it.
    const WAVES: usize = 5;
    const WAVE: usize = 100;
    for wave in 1..=WAVES {
        let request = Request::upgrade(&format!("/crowd?wave={wave}"));
        let bytes = request.to_bytes(&site.server.address().to_string());
        let mut staying = Vec::new();
        let mut leaving = Vec::new();
        for number in 0..WAVE {
            let mut connection = site.server.connection()?;
            connection.write(&bytes)?;
            if number % 2 == 0 { &mut staying } else { &mut leaving }.push(connection);
        }
        site.await_count("crowd-here", wave * WAVE)?;
        leaving.into_iter().try_for_each(Connection::reset)?;
        site.record(&format!("crowd-go-{wave}"))?;
        for connection in staying {
            let mut socket = connection.accepted()?;
            socket.send("still here")?;
            ensure!(socket.text()? == "still here");
            socket.close(1000, "")?;
        }
    }
    if site.host.tells_who_left_early() {
        site.await_count("crowd-gone", WAVES * WAVE / 2)?;
    }
    Ok(())
}

fn still_answers_after_all_of_this(site: &Site) -> Result<()> {
    let response = site.server.get("/")?;
    ensure!(response.status == 200, "{response}");
    site.check_echo()
}
