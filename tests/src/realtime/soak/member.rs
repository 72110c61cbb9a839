//! A member that follows the rules of the protocol, and checks the servers by them.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use serde_json::json;

use super::faults::Random;
use super::{ID, PAUSE, Shared};
use crate::realtime::Client;
use crate::realtime::client::{Join, Joined, Violation};
use crate::realtime::protocol::{Data, ErrorData, ServerFrame};

/// The time between two looks at whether the soak is over.
const STEP: Duration = Duration::from_millis(100);

/// Messages of a member that wait for their answer.
const MOST_PENDING: usize = 5;

/// How often a member does something by itself, as one of so many frames.
const SENDS: u64 = 60;
const RESETS: u64 = 3000;
const RESTS: u64 = 2000;

/// A member of the channel.
pub struct Member<'s> {
    shared: &'s Shared<'s>,
    random: Random,
    index: usize,
    session: Option<String>,
    position: Option<String>,
    /// Messages without an answer, by their id.
    pending: BTreeMap<u64, Pending>,
    ids: u64,
    gaps: usize,
    /// Its own texts that it has heard.
    heard: HashSet<String>,
}

struct Pending {
    text: String,
    /// The gaps when the message was sent: they may hide what its handler published.
    gaps: usize,
}

impl<'s> Member<'s> {
    pub fn new(shared: &'s Shared<'s>, seed: u64, index: usize) -> Self {
        Self {
            shared,
            random: Random::new(seed, index as u64 + 1),
            index,
            session: None,
            position: None,
            pending: BTreeMap::new(),
            ids: 0,
            gaps: 0,
            heard: HashSet::new(),
        }
    }

    /// Connects again and again, until it has everything.
    pub fn run(mut self) {
        while !self.has_all() {
            if self.is_late() {
                let last = self.shared.last();
                let Self { index, position, pending, .. } = &self;
                let pending = pending.len();
                self.shared.book().fail(format!(
                    "member {index} ended at {position:?}, the channel at {last:?}, with {pending} \
                     messages without an answer"
                ));
                return;
            }
            match self.visit() {
                Ok(()) => {}
                Err(error) if error.is::<Violation>() => {
                    let failure = format!("member {}: {error:#}", self.index);
                    self.shared.book().fail(failure);
                    return;
                }
                // The process is gone, or has no engine.
                Err(_) => thread::sleep(PAUSE),
            }
        }
    }

    /// Handlers of members may publish something behind the last message of the pages.
    fn has_all(&self) -> bool {
        let (Some(last), Some(position)) = (self.shared.last(), &self.position) else {
            return false;
        };
        self.pending.is_empty() && self.shared.book().is_at_or_behind(position, &last)
    }

    fn is_late(&self) -> bool {
        self.shared.book().deadline.is_some_and(|deadline| Instant::now() > deadline)
    }

    /// One connection, until it ends or everything is there.
    fn visit(&mut self) -> Result<()> {
        let places = self.shared.places;
        let server = places[self.random.below(places.len() as u64) as usize].server();
        let user = format!("member {}", self.index);
        let mut client = match &self.session {
            None => Client::connect(&server, &user)?,
            Some(session) => Client::resume(&server, &user, session)?,
        };
        let is_first = self.session.is_none();
        self.follow(&client, is_first);
        let joined = self.join(&mut client)?;
        // The channel may have a session of its own.
        self.follow(&client, is_first);
        for (id, Pending { text, .. }) in &self.pending {
            client.send_as(&joined, *id, "say", json!({ "text": text }))?;
        }
        while !self.has_all() && !self.is_late() {
            let Some(frame) = client.next_frame(STEP)? else { continue };
            self.take(frame)?;
            if self.random.is_one_of(SENDS) {
                self.say(&mut client, &joined)?;
            }
            if self.random.is_one_of(RESTS) {
                thread::sleep(STEP);
            }
            if self.random.is_one_of(RESETS) {
                client.reset()?;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes over the session of a client. Without that of before, the messages of before may have
    /// been handled.
    fn follow(&mut self, client: &Client, is_first: bool) {
        if !is_first && !client.welcome.is_resumed && !self.pending.is_empty() {
            let mut book = self.shared.book();
            book.counts.forgotten += 1;
            book.counts.uncertain += self.pending.len();
            self.pending.clear();
        }
        self.session = Some(client.welcome.session.clone());
    }

    fn join(&mut self, client: &mut Client) -> Result<Joined> {
        let mut join = Join::of("soak", "id", ID);
        if let Some(position) = &self.position {
            join = join.since(position);
        }
        let reference = client.ask_to_join(&join)?;
        let joined = match client.answer_to_join(reference)? {
            Ok(joined) => joined,
            Err(error) => bail!("the join is refused: {error:?}"),
        };
        let start = joined.details.position.clone();
        match &self.position {
            None => {
                self.position = Some(start);
                self.shared.joined.fetch_add(1, Ordering::SeqCst);
            }
            Some(position) => {
                let is_own = *position == start;
                ensure!(is_own, Violation(format!("joined at {start}, not at {position}")));
                self.shared.book().counts.resumes += 1;
            }
        }
        Ok(joined)
    }

    fn say(&mut self, client: &mut Client, joined: &Joined) -> Result<()> {
        if self.pending.len() >= MOST_PENDING || self.shared.is_over() {
            return Ok(());
        }
        self.ids += 1;
        let text = format!("member {} {}", self.index, self.ids);
        self.pending.insert(self.ids, Pending { text: text.clone(), gaps: self.gaps });
        client.send_as(joined, self.ids, "say", json!({ "text": text }))
    }

    fn take(&mut self, frame: ServerFrame) -> Result<()> {
        match frame {
            ServerFrame::Event(event) => {
                self.shared.book().heard(&event);
                self.shared.delivered.fetch_add(1, Ordering::Relaxed);
                if let Some(text) = event.data.json()["text"].as_str()
                    && text.starts_with(&format!("member {} ", self.index))
                {
                    self.heard.insert(text.to_owned());
                }
                self.position = Some(event.position);
            }
            ServerFrame::Gap { reason, position, .. } => {
                self.gaps += 1;
                let from = self.position.replace(position.clone()).unwrap_or_default();
                self.shared.book().gap(self.index, &from, &position, &reason);
            }
            ServerFrame::Reply { id, data, .. } => self.answered(id, Ok(data))?,
            ServerFrame::Error { id, error, .. } => self.answered(id, Err(error))?,
            ServerFrame::Left { error, .. } => bail!("the join has ended: {error:?}"),
            _ => {}
        }
        Ok(())
    }

    fn answered(&mut self, id: u64, answer: Result<Data, ErrorData>) -> Result<()> {
        let Some(Pending { text, gaps }) = self.pending.remove(&id) else {
            bail!(Violation(format!("a second answer to message {id}: {answer:?}")));
        };
        let mut book = self.shared.book();
        match answer {
            Ok(data) => {
                book.counts.handled += 1;
                ensure!(*data.json() == text.as_str(), Violation(format!("{data:?} for `{text}`")));
                ensure!(
                    gaps < self.gaps || self.heard.contains(&text),
                    Violation(format!("a reply to `{text}` before what its handler published"))
                );
            }
            Err(error) if error.code == "UNCERTAIN" => book.counts.uncertain += 1,
            Err(_) => book.counts.failed += 1,
        }
        Ok(())
    }
}
