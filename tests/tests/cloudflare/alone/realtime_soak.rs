//! Random evictions, kills and stops of the process that keeps the objects of a channel.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Result, ensure};
use rustix::process::Signal;
use tests::realtime::objects::{Sockets, evict, of_channel};
use tests::realtime::soak::{Fault, Faults, ID, Place, Plan, Random, soak_at};
use tests::server::Server;
use tests::suite::not_applicable;

use super::{Case, cases};
use crate::hosts::{NO_CHANNELS, Sites, is_before_workerd, wrangler_dev};

pub const CASES: &[Case] = cases![a_soak_of_evictions_and_kills_breaks_no_promise];

/// The time limit of a process that was killed.
const END: Duration = Duration::from_secs(10);

/// The evictions of one fault.
const EVICTIONS: u64 = 20;

/// `wrangler dev`, which finds its objects again when it restarts.
struct Deployed<'s> {
    sites: &'s Sites,
    configuration: PathBuf,
    server: Mutex<Arc<Server>>,
}

impl<'s> Deployed<'s> {
    fn start(sites: &'s Sites) -> Result<Self> {
        let configuration = sites.configure_evictable("soaked")?;
        let server = wrangler_dev(sites.built()?, &configuration)?;
        server.warm()?;
        Ok(Self { sites, configuration, server: Mutex::new(Arc::new(server)) })
    }

    fn kill(&self, random: &mut Random) -> Result<()> {
        let server = self.server();
        server.kill_all()?;
        server.wait_for_end(END)?;
        random.wait(10, 500);
        let server = wrangler_dev(self.sites.built()?, &self.configuration)?;
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(server);
        Ok(())
    }

    /// All of its processes stop for a while, with all their connections open.
    fn freeze(&self, random: &mut Random) -> Result<()> {
        let server = self.server();
        server.signal_all(Signal::STOP)?;
        random.wait(200, 2000);
        server.signal_all(Signal::CONT)
    }

    fn evict(&self, sockets: Sockets) -> Result<()> {
        let name = of_channel("soak", &[("id".to_owned(), ID.to_owned())].into());
        evict(self.server().peer(), &name, sockets)
    }

    fn hibernate(&self, random: &mut Random) -> Result<()> {
        (0..EVICTIONS).try_for_each(|_| {
            self.evict(Sockets::Stay)?;
            random.wait(1, 50);
            Ok(())
        })
    }
}

impl Place for Deployed<'_> {
    fn server(&self) -> Arc<Server> {
        Arc::clone(&self.server.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn a_soak_of_evictions_and_kills_breaks_no_promise(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let deployed = &Deployed::start(sites)?;
    let faults: [Fault<'_>; 4] = [
        Box::new(|random| deployed.hibernate(random)),
        Box::new(|_| deployed.evict(Sockets::Close)),
        Box::new(|random| deployed.kill(random)),
        Box::new(|random| deployed.freeze(random)),
    ];
    let plan = Plan {
        seed: 21,
        members: 9,
        deliveries: 5000,
        faults: Faults::WithoutLoss,
        rounds: 2 * faults.len(),
    };
    let counts = soak_at(&[deployed], &faults, &plan)?;
    ensure!(counts.delivered as u64 >= plan.deliveries, "{counts:?}");
    ensure!(counts.faults >= plan.rounds && counts.resumes > 0 && counts.handled > 0, "{counts:?}");
    Ok(())
}
