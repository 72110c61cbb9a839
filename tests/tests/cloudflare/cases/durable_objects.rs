//! Sockets accepted by a Durable Object, when a route returns its 101.

use anyhow::{Context, Result, ensure};
use tests::cases;
use tests::client::{Frame, Request};
use tests::site::Site;
use tests::suite::not_applicable;

use super::{Case, NO_OBJECTS};

pub const CASES: &[Case] = cases! {
    "Durable Object sockets, by returning the object's 101" => [
        talks_in_a_room,
        tells_a_room_who_left_and_how,
        tells_a_room_of_every_way_to_leave,
        sends_cookies_with_the_acceptance_of_a_durable_object,
        sends_the_rejection_of_a_durable_object,
    ],
};

fn talks_in_a_room(site: &Site) -> Result<()> {
    if !site.host.is_worker()? {
        return not_applicable(NO_OBJECTS);
    }
    let mut ada = site.server.open(&Request::upgrade("/rooms/talk?name=ada"))?;
    ensure!(ada.text()? == "ada came");
    let mut bob = site.server.open(&Request::upgrade("/rooms/talk?name=bob"))?;
    ensure!(ada.text()? == "bob came" && bob.text()? == "bob came");
    ada.send("hello")?;
    bob.send("hello, ada")?;
    bob.send("how are you?")?;
    let mut heard = [Vec::new(), Vec::new()];
    for (guest, heard) in [&mut ada, &mut bob].into_iter().zip(&mut heard) {
        for _ in 0..3 {
            heard.push(guest.text()?);
        }
        // The order of messages from two connections is undefined.
        heard.sort();
    }
    ensure!(heard[0] == heard[1], "{heard:?}");
    ensure!(heard[0][0].starts_with("ada (1 of "), "{heard:?}");
    ensure!(heard[0][2].starts_with("bob (2 of ") && heard[0][2].ends_with(": how are you?"));
    // The room answers that without waking up.
    ada.send("ping")?;
    ensure!(ada.text()? == "pong");
    Ok(())
}

fn tells_a_room_who_left_and_how(site: &Site) -> Result<()> {
    if !site.host.is_worker()? {
        return not_applicable(NO_OBJECTS);
    }
    let mut ada = site.server.open(&Request::upgrade("/rooms/leave?name=ada"))?;
    ensure!(ada.text()? == "ada came");
    let mut bob = site.server.open(&Request::upgrade("/rooms/leave?name=bob"))?;
    ensure!(ada.text()? == "bob came");
    let (code, _) = bob.close(4002, "had enough")?;
    ensure!(code == 4002, "{code}");
    let told = ada.text()?;
    ensure!(told == "bob left: 4002 had enough", "{told}");
    Ok(())
}

/// Ways to leave: the guest, the payload of the close frame, and the code that the room gets. Of
/// these codes only 1001 can be sent.
const WAYS_TO_LEAVE: [(&str, Option<&[u8]>, u16); 3] = [
    ("without-a-code", Some(&[]), 1005),
    ("going-away", Some(&[0x03, 0xe9]), 1001),
    ("lost", None, 1006),
];

fn tells_a_room_of_every_way_to_leave(site: &Site) -> Result<()> {
    if !site.host.is_worker()? {
        return not_applicable(NO_OBJECTS);
    }
    let mut ada = site.server.open(&Request::upgrade("/rooms/ways?name=ada"))?;
    ensure!(ada.text()? == "ada came");
    for (name, payload, code) in WAYS_TO_LEAVE {
        let mut guest = site.server.connection()?;
        let target = format!("/rooms/ways?name={name}");
        guest.write(&Request::upgrade(&target).to_bytes(&site.server.address().to_string()))?;
        ensure!(guest.response("GET")?.status == 101);
        ensure!(ada.text()? == format!("{name} came"));
        match payload {
            Some(payload) => {
                guest.write(&Frame::close(payload).to_bytes())?;
                guest.ended().with_context(|| format!("{name}: no answer"))?;
                // Vite's server waits for this before it tells the Worker.
                guest.finish()?;
            }
            None => guest.reset()?,
        }
        let told = ada.text().with_context(|| format!("{name}: the others never hear of it"))?;
        ensure!(told.starts_with(&format!("{name} left: {code} ")), "{told}");
    }
    ada.send("hello")?;
    let heard = ada.text()?;
    ensure!(heard.ends_with(": hello"), "{heard}");
    Ok(())
}

/// workerd makes the headers of such a 101 immutable.
fn sends_cookies_with_the_acceptance_of_a_durable_object(site: &Site) -> Result<()> {
    if !site.host.is_worker()? {
        return not_applicable(NO_OBJECTS);
    }
    let socket = site.server.open(&Request::upgrade("/rooms/cookies?name=ada"))?;
    ensure!(socket.headers.cookie("last-room") == Some("cookies"), "{:?}", socket.headers);
    Ok(())
}

fn sends_the_rejection_of_a_durable_object(site: &Site) -> Result<()> {
    if !site.host.is_worker()? {
        return not_applicable(NO_OBJECTS);
    }
    let _ada = site.server.open(&Request::upgrade("/rooms/full?name=ada"))?;
    let response = site.server.reject(&Request::upgrade("/rooms/full?name=ada"))?;
    ensure!(response.status == 409 && response.text() == "There is a ada here.", "{response}");
    ensure!(response.headers.get("x-guests") == Some("1"), "{response}");
    ensure!(response.headers.cookie("last-room") == Some("full"), "{response}");
    let response = site.server.reject(&Request::upgrade("/rooms/full"))?;
    ensure!(response.status == 400, "{response}");
    Ok(())
}
