//! Sentinels, which promote a replica when its primary fails.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use super::replicas::{catch_up, follows};
use super::resp::Commands;
use super::{Engine, Product};
use crate::patience::{at_last, within};
use crate::port::free_port;
use crate::server::Server;

/// The name of the primary at the sentinels.
pub const PRIMARY: &str = "channels";

/// The sentinels, of which two have to agree.
const COUNT: usize = 3;

/// A primary, a replica, and three sentinels.
pub struct Sentinels {
    /// The servers with the data. The first one begins as the primary.
    pub servers: [Engine; 2],
    ports: Vec<u16>,
    _processes: Vec<Server>,
    _folder: TempDir,
}

impl Sentinels {
    /// Starts all, and waits until each sentinel knows the others.
    pub fn start(product: Product) -> Result<Self> {
        let primary = Engine::start(product, &[])?;
        let port = primary.address().port().to_string();
        let replica = Engine::start(product, &["--replicaof", "127.0.0.1", &port])?;
        follows(&replica)?;
        let folder = tempfile::tempdir()?;
        let mut ports = Vec::new();
        let mut processes = Vec::new();
        for _ in 0..COUNT {
            let own = free_port()?;
            let file = folder.path().join(format!("{own}.conf"));
            fs::write(
                &file,
                format!(
                    "port {own}\nbind 127.0.0.1\ndir {}\n\
                     sentinel monitor {PRIMARY} 127.0.0.1 {port} 2\n\
                     sentinel down-after-milliseconds {PRIMARY} 1000\n\
                     sentinel failover-timeout {PRIMARY} 5000\n",
                    folder.path().display()
                ),
            )?;
            let mut command = Command::new(product.program()?);
            processes.push(Server::start_on(own, command.arg(file).arg("--sentinel"))?);
            ports.push(own);
        }
        let all =
            Self { servers: [primary, replica], ports, _processes: processes, _folder: folder };
        within(Duration::from_secs(30), || all.know_each_other())?;
        Ok(all)
    }

    /// The addresses of the sentinels.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.ports.iter().map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, *port))).collect()
    }

    /// The primary, as the first sentinel says.
    pub fn primary(&self) -> Result<SocketAddr> {
        let mut sentinel = Commands::connect(self.addresses()[0])?;
        let told = sentinel.ask(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", PRIMARY])?;
        let [host, port] = told.list()? else { anyhow::bail!("not an address: {told:?}") };
        Ok(format!("{}:{}", host.text()?, port.text()?).parse()?)
    }

    /// Waits until the replica has all writes.
    pub fn catch_up(&self) -> Result<()> {
        let [primary, replica] = &self.servers;
        catch_up(primary, replica)
    }

    /// Kills the first primary, and waits until the replica has taken its place.
    pub fn fail_over(&self) -> Result<()> {
        let [primary, replica] = &self.servers;
        primary.kill()?;
        within(Duration::from_secs(30), || {
            let told = self.primary()?;
            ensure!(told == replica.address(), "the primary is still {told}");
            Ok(())
        })?;
        at_last(|| {
            let role = replica.info("replication", "role")?;
            ensure!(role == "master", "the replica is still a {role}");
            Ok(())
        })
    }

    fn know_each_other(&self) -> Result<()> {
        for address in self.addresses() {
            let told = Commands::connect(address)?.ask(&["SENTINEL", "MASTER", PRIMARY])?;
            let others = told.value("num-other-sentinels")?;
            let replicas = told.value("num-slaves")?;
            ensure!((others, replicas) == ("2", "1"), "{others} others, {replicas} replicas");
        }
        Ok(())
    }
}
