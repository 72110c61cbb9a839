//! `cargo xtask test`: proves the toolchain and the packages.

use std::{
    env,
    io::{BufRead as _, BufReader},
    num::NonZero,
    process::{Command, Stdio},
    thread,
};

use camino::Utf8Path;
use diagnostics::Failure;

use crate::{
    adapter::{self, Adapter},
    answer::Answer,
    build_packages::{self, Selection},
    node_versions,
    output::{Mode, OutputError},
    pipeline::{Job, Workshop},
    program::{self, ProgramError},
    suites::{self, MAJOR, TOOLCHAIN},
    test_record::{self, TestRecord},
};

/// The environment variable that names a clone of Astro's repository. Without it the tests that
/// need one are skipped.
const CLONE: &str = "UPSTREAM_GIT";

/// Names the major of Node.js that suites run on.
const NODE: &str = "TEST_NODE";

/// Run the test suites
///
/// `toolchain` tests the engine, the commands and both forms of upstream; a runtime's suite drives
/// its built package in real Astro projects. Node and all other tools come from the npm registry,
/// pinned and verified. Where `UPSTREAM_GIT` names a clone of Astro's repository, both forms of
/// upstream are compared too. The last line counts the tests.
///
/// A runtime's suite also installs the package as people do, with the newest and with the lowest
/// versions that it accepts, and runs the vital cases there.
///
/// The suites run whole on the newest Astro that is pinned. On earlier majors they run what tells most:
/// the types, and every case on `astro dev` and on the built server, as a plain install gives them.
///
/// What has passed a suite that was run whole is written down beside the built packages: `publish`
/// takes nothing else.
#[derive(clap::Args)]
pub struct Test {
    /// `toolchain` or a runtime, for example `node`; all of them if none is named
    #[arg(value_name = "SUITE")]
    suites: Vec<String>,
    /// Run on the line of this Astro major, and on no other
    #[arg(long, value_name = "MAJOR")]
    astro: Option<u64>,
    /// Run the suites of the runtimes on every line that they have, one after the other
    #[arg(long, conflicts_with = "astro")]
    every_line: bool,
    /// Run on this major of Node.js, one of `tests/tools/nodes/`
    #[arg(long, value_name = "MAJOR")]
    node: Option<u64>,
    /// Run only tests whose names hold this text
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

/// Has a suite run on the hosts that differ most, and without what takes long.
const BRIEFLY: &str = "TEST_BRIEFLY";

/// What of `toolchain` depends on the line.
const OF_LINES: [&str; 3] = ["types::", "promised::", "templates::the_templates_type_check"];

/// The crates with tests of their own.
const UNITS: &str =
    "--package explain-derive --package javascript --package semantic-patch --package xtask";

/// One run of a suite.
struct Round<'j> {
    /// The line that it is told to run on.
    major: Option<u64>,
    /// The packages that it tests.
    jobs: Vec<&'j Job<'j>>,
    /// Whether that is done by a part of it.
    is_brief: bool,
}

