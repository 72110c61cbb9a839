//! Promise 3: a message is handled once, or its sender is told.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{connect, member, room, work};
use crate::cases;
use crate::realtime::Client;
use crate::realtime::client::Join;
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: messages handled once" => [
        a_message_sent_again_in_its_session_is_handled_once,
        a_message_sent_twice_on_one_connection_is_handled_once,
        a_message_whose_handler_still_runs_is_not_started_again,
        an_unknown_session_is_told,
        a_session_belongs_to_its_user,
        a_user_has_at_most_twenty_sessions,
        a_continued_session_closes_its_older_connection,
        a_join_tells_which_messages_are_ephemeral_or_idempotent,
        messages_of_a_connection_are_handled_in_turn,
        a_late_handler_is_aborted_and_the_next_one_starts,
        ephemeral_messages_reach_others_without_an_answer,
    ],
};

fn a_message_sent_again_in_its_session_is_handled_once(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-again", &work("again"))?;
    let id = ada.send(&hers, "count", json!(null))?;
    let answer = ada.answer(id)?;
    let session = ada.reset()?;
    let mut ada = Client::resume(&site.server, "ada-again", &session)?;
    ensure!(ada.welcome.is_resumed && ada.welcome.session == session, "{:?}", ada.welcome);
    let hers = ada.join(&work("again"))?;
    ada.send_as(&hers, id, "count", json!(null))?;
    let again = ada.answer(id)?;
    ensure!(again == answer && answer.is_ok(), "{again:?}, not {answer:?}");
    let journal = site.journal("work-again", "")?;
    ensure!(journal == "counted", "{journal}");
    Ok(())
}

fn a_message_sent_twice_on_one_connection_is_handled_once(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-twice", &work("twice"))?;
    ada.send_as(&hers, 7, "count", json!(null))?;
    ada.send_as(&hers, 7, "count", json!(null))?;
    let (one, two) = (ada.answer(7)?, ada.answer(7)?);
    ensure!(one == two && one.is_ok(), "{one:?} {two:?}");
    let journal = site.journal("work-twice", "")?;
    ensure!(journal == "counted", "{journal}");
    Ok(())
}

fn a_message_whose_handler_still_runs_is_not_started_again(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-running", &work("running"))?;
    let id = ada.send(&hers, "wait", json!(null))?;
    ensure!(site.journal("work-running", "started")? == "started");
    let session = ada.reset()?;
    let mut ada = Client::resume(&site.server, "ada-running", &session)?;
    ensure!(ada.welcome.is_resumed, "{:?}", ada.welcome);
    let hers = ada.join(&work("running"))?;
    ada.send_as(&hers, id, "wait", json!(null))?;
    ada.ping()?;
    site.record("work-running")?;
    let answer = ada.answer(id)?;
    ensure!(answer.as_ref().is_ok_and(|data| *data.json() == "waited"), "{answer:?}");
    let journal = site.journal("work-running", "ended")?;
    ensure!(journal == "started go ended", "{journal}");
    Ok(())
}

fn an_unknown_session_is_told(site: &Site) -> Result<()> {
    let unknown = "AAAAAAAAAAAAAAAAAAAAAA";
    let ada = Client::resume(&site.server, "ada-unknown", unknown)?;
    ensure!(!ada.welcome.is_resumed && ada.welcome.session != unknown, "{:?}", ada.welcome);
    let bob = connect(site, "bob-unknown")?;
    ensure!(!bob.welcome.is_resumed && bob.welcome.session != ada.welcome.session);
    ensure!(bob.welcome.version == ada.welcome.version && !bob.welcome.version.is_empty());
    Ok(())
}

fn a_session_belongs_to_its_user(site: &Site) -> Result<()> {
    let session = connect(site, "ada-owner")?.reset()?;
    for other in ["eve-owner", ""] {
        let eve = Client::resume(&site.server, other, &session)?;
        ensure!(!eve.welcome.is_resumed && eve.welcome.session != session, "{:?}", eve.welcome);
    }
    let ada = Client::resume(&site.server, "ada-owner", &session)?;
    ensure!(ada.welcome.is_resumed, "{:?}", ada.welcome);
    Ok(())
}

