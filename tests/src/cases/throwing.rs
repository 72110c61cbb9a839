//! Handlers that fail, at every event and in every way. The failure is reported, an open socket is
//! closed with 1011, and nothing else ends.

use crate::client::{Request, text_frame};
use anyhow::{Context, Result, ensure};

use crate::cases;
use crate::patience::PATIENCE;
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "A failing handler closes its socket with 1011" => [
        closes_with_1011_when_an_open_handler_fails,
        closes_with_1011_when_a_message_handler_fails,
        survives_an_error_handler_that_fails,
        survives_a_close_handler_that_fails,
        finishes_what_a_handler_does_after_the_client_has_left,
        finishes_what_handlers_do_after_the_handshake_is_refused,
    ],
};

/// These cases read the server's output. Sites on other compatibility dates run in Wrangler's test
/// harness, which prints no output of the Worker.
pub(super) const PRINTED: &[Case<Site>] =
    cases![reports_a_handler_that_fails_after_the_client_has_left];

/// The names from `src/pages/throwing.ts`.
const MANNERS: [&str; 9] = [
    "listener",
    "attribute",
    "object",
    "getter",
    "async",
    "then",
    "nothing",
    "unprintable",
    "twice",
];

/// A frame with a reserved opcode (RFC 6455, section 5.2). It causes an `error` event on the
/// server.
const WRONG_FRAME: [u8; 6] = [0x83, 0x80, 0, 0, 0, 0];

fn closes_with_1011_when_an_open_handler_fails(site: &Site) -> Result<()> {
    in_every_manner(site, "open", |target| {
        let (code, _) = site.server.open(&Request::upgrade(target))?.closed()?;
        ensure!(code == 1011, "{code}");
        Ok(())
    })
}

fn closes_with_1011_when_a_message_handler_fails(site: &Site) -> Result<()> {
    in_every_manner(site, "message", |target| {
        let mut socket = site.server.open(&Request::upgrade(target))?;
        socket.send("fail")?;
        let (code, _) = socket.closed()?;
        ensure!(code == 1011, "{code}");
        Ok(())
    })
}

fn survives_an_error_handler_that_fails(site: &Site) -> Result<()> {
    in_every_manner(site, "error", |target| {
        let mut connection = site.server.connection()?;
        let mut bytes = Request::upgrade(target).to_bytes(&site.server.address().to_string());
        bytes.extend(text_frame("a message before it"));
        bytes.extend(WRONG_FRAME);
        connection.write(&bytes)?;
        ensure!(connection.response("GET")?.status == 101);
        connection.ended()
    })
}

fn survives_a_close_handler_that_fails(site: &Site) -> Result<()> {
    in_every_manner(site, "close", |target| {
        site.server.open(&Request::upgrade(target))?.close(1000, "")?;
        Ok(())
    })
}

fn finishes_what_a_handler_does_after_the_client_has_left(site: &Site) -> Result<()> {
    for event in ["open", "message", "close"] {
        let journal = format!("working-{event}");
        works(site, event, &journal, "")?;
        let done = site.journal(&journal, "done")?;
        ensure!(done == "done", "the work of `{event}` has ended early: {done}");
    }
    Ok(())
}

fn reports_a_handler_that_fails_after_the_client_has_left(site: &Site) -> Result<()> {
    for event in ["open", "message", "close"] {
        let journal = format!("failing-{event}");
        works(site, event, &journal, "&fails")?;
        let failure = format!("late failure of {journal}");
        site.server
            .wait_for_output(PATIENCE, |printed| printed.contains(&failure).then_some(()))
            .with_context(|| format!("the failure of `{event}` is not reported"))?;
    }
    site.check_echo()
}

fn finishes_what_handlers_do_after_the_handshake_is_refused(site: &Site) -> Result<()> {
    for event in ["error", "close"] {
        let journal = format!("working-refused-{event}");
        let target = format!("/working?type={event}&journal={journal}&refuses");
        let response = site.server.reject(&Request::upgrade(&target))?;
        ensure!(response.status == 403, "{response}");
        let done = site.journal(&journal, "done")?;
        ensure!(done == "done", "the work of `{event}` has ended early: {done}");
    }
    Ok(())
}

/// Lets a handler begin its work, then leaves.
fn works(site: &Site, event: &str, journal: &str, query: &str) -> Result<()> {
    let target = format!("/working?type={event}&journal={journal}{query}");
    let mut socket = site.server.open(&Request::upgrade(&target))?;
    socket.send("work")?;
    socket.synchronise()?;
    socket.close(1000, "")?;
    Ok(())
}

fn in_every_manner(site: &Site, event: &str, act: impl Fn(&str) -> Result<()>) -> Result<()> {
    for manner in MANNERS {
        let journal = format!("throwing-{event}-{manner}");
        let target = format!("/throwing?type={event}&manner={manner}&journal={journal}");
        act(&target).with_context(|| format!("the manner was `{manner}`"))?;
        let failed = site.journal(&journal, event)?;
        ensure!(failed.starts_with(event), "`{manner}` did not fail: {failed}");
        site.server.check_alive().with_context(|| format!("the manner was `{manner}`"))?;
    }
    site.check_echo()
}
