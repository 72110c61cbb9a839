//! The Node adapter: one list of behaviours, held against every way in which it serves a site, and
//! some that need a server of their own.

mod alone;
mod cases;
mod hosts;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use anyhow::{Result, anyhow};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use cases::NotApplicable;
use hosts::{Host, Site, Sites};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let sites = Arc::new(Sites::default());
    let trials: Vec<(Host, Trial)> = Host::ALL
        .into_iter()
        .flat_map(|host| cases::all().map(move |case| (host, case)))
        .map(|(host, case)| {
            let sites = Arc::clone(&sites);
            let name = format!("{host}::{}", case.name);
            (
                host,
                Trial::ignorable_test(name, move || {
                    completion(sites.get(host).and_then(|site| check(site, case.run)))
                }),
            )
        })
        .collect();
    if !arguments.list {
        start_what_is_needed(&arguments, &trials, &sites);
    }
    let trials = trials.into_iter().map(|(_, trial)| trial).chain(alone(&sites)).collect();
    drop(sites);
    // When this returns the trials are gone, and with the last of the sites go the servers.
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// The cases that have a server to themselves.
fn alone(sites: &Arc<Sites>) -> impl Iterator<Item = Trial> {
    alone::all().map(|case| {
        let sites = Arc::clone(sites);
        Trial::ignorable_test(format!("alone::{}", case.name), move || {
            completion((case.run)(&sites))
        })
    })
}

/// Servers start side by side, while the first cases already run.
fn start_what_is_needed(arguments: &Arguments, trials: &[(Host, Trial)], sites: &Arc<Sites>) {
    for host in Host::ALL {
        if trials.iter().any(|(of, trial)| *of == host && !arguments.is_filtered_out(trial)) {
            let sites = Arc::clone(sites);
            thread::spawn(move || {
                if let Err(error) = sites.get(host) {
                    eprintln!("{host}: {error:#}");
                }
            });
        }
    }
}

/// Runs a case; whatever it did, the server has to have survived it.
fn check(site: &Site, run: fn(&Site) -> Result<()>) -> Result<()> {
    let result = run(site);
    site.server.check_alive()?;
    match result {
        Err(error) if !error.is::<NotApplicable>() => Err(anyhow!("{error:#}\n{}", site.server)),
        other => other,
    }
}

fn completion(result: Result<()>) -> Result<Completion, Failed> {
    match result {
        Ok(()) => Ok(Completion::Completed),
        Err(error) => match error.downcast_ref::<NotApplicable>() {
            Some(NotApplicable(reason)) => Ok(Completion::ignored_with(reason)),
            None => Err(Failed::from(format!("{error:#}"))),
        },
    }
}