fn a_user_has_at_most_twenty_sessions(site: &Site) -> Result<()> {
    const MOST: usize = 20;
    // Processes of one site learn of resets each in its own time, and so in almost this order.
    const DISORDER: usize = 5;
    let mut sessions = Vec::new();
    for _ in 0..MOST + 3 {
        sessions.push(connect(site, "ada-sessions")?.reset()?);
        // The server learns of the reset after the client.
        connect(site, "bob-sessions")?.ping()?;
    }
    let is_resumed = |session: &String| -> Result<bool> {
        Ok(Client::resume(&site.server, "ada-sessions", session)?.welcome.is_resumed)
    };
    let (oldest, newest) = sessions.split_at(3 + DISORDER);
    for session in newest {
        ensure!(is_resumed(session)?, "one of the newest {} is forgotten", newest.len());
    }
    let mut kept = newest.len();
    for session in oldest.iter().rev() {
        kept += usize::from(is_resumed(session)?);
    }
    ensure!(kept <= MOST, "it has {kept} sessions, more than {MOST}");
    Ok(())
}

fn a_continued_session_closes_its_older_connection(site: &Site) -> Result<()> {
    let mut older = connect(site, "ada-taken")?;
    let newer = Client::resume(&site.server, "ada-taken", &older.welcome.session.clone())?;
    ensure!(newer.welcome.is_resumed, "{:?}", newer.welcome);
    let (code, reason) = older.closed()?;
    ensure!(code == 4409, "{code} {reason}");
    Ok(())
}

fn a_join_tells_which_messages_are_ephemeral_or_idempotent(site: &Site) -> Result<()> {
    let mut ada = connect(site, "ada-kinds")?;
    let in_room = ada.join(&room("kinds"))?.details;
    ensure!(in_room.ephemeral == ["whisper"] && in_room.idempotent.is_empty(), "{in_room:?}");
    let at_work = ada.join(&work("kinds"))?.details;
    ensure!(at_work.ephemeral.is_empty() && at_work.idempotent == ["repeat"], "{at_work:?}");
    Ok(())
}

fn messages_of_a_connection_are_handled_in_turn(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-turn", &work("turn"))?;
    let first = ada.send(&hers, "wait", json!(null))?;
    let second = ada.send(&hers, "count", json!(null))?;
    ensure!(site.journal("work-turn", "started")? == "started");
    ada.ping()?;
    site.record("work-turn")?;
    ensure!(ada.answer(second)?.is_ok());
    ensure!(ada.answer(first)?.is_ok());
    let journal = site.journal("work-turn", "counted")?;
    ensure!(journal == "started go ended counted", "{journal}");
    Ok(())
}

fn a_late_handler_is_aborted_and_the_next_one_starts(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-late", &Join::of("late", "id", "handler"))?;
    let late = ada.send(&hers, "wait", json!(null))?;
    let next = ada.send(&hers, "next", json!(null))?;
    let error = ada.answer(late)?;
    ensure!(error.as_ref().is_err_and(|error| error.code == "TIMEOUT"), "{error:?}");
    ensure!(ada.answer(next)?.is_ok_and(|data| *data.json() == "next"));
    let journal = site.journal("late-handler", "aborted")?;
    ensure!(journal == "aborted", "{journal}");
    Ok(())
}

fn ephemeral_messages_reach_others_without_an_answer(site: &Site) -> Result<()> {
    let (mut ada, hers) = member(site, "ada-cast", &room("cast"))?;
    let (mut bob, his) = member(site, "bob-cast", &room("cast"))?;
    ada.cast(&hers, "whisper", json!({ "text": "psst" }))?;
    let (name, data) = bob.casting(&his)?;
    ensure!(name == "whispered", "{name}");
    ensure!(*data.json() == json!({ "by": "ada-cast", "text": "psst" }), "{data:?}");
    // The sender is excepted, and nothing answers. Wrong data is dropped as well.
    ada.cast(&hers, "whisper", json!({ "text": 1 }))?;
    ada.ask(&hers, "tell", json!(null))?;
    let (_, data) = ada.casting(&hers)?;
    ensure!(data.json()["text"] == "for this connection", "{data:?}");
    ensure!(ada.unread().count() == 0, "{:?}", ada.unread().collect::<Vec<_>>());
    bob.ping()?;
    ensure!(bob.unread().count() == 0, "{:?}", bob.unread().collect::<Vec<_>>());
    Ok(())
}