/// How many tests ended how.
#[derive(Default)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Test {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(None)?;
        workshop.lines(self.astro)?;
        let root = &workshop.root;
        self.node.map_or(Ok(()), |major| node_versions::check(root, major))?;
        let runtimes = adapter::runtimes(root)?;
        let known: Vec<String> = std::iter::once(TOOLCHAIN.to_owned()).chain(runtimes).collect();
        suites::check_names(&self.suites, &known)?;
        let chosen =
            known.iter().filter(|name| self.suites.is_empty() || self.suites.contains(name));

        let mut counts = Counts::default();
        let mut is_fine = true;
        // What is tested is what the sources make now.
        build_packages::build(&workshop, &Selection::default(), Mode::Write)?;
        let adapters = Adapter::select(root, &[])?;
        let jobs = workshop.jobs(&adapters, None)?;
        for suite in chosen {
            for round in self.rounds(suite, &jobs) {
                let before = built(root, &round.jobs)?;
                let is_passed = self.run_suite(root, suite, &round, &mut counts)?;
                is_fine &= is_passed;
                if self.filter.is_none() && !round.is_brief {
                    let is_same = built(root, &round.jobs)? == before;
                    note(root, suite, &round.jobs, &before, is_passed && is_same)?;
                }
            }
        }
        anstream::println!(
            "{} passed, {} failed, {} skipped",
            counts.passed,
            counts.failed,
            counts.skipped
        );
        Ok(if is_fine && counts.failed == 0 { Answer::Fine } else { Answer::No })
    }

    /// How often a suite is run, and which packages it tests each time: all of them, or one of its
    /// runtime.
    fn rounds<'j>(&self, suite: &str, jobs: &'j [Job<'j>]) -> Vec<Round<'j>> {
        let is_of_suite = |job: &&Job<'_>| suite == TOOLCHAIN || job.adapter.runtime == suite;
        let of_line = |line: u64| -> Vec<&'j Job<'j>> {
            jobs.iter().filter(is_of_suite).filter(|job| job.line.major == line).collect()
        };
        let mut lines: Vec<u64> =
            jobs.iter().filter(is_of_suite).map(|job| job.line.major).collect();
        lines.sort_unstable();
        lines.dedup();
        if self.every_line && suite != TOOLCHAIN {
            let each = lines.into_iter();
            let each = each.map(|line| (Some(line), of_line(line)));
            return each.map(|(major, jobs)| Round { major, jobs, is_brief: false }).collect();
        }
        let newest = jobs.iter().map(|job| job.line.major).max();
        let chosen = self.astro.or(newest);
        let jobs = match suite {
            TOOLCHAIN => jobs.iter().collect(),
            _ => chosen.map(of_line).unwrap_or_default(),
        };
        let mut rounds = vec![Round { major: self.astro, jobs, is_brief: false }];
        if self.astro.is_none() && self.filter.is_none() {
            let earlier = lines.into_iter().rev().filter(|line| Some(*line) != newest);
            rounds.extend(earlier.map(|line| Round {
                major: Some(line),
                jobs: of_line(line),
                is_brief: true,
            }));
        }
        rounds
    }

    /// Runs a suite to its end; whether it was passed.
    fn run_suite(
        &self,
        root: &Utf8Path,
        suite: &str,
        round: &Round<'_>,
        counts: &mut Counts,
    ) -> Result<bool, ProgramError> {
        let failed = counts.failed;
        let mut is_fine = true;
        let major = round.major.map(|major| major.to_string());
        if let (true, Some(major)) = (round.is_brief, &major) {
            anstream::println!("{suite} on Astro {major}, what tells most");
        }
        for target in targets(suite, round.is_brief) {
            let mut cargo = program::cargo(root);
            cargo.args(["test", "--quiet", "--no-fail-fast"]).args(target.split(' '));
            cargo.args(["--", "--test-threads", &threads().to_string()]);
            cargo.envs(major.iter().map(|major| (MAJOR, major)));
            cargo.envs(self.node.map(|major| (NODE, major.to_string())));
            cargo.args(env::var_os(CLONE).map(|_| "--include-ignored")).args(&self.filter);
            if round.is_brief {
                cargo.env(BRIEFLY, "1").args(OF_LINES.iter().filter(|_| suite == TOOLCHAIN));
            }
            is_fine &= counts.run(cargo)?;
        }
        Ok(is_fine && counts.failed == failed)
    }
}

/// How many tests run at a time: one more than there are processors, because most of them wait for a
/// server or a registry.
fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get) + 1
}

/// What is built of these packages.
fn built(root: &Utf8Path, jobs: &[&Job<'_>]) -> Result<Vec<Option<TestRecord>>, Failure> {
    jobs.iter().map(|job| TestRecord::built(root, job)).collect()
}

/// Writes down that a suite was passed by what was built when it began, or that it was not.
fn note(
    root: &Utf8Path,
    suite: &str,
    jobs: &[&Job<'_>],
    built: &[Option<TestRecord>],
    is_passed: bool,
) -> Result<(), OutputError> {
    jobs.iter().zip(built).try_for_each(|(job, built)| match built {
        Some(tested) if is_passed => tested.write(root, job, suite),
        _ => test_record::forget(root, job, suite),
    })
}

/// What cargo has to be told for each part of a suite, or for what of it depends on the line.
fn targets(suite: &str, is_brief: bool) -> Vec<String> {
    let own = format!("--package tests --test {suite}");
    if suite == TOOLCHAIN && !is_brief {
        vec![UNITS.to_owned(), own, "--package tests --test delivery".to_owned()]
    } else {
        vec![own]
    }
}

impl Counts {
    /// Runs cargo, passes on what it prints and counts; false if it ended with an error.
    fn run(&mut self, mut cargo: Command) -> Result<bool, ProgramError> {
        let child = cargo.stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| program::failed(&cargo, error))?;
        if let Some(stdout) = child.stdout.take() {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                self.read(&line);
                anstream::println!("{line}");
            }
        }
        let status = child.wait().map_err(|error| program::failed(&cargo, error))?;
        Ok(status.success())
    }

    /// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let words: Vec<&str> = result.split([' ', ';']).collect();
        for pair in words.windows(2) {
            let Ok(count) = pair[0].parse::<u64>() else { continue };
            match pair[1] {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.skipped += count,
                _ => {}
            }
        }
    }
}
