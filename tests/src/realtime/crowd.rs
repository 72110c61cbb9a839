//! Presence, followed from a first list through its changes.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Client;
use super::client::{Join, Joined};
use super::protocol::{Changes, PresentMember, ServerFrame};

/// The members that a client knows of in a channel.
pub struct Crowd {
    /// The join.
    pub joined: Joined,
    /// Who is there.
    pub members: Vec<PresentMember>,
    /// Every departure that was told.
    pub departures: Vec<String>,
}

impl Crowd {
    /// Joins a channel with presence.
    pub fn join(client: &mut Client, join: &Join) -> Result<Self> {
        let joined = client.join(join)?;
        let members = client.members(&joined)?;
        Ok(Self { joined, members, departures: Vec::new() })
    }

    /// Follows the changes until the list is as expected. Returns the time that it took.
    pub fn until(
        &mut self,
        client: &mut Client,
        limit: Duration,
        is_expected: impl Fn(&[PresentMember]) -> bool,
    ) -> Result<Duration> {
        let start = Instant::now();
        while !is_expected(&self.members) {
            let left = limit.saturating_sub(start.elapsed());
            let changed = self.change(client, left)?;
            ensure!(changed, "after {:?} there are: {:#?}", start.elapsed(), self.members);
        }
        Ok(start.elapsed())
    }

    /// Follows the changes of this time.
    pub fn during(&mut self, client: &mut Client, limit: Duration) -> Result<()> {
        let end = Instant::now() + limit;
        while self.change(client, end.saturating_duration_since(Instant::now()))? {}
        Ok(())
    }

    /// Waits for the next change. Returns false if there is none.
    fn change(&mut self, client: &mut Client, limit: Duration) -> Result<bool> {
        let own = self.joined.channel;
        let changes = client.take_within(limit, |frame| match frame {
            ServerFrame::Changes { channel, changes, count } if *channel == own => {
                Some((changes.clone(), *count))
            }
            _ => None,
        })?;
        let Some((changes, count)) = changes else { return Ok(false) };
        self.apply(&changes)?;
        ensure!(count == self.members.len() as u64, "{count}, but {:#?}", self.members);
        Ok(true)
    }

    fn apply(&mut self, changes: &Changes) -> Result<()> {
        let told = format!("{changes:#?}\nto {:#?}", self.members);
        for id in &changes.left {
            let before = self.members.len();
            self.members.retain(|member| member.id != *id);
            ensure!(self.members.len() < before, "someone left who was not there: {told}");
            self.departures.push(id.clone());
        }
        for member in &changes.changed {
            let known = self.members.iter_mut().find(|known| known.id == member.id);
            *known.with_context(|| format!("someone changed who was not there: {told}"))? =
                member.clone();
        }
        for member in &changes.joined {
            let is_known = self.members.iter().any(|known| known.id == member.id);
            ensure!(!is_known, "someone joined who was there: {told}");
            self.members.push(member.clone());
        }
        Ok(())
    }
}

/// Whether a member is this user.
pub fn is_user(member: &PresentMember, user: &str) -> bool {
    member.user.as_ref().is_some_and(|known| known["id"] == user)
}

/// Whether exactly these users are there.
pub fn are_there(members: &[PresentMember], users: &[&str]) -> bool {
    members.len() == users.len()
        && users.iter().all(|user| members.iter().any(|member| is_user(member, user)))
}
