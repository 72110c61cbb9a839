//! A Cluster: servers that share the keys by their slots.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::replicas::{catch_up, follows};
use super::{Engine, Product};
use crate::patience::{at_last, within};

/// The slots of a Cluster.
const SLOTS: usize = 16_384;

/// The fewest servers that can agree.
const COUNT: usize = 3;

/// A server that does not answer for this long counts as failed, in milliseconds.
const TIMEOUT: &str = "1000";

/// The time in which a replica takes the place of its primary, also on a busy machine.
const FAILOVER: Duration = Duration::from_secs(30);

/// A Cluster of three servers.
pub struct Cluster {
    /// The servers. Each has slots of its own.
    pub servers: Vec<Engine>,
    /// The replica of each server, if there are any.
    replicas: Vec<Engine>,
}

impl Cluster {
    /// Starts the servers without replicas, and waits until all of them know who has which slot.
    pub fn start(product: Product) -> Result<Self> {
        Self::start_with(product, 0)
    }

    /// Starts the same with a replica of each server.
    pub fn start_with_replicas(product: Product) -> Result<Self> {
        Self::start_with(product, COUNT)
    }

    fn start_with(product: Product, replicas: usize) -> Result<Self> {
        let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", TIMEOUT];
        let start = |count: usize| -> Result<Vec<Engine>> {
            (0..count).map(|_| Engine::start(product, &options)).collect()
        };
        let (servers, replicas) = (start(COUNT)?, start(replicas)?);
        let first = servers[0].address();
        for (index, server) in servers.iter().enumerate() {
            let slot = |index: usize| (SLOTS * index / COUNT).to_string();
            let last = (SLOTS * (index + 1) / COUNT - 1).to_string();
            server.ask(&["CLUSTER", "ADDSLOTSRANGE", &slot(index), &last])?;
            // Otherwise they find out later that they chose the same number.
            server.ask(&["CLUSTER", "SET-CONFIG-EPOCH", &(index + 1).to_string()])?;
        }
        let (host, port) = (first.ip().to_string(), first.port().to_string());
        for server in servers.iter().chain(&replicas) {
            server.ask(&["CLUSTER", "MEET", &host, &port])?;
        }
        let known = format!("cluster_known_nodes:{}", servers.len() + replicas.len());
        for server in servers.iter().chain(&replicas) {
            at_last(|| is_told(server, &["cluster_state:ok", &known]))?;
        }
        for (replica, server) in replicas.iter().zip(&servers) {
            let id = server.ask(&["CLUSTER", "MYID"])?;
            replica.ask(&["CLUSTER", "REPLICATE", id.text()?])?;
            follows(replica)?;
        }
        Ok(Self { servers, replicas })
    }

    /// The addresses of the servers that began with slots.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(Engine::address).collect()
    }

    /// Kills the server with the keys that fit a pattern, and waits until its replica, which has all
    /// of its writes, has taken its place.
    pub fn fail_over(&self, pattern: &str) -> Result<()> {
        for (server, replica) in self.servers.iter().zip(&self.replicas) {
            if server.ask(&["KEYS", pattern])?.list()?.is_empty() {
                continue;
            }
            catch_up(server, replica)?;
            server.kill()?;
            return within(FAILOVER, || {
                let role = replica.info("replication", "role")?;
                ensure!(role == "master", "the replica is still a {role}");
                is_told(replica, &["cluster_state:ok"])
            });
        }
        None.with_context(|| format!("no server has {pattern}"))
    }
}

/// Whether a server says all of this of its Cluster.
fn is_told(server: &Engine, expected: &[&str]) -> Result<()> {
    let told = server.ask(&["CLUSTER", "INFO"])?;
    let told = told.text()?;
    ensure!(expected.iter().all(|part| told.contains(part)), "{told}");
    Ok(())
}
