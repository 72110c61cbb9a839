//! Runs cases: every shared one on every host of a runtime, and those that the runtime has for
//! itself.

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use anyhow::{Result, anyhow};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::cases;
use crate::installation::{Installation, is_brief};
use crate::project::is_newest;
use crate::site::{Host, Site};
use crate::support::Support;

/// One behaviour: a sentence, and what proves it for a site, or for all that a runtime has.
pub struct Case<Subject> {
    /// The name of the function, which is the sentence.
    pub name: &'static str,
    /// What people would call it who read what is supported; several cases may be one.
    pub capability: Option<&'static str>,
    /// Holds or fails.
    pub run: fn(&Subject) -> Result<()>,
}

/// Lists of functions as cases of the same names, below the capabilities that they prove, or without
/// any.
#[macro_export]
macro_rules! cases {
    ($($capability:literal => [$($name:ident),* $(,)?]),+ $(,)?) => {
        &[$($($crate::suite::Case {
            name: stringify!($name),
            capability: Some($capability),
            run: $name,
        },)*)+]
    };
    ($($name:ident),* $(,)?) => {
        &[$($crate::suite::Case {
            name: stringify!($name),
            capability: None,
            run: $name,
        }),*]
    };
}

/// The servers of a runtime, each started once, by whoever needs it first.
pub trait Sites: Send + Sync + 'static {
    /// A way in which the runtime serves a site.
    type Host: Copy + Into<Host> + Send + fmt::Display + 'static;
    /// All of them, in the order in which they are tested.
    const HOSTS: &'static [Self::Host];
    /// Those that differ most: the dev server, and what a build is.
    const FOREMOST: &'static [Self::Host];

    /// Those of a project that is installed in this way.
    fn installed(installation: Installation) -> Self;

    /// The server of a host.
    fn get(&self, host: Self::Host) -> Result<&Site>;
}

/// Why a case says nothing about a host.
#[derive(Debug)]
pub struct NotApplicable(pub &'static str);

impl fmt::Display for NotApplicable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for NotApplicable {}

/// Ends a case that says nothing about a host.
pub fn not_applicable(reason: &'static str) -> Result<()> {
    Err(NotApplicable(reason).into())
}

/// A suite: the shared cases and the runtime's `own`, through which every host of it is put, those
/// that have a server to themselves, and the vital ones on what people install. When all of them were
/// run and none has failed, the table on the page is compared with what they have found.
pub fn run<S: Sites>(
    runtime: &'static str,
    own: impl Iterator<Item = &'static Case<Site>>,
    alone: impl Iterator<Item = &'static Case<S>>,
) -> ExitCode {
    let arguments = Arguments::from_args();
    let is_brief = is_brief();
    let installation = Installation::main();
    let sites = Arc::new(S::installed(installation));
    let support = Arc::new(Support::default());
    let cases: Vec<&Case<Site>> = cases::all().chain(own).collect();
    let mut trials = Vec::new();
    for host in if is_brief { S::FOREMOST } else { S::HOSTS } {
        let on_host = cases.iter().map(|case| trial(case, *host, &sites, &support));
        let on_host: Vec<Trial> = on_host.collect();
        if !arguments.list && on_host.iter().any(|trial| !arguments.is_filtered_out(trial)) {
            start(&sites, *host);
        }
        trials.extend(on_host);
    }
    trials.extend(alone.filter(|_| !is_brief).map(|case| {
        let sites = Arc::clone(&sites);
        Trial::ignorable_test(format!("alone::{}", case.name), move || {
            completion((case.run)(&sites))
        })
    }));
    drop(sites);
    trials.extend(installations::<S>(&arguments, installation));
    // When this returns the trials are gone, and with the last of the sites go the servers.
    let conclusion = libtest_mimic::run(&arguments, trials);
    // The table tells of the newest Astro.
    let is_whole = !arguments.list && !is_brief && conclusion.num_filtered_out == 0;
    if !is_whole || conclusion.has_failed() || !is_newest().unwrap_or(true) {
        return conclusion.exit_code();
    }
    let capabilities = distinct(cases.iter().filter_map(|case| case.capability));
    let modes = distinct(S::HOSTS.iter().map(|host| (*host).into().mode()));
    let tells = Trial::test("readme::tells_what_is_supported", move || {
        Ok(support.check(runtime, &capabilities, &modes)?)
    });
    libtest_mimic::run(&arguments, vec![tells]).exit_code()
}

/// The vital cases on the foremost hosts, of a project that is installed as people do it, unless all
/// cases run on that; and whether the official adapter serves a page. Where it does not, the fault is
/// not ours.
fn installations<S: Sites>(arguments: &Arguments, main: Installation) -> Vec<Trial> {
    let mut all = Vec::new();
    let others = Installation::OF_PEOPLE.into_iter().filter(|other| *other != main);
    let official = (!is_brief()).then_some(Installation::Official);
    for installation in others.chain(official) {
        let sites = Arc::new(S::installed(installation));
        let cases: Vec<&'static Case<Site>> = match installation {
            Installation::Official => cases::page().iter().collect(),
            _ => cases::vital().collect(),
        };
        let mut wanted = Vec::new();
        for host in S::FOREMOST {
            let trials = cases.iter().map(|case| {
                let sites = Arc::clone(&sites);
                let (host, run) = (*host, case.run);
                Trial::ignorable_test(format!("{installation}::{host}::{}", case.name), move || {
                    completion(sites.get(host).and_then(|site| check(site, run)))
                })
            });
            let trials: Vec<Trial> = trials.collect();
            if trials.iter().any(|trial| !arguments.is_filtered_out(trial)) {
                wanted.push(*host);
            }
            all.extend(trials);
        }
        if !arguments.list {
            // An installation waits for the network, which leaves the processors to the others; one
            // server after the other is started, so that they do not take them all.
            thread::spawn(move || {
                for host in wanted {
                    tell_failure(&format!("{installation}::{host}"), sites.get(host));
                }
            });
        }
    }
    all
}

/// A suite of cases that no server has to do with.
pub fn run_plain(cases: impl Iterator<Item = &'static Case<()>>) -> ExitCode {
    let trials = cases.map(|case| Trial::ignorable_test(case.name, || completion((case.run)(&()))));
    libtest_mimic::run(&Arguments::from_args(), trials.collect()).exit_code()
}

fn distinct(names: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// One case on one host.
fn trial<S: Sites>(
    case: &'static Case<Site>,
    host: S::Host,
    sites: &Arc<S>,
    support: &Arc<Support>,
) -> Trial {
    let (sites, support) = (Arc::clone(sites), Arc::clone(support));
    Trial::ignorable_test(format!("{host}::{}", case.name), move || {
        let result = sites.get(host).and_then(|site| check(site, case.run));
        if let Some(capability) = case.capability {
            support.found(capability, host.into().mode(), &result);
        }
        completion(result)
    })
}

/// Servers start side by side, while the first cases already run.
fn start<S: Sites>(sites: &Arc<S>, host: S::Host) {
    let sites = Arc::clone(sites);
    thread::spawn(move || tell_failure(&host.to_string(), sites.get(host)));
}

/// Tells in full why a server did not start: a case that asks for it later hears of it in short.
fn tell_failure(name: &str, started: Result<&Site>) {
    if let Err(error) = started
        && !error.is::<NotApplicable>()
    {
        eprintln!("{name}: {error:#}");
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
