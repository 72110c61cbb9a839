//! What was published, and what the members have got of it.

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use super::KEPT;
use crate::realtime::protocol::Event;

/// Failures that are told. More of them say no more.
const MOST: usize = 20;

/// What a soak has met.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Messages of the channel.
    pub messages: usize,
    /// Messages that arrived at a member.
    pub delivered: usize,
    /// Gaps that members were told of.
    pub gaps: usize,
    /// Connections that continued from a position.
    pub resumes: usize,
    /// Sessions that the engine no longer knew when messages of theirs waited for an answer.
    pub forgotten: usize,
    /// Messages of members that were answered with a result.
    pub handled: usize,
    /// Messages of members that failed.
    pub failed: usize,
    /// Messages of members with an unknown result, all told.
    pub uncertain: usize,
    /// Publishes of pages that failed.
    pub unpublished: usize,
    /// Faults.
    pub faults: usize,
}

/// The truth, as far as anybody has seen it.
#[derive(Default)]
pub struct Book {
    /// The counts, apart from those of messages.
    pub counts: Counts,
    /// The time at which members that lack something give up.
    pub deadline: Option<Instant>,
    messages: HashMap<String, Message>,
    /// The position behind each one.
    next: HashMap<String, String>,
    /// Where each text was first heard.
    texts: HashMap<String, String>,
    published: Vec<(String, String)>,
    /// Texts that the engine surely has not.
    unpublished: HashSet<String>,
    gaps: Vec<Gap>,
    failures: Vec<String>,
}

struct Message {
    previous: String,
    text: String,
}

struct Gap {
    member: usize,
    from: String,
    to: String,
    reason: String,
}

impl Book {
    /// A page has published a text.
    pub fn published(&mut self, text: String, position: String) {
        self.published.push((text, position));
    }

    /// A page has failed to publish a text.
    pub fn not_published(&mut self, text: String, code: &str) {
        self.counts.unpublished += 1;
        match code {
            "TIMEOUT" => {}
            "SERVICE_UNAVAILABLE" => drop(self.unpublished.insert(text)),
            other => self.fail(format!("`{text}` failed with {other}")),
        }
    }

    /// A member has got a message.
    pub fn heard(&mut self, event: &Event) {
        self.counts.delivered += 1;
        let text = event.data.json()["text"].as_str().unwrap_or_default();
        let previous = event.previous.clone().unwrap_or_default();
        if let Some(known) = self.messages.get(&event.position) {
            if (known.previous.as_str(), known.text.as_str()) != (&previous, text) {
                let Message { previous: before, text: other } = known;
                self.fail(format!(
                    "{} is `{text}` after {previous}, and `{other}` after {before}",
                    event.position
                ));
            }
            return;
        }
        if let Some(first) = self.texts.insert(text.to_owned(), event.position.clone()) {
            self.fail(format!("`{text}` is at {first} and at {}", event.position));
        }
        self.next.insert(previous.clone(), event.position.clone());
        self.messages.insert(event.position.clone(), Message { previous, text: text.to_owned() });
    }

    /// A member was told of a gap.
    pub fn gap(&mut self, member: usize, from: &str, to: &str, reason: &str) {
        self.counts.gaps += 1;
        let (from, to, reason) = (from.to_owned(), to.to_owned(), reason.to_owned());
        self.gaps.push(Gap { member, from, to, reason });
    }

    /// A promise is broken.
    pub fn fail(&mut self, failure: String) {
        if self.failures.len() < MOST {
            self.failures.push(failure);
        }
    }

    /// Whether a promise is broken.
    pub fn has_failed(&self) -> bool {
        !self.failures.is_empty()
    }

    /// All broken promises. An engine that has lost its data may have lost messages that it had
    /// confirmed.
    pub fn failures(&self, has_lost: bool) -> Vec<String> {
        let mut failures = self.failures.clone();
        // The gaps come first: of lost messages there may be more than are told.
        for Gap { member, from, to, reason } in &self.gaps {
            let is_right = match reason.as_str() {
                "trimmed" => self.distance(from, to).is_none_or(|distance| distance > KEPT),
                "restarted" => has_lost,
                _ => false,
            };
            if !is_right {
                let distance = self.distance(from, to);
                failures.push(format!(
                    "member {member} was told that messages after {from} are {reason}, and went on \
                     at {to}, which is {distance:?} messages later"
                ));
            }
        }
        for (text, position) in &self.published {
            match self.texts.get(text) {
                Some(heard) if heard != position => {
                    failures.push(format!("`{text}` was published at {position}, not at {heard}"));
                }
                None if !has_lost && !self.is_in_a_gap(position) => {
                    failures.push(format!("`{text}` at {position} is lost"));
                }
                _ => {}
            }
        }
        let told = self.unpublished.iter().filter(|text| self.texts.contains_key(*text));
        failures
            .extend(told.map(|text| format!("`{text}` arrived, and its publisher was told no")));
        failures.truncate(MOST);
        failures
    }

    /// Whether a position is behind another one, or the same. Of messages that nobody heard, since
    /// they were in gaps, only the numbers tell.
    pub fn is_at_or_behind(&self, position: &str, other: &str) -> bool {
        let mut at = position;
        while at != other {
            if epoch(at) != epoch(other) || number(at) <= number(other) {
                return false;
            }
            let Some(Message { previous, .. }) = self.messages.get(at) else { return true };
            at = previous;
        }
        true
    }

    /// Whether members were told that they miss the message at a position.
    fn is_in_a_gap(&self, position: &str) -> bool {
        let at = number(position);
        let is_inside = |gap: &&Gap| number(&gap.from) < at && at <= number(&gap.to);
        at.is_some() && self.gaps.iter().any(|gap| is_inside(&gap))
    }

    /// What was met.
    pub fn counts(&self) -> Counts {
        Counts { messages: self.messages.len(), ..self.counts }
    }

    /// The number of messages after a position up to another one.
    fn distance(&self, from: &str, to: &str) -> Option<usize> {
        let mut at = from;
        for distance in 0..=self.next.len() {
            if at == to {
                return Some(distance);
            }
            at = self.next.get(at)?;
        }
        None
    }
}

/// The epoch of the log: the first part of a position.
fn epoch(position: &str) -> Option<&str> {
    position.split('.').next()
}

/// The number of a message: the second part of a position, in base 36.
fn number(position: &str) -> Option<u64> {
    u64::from_str_radix(position.split('.').nth(1)?, 36).ok()
}
