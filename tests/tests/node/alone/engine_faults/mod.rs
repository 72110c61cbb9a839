//! Three processes of a site on one engine, and what its members are told when something fails.

pub mod failovers;
pub mod links;
pub mod processes;
pub mod servers;
pub mod soaks;

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::patience::within;
use tests::processes::Process;
use tests::realtime::Client;
use tests::realtime::client::{Join, Joined};
use tests::realtime::protocol::ServerFrame;
use tests::server::Server;

use super::{Case, on_products};

/// The documented time limit of a command to the engine, and that of a busy machine.
const LIMIT: Duration = Duration::from_secs(7);

/// The time in which a process finds out that its link is dead: the silence that it allows, and
/// until it listens again.
const FOUND: Duration = Duration::from_secs(30);

fn room(name: &str) -> Join {
    Join::of("rooms", "room", name)
}

/// A user in one channel.
struct Member {
    client: Client,
    joined: Joined,
}

impl Member {
    fn join(server: &Server, user: &str, join: &Join) -> Result<Self> {
        let mut client = Client::connect(server, user)?;
        let joined = client.join(join)?;
        Ok(Self { client, joined })
    }

    fn say(&mut self, text: &str) -> Result<()> {
        self.client.ask(&self.joined, "say", json!({ "text": text })).map(drop)
    }

    /// Waits for these texts, and for nothing else before and between.
    fn hears(&mut self, texts: &[&str]) -> Result<()> {
        self.hears_within(Duration::from_secs(10), texts)
    }

    fn hears_within(&mut self, limit: Duration, texts: &[&str]) -> Result<()> {
        let deadline = Instant::now() + limit;
        for text in texts {
            let left = deadline.saturating_duration_since(Instant::now());
            let own = self.joined.channel;
            let heard = self.client.take_within(left, |frame| match frame {
                ServerFrame::Event(event) if event.channel == own => Some(event.clone()),
                _ => None,
            })?;
            let heard = heard.with_context(|| format!("`{text}` did not come in {limit:?}"))?;
            ensure!(heard.data.json()["text"] == *text, "not `{text}`: {heard:?}");
        }
        let gaps = self.client.unread().any(|frame| matches!(frame, ServerFrame::Gap { .. }));
        ensure!(!gaps, "a gap was told");
        Ok(())
    }
}

/// What a process tells of its engine.
fn engine_of(server: &Server) -> Result<Value> {
    let stats: Value = serde_json::from_str(&server.get("/manager/stats")?.text())?;
    Ok(stats["realtime"]["engine"].clone())
}

fn is_in_state(server: &Server, expected: &str) -> Result<()> {
    within(FOUND, || {
        let engine = engine_of(server)?;
        ensure!(engine["state"] == expected, "{engine}, not {expected}");
        Ok(())
    })
}

/// A message fails in time, with a code that says whether it may have been handled.
fn fails_in_time(member: &mut Member, text: &str) -> Result<()> {
    let start = Instant::now();
    let error = member.client.ask_in_vain(&member.joined, "say", json!({ "text": text }))?;
    let codes = ["SERVICE_UNAVAILABLE", "TIMEOUT", "UNCERTAIN"];
    ensure!(codes.contains(&error.code.as_str()), "{error:?}");
    ensure!(start.elapsed() < LIMIT, "it took {:?}: {error:?}", start.elapsed());
    Ok(())
}

/// Members on all processes, who have heard a first message.
fn members<'s>(processes: &[Process<'s>; 3], name: &str) -> Result<[Member; 3]> {
    let join = |index: usize, user: &str| {
        Member::join(&processes[index].server(), &format!("{user}-{name}"), &room(name))
    };
    let mut all = [join(0, "ada")?, join(1, "bob")?, join(2, "cy")?];
    all[0].say("before")?;
    all.iter_mut().try_for_each(|member| member.hears(&["before"]))?;
    Ok(all)
}

/// Says something as soon as it works.
fn say_at_last(member: &mut Member, text: &str) -> Result<()> {
    within(FOUND, || member.say(text))
}
