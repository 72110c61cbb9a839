//! Promise 7: slow readers.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{member, work};
use crate::cases;
use crate::realtime::Client;
use crate::realtime::client::Joined;
use crate::realtime::protocol::{ClientFrame, ServerFrame};
use crate::site::Site;
use crate::suite::Case;

pub(super) const CASES: &[Case<Site>] = cases! {
    "Channels: slow readers" => [
        an_acknowledgement_is_asked_for_each_256_kib,
        a_slow_reader_loses_ephemeral_messages_alone,
        a_slow_reader_is_closed_with_4008_and_resumes,
    ],
};

/// The size of an event, in bytes of text. With the frame around it, it is a little larger.
const SIZE: u64 = 32 * 1024;

/// A member that acknowledges nothing by itself, and one that fills the channel.
fn slow(site: &Site, name: &str) -> Result<((Client, Joined), (Client, Joined))> {
    let (mut slow, joined) = member(site, &format!("slow-{name}"), &work(name))?;
    slow.acknowledges = false;
    Ok(((slow, joined), member(site, &format!("busy-{name}"), &work(name))?))
}

/// Fills the channel in parts: what a single handler publishes is sent before any acknowledgement
/// arrives.
fn fill((client, joined): &mut (Client, Joined), count: u64) -> Result<()> {
    const PART: u64 = 10;
    for done in (0..count).step_by(PART as usize) {
        let part = PART.min(count - done);
        client.ask(joined, "fill", json!({ "count": part, "size": SIZE }))?;
    }
    Ok(())
}

fn credit(client: &mut Client) -> Result<u64> {
    client.take("a credit", |frame| match frame {
        ServerFrame::Credit { count } => Some(*count),
        _ => None,
    })
}

fn an_acknowledgement_is_asked_for_each_256_kib(site: &Site) -> Result<()> {
    let ((mut slow, joined), mut busy) = slow(site, "credit")?;
    fill(&mut busy, 18)?;
    slow.events(&joined, 18)?;
    slow.ping()?;
    let counts: Vec<u64> = slow
        .unread()
        .filter_map(|frame| match frame {
            ServerFrame::Credit { count } => Some(*count),
            _ => None,
        })
        .collect();
    ensure!(counts.len() == 2 && counts[0] < counts[1], "{counts:?}");
    Ok(())
}

fn a_slow_reader_loses_ephemeral_messages_alone(site: &Site) -> Result<()> {
    let ((mut slow, joined), mut busy) = slow(site, "lossy")?;
    let pulse = |busy: &mut (Client, Joined), number: u64| {
        let (client, joined) = busy;
        client.ask(joined, "pulse", json!({ "number": number })).map(drop)
    };
    pulse(&mut busy, 1)?;
    fill(&mut busy, 20)?;
    pulse(&mut busy, 2)?;
    slow.events(&joined, 20)?;
    slow.ping()?;
    let first = slow.casting(&joined)?.1;
    ensure!(first.json()["number"] == 1, "{first:?}");
    // Acknowledgements make room again.
    for _ in 0..2 {
        let count = credit(&mut slow)?;
        slow.write(&ClientFrame::Credit { count })?;
    }
    slow.ping()?;
    pulse(&mut busy, 3)?;
    let next = slow.casting(&joined)?.1;
    ensure!(next.json()["number"] == 3, "{next:?}");
    Ok(())
}

fn a_slow_reader_is_closed_with_4008_and_resumes(site: &Site) -> Result<()> {
    const COUNT: usize = 40;
    let ((mut slow, joined), mut busy) = slow(site, "closed")?;
    fill(&mut busy, COUNT as u64)?;
    let (code, reason) = slow.closed()?;
    ensure!(code == 4008, "{code} {reason}");
    let position = slow.position(&joined)?;
    let seen = slow.unread().filter(|frame| matches!(frame, ServerFrame::Event(_))).count();
    ensure!(seen < COUNT, "it got all {seen}");
    let session = slow.welcome.session.clone();
    let mut slow = Client::resume(&site.server, "slow-closed", &session)?;
    let joined = slow.join(&work("closed").since(&position))?;
    let missed = slow.events(&joined, COUNT - seen).context("the rest")?;
    ensure!(missed.iter().all(|event| event.name == "filled"), "{:?}", slow.position(&joined));
    // The other member was never in danger.
    busy.0.ping()
}
