//! The wire: versions, and frames that break the protocol.

use anyhow::{Context, Result, ensure};

use super::{connect, member, room};
use crate::cases;
use crate::realtime::identity::open;
use crate::realtime::protocol::{Message, PROTOCOL};
use crate::realtime::vectors::Vectors;
use crate::realtime::{Client, Identity};
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: malformed frames and unknown versions" => [
        malformed_frames_close_with_4500,
        a_reference_that_is_used_twice_closes_with_4500,
        a_first_frame_that_is_no_hello_closes_with_4500,
        frames_for_joins_that_ended_are_ignored,
        an_unknown_version_is_refused_with_a_sentence,
        the_known_version_is_chosen_among_others,
        a_client_of_another_version_is_served_and_told_the_servers_version,
    ],
};

/// Malformed in an open connection alone: the examples are malformed anywhere.
const SECOND_HELLO: &str = r#"["hello",{}]"#;

fn malformed_frames_close_with_4500(site: &Site) -> Result<()> {
    let mut malformed = vec![Message::Text(SECOND_HELLO.to_owned())];
    for vector in Vectors::read()?.malformed {
        malformed.push(vector.message()?);
    }
    for message in malformed {
        let mut ada = connect(site, "ada-malformed")?;
        ada.join(&room("malformed"))?;
        ada.write_message(&message)?;
        let (code, reason) = ada.closed().with_context(|| format!("{message:?}"))?;
        ensure!(code == 4500 && !reason.is_empty(), "{message:?}: {code} {reason}");
    }
    connect(site, "ada-malformed")?.ping()
}

fn a_reference_that_is_used_twice_closes_with_4500(site: &Site) -> Result<()> {
    for again in [r#"["join",1,"rooms",{"room":"twice"},{}]"#, r#"["join",1,"open",{},{}]"#] {
        let (mut ada, joined) = member(site, "ada-reference", &room("twice"))?;
        ensure!(joined.reference == 1);
        ada.write_message(&Message::Text(again.to_owned()))?;
        let (code, reason) = ada.closed()?;
        ensure!(code == 4500, "{code} {reason}");
        // A reference stays used after its join.
        let (mut ada, joined) = member(site, "ada-reference", &room("twice"))?;
        ada.leave(&joined)?;
        ada.write_message(&Message::Text(again.to_owned()))?;
        ensure!(ada.closed()?.0 == 4500);
    }
    Ok(())
}

fn a_first_frame_that_is_no_hello_closes_with_4500(site: &Site) -> Result<()> {
    for first in [r#"["join",1,"open",{},{}]"#, r#"["credit",1]"#, "hello"] {
        let mut socket = open(&site.server, &Identity::of("ada-first"))?;
        socket.send(first)?;
        let (code, reason) = socket.closed()?;
        ensure!(code == 4500, "{first}: {code} {reason}");
    }
    Ok(())
}

/// A client may send before it learns that its join ended.
fn frames_for_joins_that_ended_are_ignored(site: &Site) -> Result<()> {
    let (mut ada, joined) = member(site, "ada-after-end", &room("after end"))?;
    ada.leave(&joined)?;
    for late in [r#"["leave",1]"#, r#"["presence",1,{}]"#, r#"["cast",1,"whisper",{"text":"x"}]"#] {
        ada.write_message(&Message::Text(late.to_owned()))?;
    }
    ada.ping()?;
    ada.join(&room("after end"))?;
    Ok(())
}

fn an_unknown_version_is_refused_with_a_sentence(site: &Site) -> Result<()> {
    let ada = offering("ada-version", "zastro-realtime.v9, zastro-realtime.v8");
    let mut socket = site.server.open(&ada.first_handshake(&site.server))?;
    let chosen = socket.headers.get("sec-websocket-protocol");
    ensure!(chosen == Some("zastro-realtime.v9"), "{chosen:?}");
    let (code, reason) = socket.closed()?;
    ensure!(code == 4505 && reason.contains("zastro-realtime.v1"), "{code} {reason}");
    Ok(())
}

fn a_client_of_another_version_is_served_and_told_the_servers_version(site: &Site) -> Result<()> {
    let current = connect(site, "ada-current")?.welcome.version;
    ensure!(!current.is_empty(), "the server has no version");
    let mut ada = Client::connect_as(&site.server, "ada-outdated", "another")?;
    ensure!(ada.welcome.version == current, "{:?}, not {current}", ada.welcome);
    ada.join(&room("outdated"))?;
    Ok(())
}

fn the_known_version_is_chosen_among_others(site: &Site) -> Result<()> {
    let both = offering("ada-versions", &format!("zastro-realtime.v9, {PROTOCOL}"));
    let mut ada = Client::connect_with(&site.server, both)?;
    let chosen = ada.headers().get("sec-websocket-protocol");
    ensure!(chosen == Some(PROTOCOL), "{chosen:?}");
    ada.join(&room("versions"))?;
    Ok(())
}

/// A user whose client offers these subprotocols.
fn offering(user: &str, protocols: &str) -> Identity {
    Identity::of(user).header("Sec-WebSocket-Protocol", protocols)
}
