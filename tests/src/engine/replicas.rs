//! A server with a replica that can miss writes and be promoted all the same.

use anyhow::{Result, ensure};

use super::{Engine, Product};
use crate::line::Line;
use crate::patience::at_last;

/// A primary and its replica, with a network in between.
pub struct Replicas {
    /// The server that takes writes.
    pub primary: Engine,
    /// The one that follows it.
    pub replica: Engine,
    between: Line,
}

impl Replicas {
    /// Starts both, and waits until the replica follows.
    pub fn start(product: Product) -> Result<Self> {
        let primary = Engine::start(product, &[])?;
        let between = Line::to(primary.address())?;
        let port = between.address().port().to_string();
        let replica = Engine::start(product, &["--replicaof", "127.0.0.1", &port])?;
        follows(&replica)?;
        Ok(Self { primary, replica, between })
    }

    /// Waits until the replica has all writes.
    pub fn catch_up(&self) -> Result<()> {
        catch_up(&self.primary, &self.replica)
    }

    /// The replica gets no more writes, and the primary confirms them all the same.
    pub fn separate(&self) -> Result<()> {
        self.between.die()
    }

    /// The primary dies, and the replica takes its place with the writes that it has got.
    pub fn fail_over(&self) -> Result<()> {
        self.primary.kill()?;
        self.replica.ask(&["REPLICAOF", "NO", "ONE"])?;
        Ok(())
    }
}

/// Waits until a replica has the data of its primary.
pub(super) fn follows(replica: &Engine) -> Result<()> {
    at_last(|| {
        let state = replica.info("replication", "master_link_status")?;
        ensure!(state == "up", "the link to the primary is {state}");
        Ok(())
    })
}

/// Waits until a replica has all writes of its primary.
pub(super) fn catch_up(primary: &Engine, replica: &Engine) -> Result<()> {
    let offset = |engine: &Engine| engine.info("replication", "master_repl_offset");
    at_last(|| {
        let (written, read) = (offset(primary)?, offset(replica)?);
        ensure!(written == read, "the replica is at {read}, not at {written}");
        Ok(())
    })
}
