//! Runs cases: every shared one on every host of a runtime, and the runtime's own.

use std::fmt;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use anyhow::{Result, anyhow, ensure};
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::cases;
use crate::installation::{Installation, is_brief};
use crate::pins::is_newest;
use crate::site::{Host, Site};
use crate::slowest::Slowest;
use crate::support::Support;

/// One behaviour: a sentence, and a proof for one site or for all sites of a runtime.
pub struct Case<Subject> {
    /// The name of the function, which reads as a sentence.
    pub name: &'static str,
    /// The capability as named in the support table. Several cases may prove one.
    pub capability: Option<&'static str>,
    /// Succeeds if the behaviour holds.
    pub run: fn(&Subject) -> Result<()>,
}

/// Lists functions as cases of the same names, grouped by the capability that they prove, or
/// without one.
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

/// The servers of a runtime. Each starts once, on first use.
pub trait Sites: Send + Sync + 'static {
    /// A host of the runtime.
    type Host: Copy + Into<Host> + Send + fmt::Display + 'static;
    /// All hosts, in the order of the tests.
    const HOSTS: &'static [Self::Host];
    /// The hosts that differ most: the dev server and the built server.
    const FOREMOST: &'static [Self::Host];

    /// Whether a case of all hosts runs on this one.
    fn takes(_host: Self::Host, _case: &Case<Site>) -> bool {
        true
    }

    /// The smoke tests of this runtime alone.
    const VITAL: &'static [Case<Site>] = &[];

    /// The sites of a project installed in this way.
    fn installed(installation: Installation) -> Self;

    /// The server of a host.
    fn get(&self, host: Self::Host) -> Result<&Site>;
}

/// The reason why a case does not apply to a host.
#[derive(Debug)]
pub struct NotApplicable(pub &'static str);

impl fmt::Display for NotApplicable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for NotApplicable {}

/// Ends a case that does not apply to a host.
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
    let slowest = Arc::new(Slowest::default());
    let cases: Vec<&Case<Site>> = cases::all().chain(own).collect();
    let mut trials = Vec::new();
    for host in if is_brief { S::FOREMOST } else { S::HOSTS } {
        let on_host = cases.iter().filter(|case| S::takes(*host, case));
        let on_host = on_host.map(|case| trial(case, *host, &sites, &support, &slowest));
        let on_host: Vec<Trial> = on_host.collect();
        if !arguments.list && on_host.iter().any(|trial| !arguments.is_filtered_out(trial)) {
            start(&sites, *host);
        }
        trials.extend(on_host);
    }
    trials.extend(alone.filter(|_| !is_brief).map(|case| {
        let (sites, slowest) = (Arc::clone(&sites), Arc::clone(&slowest));
        timed(format!("alone::{}", case.name), &slowest, move || completion((case.run)(&sites)))
    }));
    drop(sites);
    trials.extend(installations::<S>(&arguments, installation, &slowest));
    // The trials are gone when this returns, and the servers end with the last of the sites.
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        eprintln!("{slowest}");
    }
    // The table describes the newest Astro.
    let is_whole = !arguments.list && !is_brief && conclusion.num_filtered_out == 0;
    if !is_whole || conclusion.has_failed() || !is_newest().unwrap_or(true) {
        return conclusion.exit_code();
    }
    let capabilities = distinct(cases.iter().filter_map(|case| case.capability));
    let modes = distinct(S::HOSTS.iter().map(|host| (*host).into().mode()));
    let tells = Trial::test("pages::tells_what_is_supported", move || {
        Ok(support.check(runtime, &capabilities, &modes)?)
    });
    libtest_mimic::run(&arguments, vec![tells]).exit_code()
}

/// The smoke tests on the foremost hosts, with a project installed as users install it, unless all
/// cases run on that. It also tests that the official adapter serves a page: if it does not, the
/// fault is not ours.
fn installations<S: Sites>(
    arguments: &Arguments,
    main: Installation,
    slowest: &Arc<Slowest>,
) -> Vec<Trial> {
    let mut all = Vec::new();
    let others = Installation::OF_PEOPLE.into_iter().filter(|other| *other != main);
    let official = (!is_brief()).then_some(Installation::Official);
    for installation in others.chain(official) {
        let sites = Arc::new(S::installed(installation));
        let cases: Vec<&'static Case<Site>> = match installation {
            Installation::Official => cases::page().iter().collect(),
            _ => cases::vital().chain(S::VITAL).collect(),
        };
        let mut wanted = Vec::new();
        for host in S::FOREMOST {
            let trials = cases.iter().map(|case| {
                let sites = Arc::clone(&sites);
                let (host, run) = (*host, case.run);
                timed(format!("{installation}::{host}::{}", case.name), slowest, move || {
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
            // An installation waits for the network, which leaves the processors to the others. The
            // servers start one after the other, so as not to take all processors.
            thread::spawn(move || {
                for host in wanted {
                    tell_failure(&format!("{installation}::{host}"), sites.get(host));
                }
            });
        }
    }
    all
}

/// Runs a suite of cases without a server.
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
    slowest: &Arc<Slowest>,
) -> Trial {
    let (sites, support) = (Arc::clone(sites), Arc::clone(support));
    timed(format!("{host}::{}", case.name), slowest, move || {
        let result = sites.get(host).and_then(|site| check(site, case.run));
        if let Some(capability) = case.capability {
            support.found(capability, host.into().mode(), &result);
        }
        completion(result)
    })
}

/// A trial whose time is noted.
fn timed(
    name: String,
    slowest: &Arc<Slowest>,
    run: impl FnOnce() -> Result<Completion, Failed> + Send + 'static,
) -> Trial {
    let (slowest, noted) = (Arc::clone(slowest), name.clone());
    Trial::ignorable_test(name, move || slowest.time(&noted, run))
}

/// Servers start in parallel, while the first cases already run.
fn start<S: Sites>(sites: &Arc<S>, host: S::Host) {
    let sites = Arc::clone(sites);
    thread::spawn(move || tell_failure(&host.to_string(), sites.get(host)));
}

/// Prints the full error of a server that did not start. Later cases get only a short one.
fn tell_failure(name: &str, started: Result<&Site>) {
    if let Err(error) = started
        && !error.is::<NotApplicable>()
    {
        eprintln!("{name}: {error:#}");
    }
}

/// Runs a case. The server must survive it, whatever the result.
fn check(site: &Site, run: fn(&Site) -> Result<()>) -> Result<()> {
    let result = run(site);
    site.server.check_alive()?;
    match result {
        Err(error) if !error.is::<NotApplicable>() => Err(anyhow!("{error:#}\n{}", site.server)),
        other => other,
    }
}

/// Runs cases at the same time, on a site that is not one of the hosts. The error names all that
/// failed.
pub fn run_on(site: &Site, cases: impl Iterator<Item = &'static Case<Site>>) -> Result<()> {
    let failures: Vec<String> = thread::scope(|scope| {
        let running: Vec<_> =
            cases.map(|case| (case.name, scope.spawn(|| check(site, case.run)))).collect();
        let results = running.into_iter().map(|(name, case)| (name, case.join()));
        results
            .filter_map(|(name, result)| match result {
                Ok(Ok(())) => None,
                Ok(Err(error)) if error.is::<NotApplicable>() => None,
                Ok(Err(error)) => Some(format!("{name}: {error:#}")),
                Err(_) => Some(format!("{name} panicked")),
            })
            .collect()
    });
    ensure!(failures.is_empty(), "{}", failures.join("\n"));
    Ok(())
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
