//! Servers of NATS that keep copies of the same streams.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::jetstream::JetStream;
use super::{Engine, Product};
use crate::patience::within;
use crate::port::free_port;

/// The fewest servers that still agree when one fails.
const COUNT: usize = 3;

/// The time in which servers agree, also on a busy machine.
const AGREEMENT: Duration = Duration::from_secs(60);

/// A cluster of three servers.
pub struct NatsCluster {
    /// The servers. The name of each is its index.
    pub servers: Vec<Engine>,
}

impl NatsCluster {
    /// Starts the servers, and waits until they keep copies for each other.
    pub fn start() -> Result<Self> {
        let ports = (0..COUNT).map(|_| free_port()).collect::<Result<Vec<_>>>()?;
        let routes: Vec<String> =
            ports.iter().map(|port| format!("nats://127.0.0.1:{port}")).collect();
        let all = routes.join(",");
        let start = |(index, route): (usize, &String)| {
            let name = index.to_string();
            let own = ["--name", &name, "--cluster_name", "channels", "--cluster", route];
            Engine::start(Product::Nats, &[own.as_slice(), &["--routes", &all]].concat())
        };
        let servers = routes.iter().enumerate().map(start).collect::<Result<Vec<_>>>()?;
        let cluster = Self { servers };
        within(AGREEMENT, || cluster.ask(|api| api.probe_copies(COUNT)))?;
        Ok(cluster)
    }

    /// The addresses of the servers.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(Engine::address).collect()
    }

    /// The server that leads the stream whose name ends like this.
    pub fn leader_of(&self, end: &str) -> Result<&Engine> {
        let index = self.ask(|api| {
            let streams = api.streams()?;
            let name = streams.iter().find(|name| name.ends_with(end));
            let name = name.with_context(|| format!("no *{end} in {streams:?}"))?;
            let info = api.ask(&format!("STREAM.INFO.{name}"), &Value::Null)?;
            let copies = &info["cluster"]["replicas"];
            let is_current = |copy: &Value| copy["current"] == true;
            ensure!(copies.as_array().is_some_and(|all| all.iter().all(is_current)), "{copies}");
            let leader = info["cluster"]["leader"].as_str();
            Ok(leader.with_context(|| info.to_string())?.parse::<usize>()?)
        })?;
        Ok(&self.servers[index])
    }

    /// Asks the first server that answers.
    fn ask<T>(&self, question: impl Fn(&mut JetStream) -> Result<T>) -> Result<T> {
        let mut refusal = None;
        for address in self.addresses() {
            match JetStream::connect(address).and_then(|mut api| question(&mut api)) {
                Ok(answer) => return Ok(answer),
                Err(error) => refusal = Some(error),
            }
        }
        Err(refusal.context("no servers")?)
    }
}
