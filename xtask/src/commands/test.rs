//! `cargo xtask test`: runs the tests of the toolchain and the packages.

use std::{
    env,
    io::{BufReader, Read},
    num::NonZero,
    process::{Command, Stdio},
    thread,
    time::Instant,
};

use camino::Utf8Path;
use diagnostics::Failure;

use crate::{
    adapter::{self, Adapter},
    answer::Answer,
    build_packages::{self, Selection},
    node_versions,
    output::{self, Mode, OutputError, Progress},
    pipeline::{Job, Workshop},
    program::{self, ProgramError},
    suites::{self, MAJOR, TOOLCHAIN},
    test_record::{self, TestRecord},
};

/// The environment variable with the path of a clone of Astro's repository. Without it, tests that
/// need a clone are skipped.
const CLONE: &str = "UPSTREAM_GIT";

/// Names the Node.js major for the suites.
const NODE: &str = "TEST_NODE";

/// Run the test suites
///
/// `toolchain` tests the patch engine, the commands and both forms of upstream. A runtime's suite
/// drives its built package in real Astro projects. Node and all other tools come from the npm
/// registry, pinned and verified. If `UPSTREAM_GIT` names a clone of Astro's repository, the suite
/// also compares both forms of upstream. The last line of output counts the tests.
///
/// A runtime's suite also installs the package like a user does, once with the newest and once with
/// the lowest accepted versions. It runs the vital cases on each.
///
/// On the newest pinned Astro the suites run in full. On earlier majors they run a smoke set: type
/// checks, and every case against `astro dev` and the built server, from a fresh install.
///
/// A suite that ran in full writes its result beside the built packages. `publish` accepts only
/// packages with these results.
#[derive(clap::Args)]
pub struct Test {
    /// `toolchain` or a runtime, for example `node`; default: all
    #[arg(value_name = "SUITE")]
    suites: Vec<String>,
    /// Run only on the line of this Astro major
    #[arg(long, value_name = "MAJOR")]
    astro: Option<u64>,
    /// Run the runtimes' suites on each of their lines, one after the other
    #[arg(long, conflicts_with = "astro")]
    every_line: bool,
    /// Run on this major of Node.js, one of `tests/tools/nodes/`
    #[arg(long, value_name = "MAJOR")]
    node: Option<u64>,
    /// Run only tests with this text in their names
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
}

/// The beginning of the line with which a harness counts its tests.
const RESULT: &str = "test result: ";

/// Makes a suite run its smoke set: only the most different hosts, without slow tests.
const BRIEFLY: &str = "TEST_BRIEFLY";

/// The tests of `toolchain` that depend on the line.
const OF_LINES: [&str; 3] = ["types::", "promised::", "templates::the_templates_type_check"];

/// Crates with tests of their own.
const UNITS: &str =
    "--package explain-derive --package javascript --package semantic-patch --package xtask";

/// One run of a suite.
struct Round<'j> {
    /// The line to run on.
    major: Option<u64>,
    /// The packages under test.
    jobs: Vec<&'j Job<'j>>,
    /// Whether to run the smoke set alone.
    is_brief: bool,
}

/// What the runs said: test counts by result, what failed, and how long each run took.
#[derive(Default)]
struct Counts {
    passed: u64,
    failed: u64,
    skipped: u64,
    /// What each failed test said, below a line with the run's name.
    reports: Vec<String>,
    /// The names of the failed tests, each after its run's name.
    failures: Vec<String>,
    /// Each run's name with its time in milliseconds.
    times: Vec<(String, u128)>,
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
        // The tests cover a build of the current sources.
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
        counts.tell();
        Ok(if is_fine && counts.failed == 0 { Answer::Fine } else { Answer::No })
    }

    /// The rounds of a suite, with the packages that each one tests: all packages, or those of one
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

    /// Runs a suite to its end. Returns whether it passed.
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
            output::line!("{suite} on Astro {major}, smoke set");
        }
        for target in targets(suite, round.is_brief) {
            let name =
                format!("{suite} on Astro {}: {target}", major.as_deref().unwrap_or("newest"));
            let mut cargo = program::cargo(root);
            cargo.args(["test", "--quiet", "--no-fail-fast"]).args(target.split(' '));
            cargo.args(["--", "--test-threads", &threads().to_string()]);
            cargo.envs(major.iter().map(|major| (MAJOR, major)));
            cargo.envs(self.node.map(|major| (NODE, major.to_string())));
            cargo.args(env::var_os(CLONE).map(|_| "--include-ignored")).args(&self.filter);
            if round.is_brief {
                cargo.env(BRIEFLY, "1").args(OF_LINES.iter().filter(|_| suite == TOOLCHAIN));
            }
            is_fine &= counts.run(cargo, name)?;
        }
        Ok(is_fine && counts.failed == failed)
    }
}

/// The number of test threads: more than there are processors, because most tests wait for a server,
/// a registry or a clock.
fn threads() -> usize {
    2 * thread::available_parallelism().map_or(1, NonZero::get) + 1
}

/// The part of a harness's output that is being read.
#[derive(Clone, Copy)]
enum Part {
    Progress,
    /// What each failed test said.
    Reports,
    /// The names of the failed tests.
    Names,
}

/// The lines of a failed test's report that are repeated. The output of its server is longer.
const REPEATED: usize = 40;

/// The reports with only the first lines of each.
fn shortened(reports: &[String]) -> impl Iterator<Item = &str> {
    reports
        .chunk_by(|_, next| !next.starts_with("---- ") && !next.starts_with("In "))
        .flat_map(|report| report.iter().take(REPEATED).map(String::as_str))
}

/// The built packages of these jobs.
fn built(root: &Utf8Path, jobs: &[&Job<'_>]) -> Result<Vec<Option<TestRecord>>, Failure> {
    jobs.iter().map(|job| TestRecord::built(root, job)).collect()
}

/// Records a pass for the packages built when the suite began, or removes the record.
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

/// Cargo's arguments for each part of a suite, or for the part that depends on the line.
fn targets(suite: &str, is_brief: bool) -> Vec<String> {
    let own = format!("--workspace --test {suite}");
    if suite == TOOLCHAIN && !is_brief {
        vec![UNITS.to_owned(), own, "--workspace --test delivery".to_owned()]
    } else {
        vec![own]
    }
}

/// The lines of a harness. Between two of them, a person on a terminal sees how many tests are done.
fn lines(output: impl Read) -> impl Iterator<Item = String> {
    let mut bytes = BufReader::new(output).bytes().map_while(Result::ok);
    let mut progress: Option<Progress> = None;
    std::iter::from_fn(move || {
        let (mut line, mut is_whole) = (Vec::new(), false);
        for byte in bytes.by_ref() {
            if byte == b'\n' {
                is_whole = true;
                break;
            }
            line.push(byte);
            // Each test is a letter.
            let is_progress = line.iter().all(|letter| RESULTS.contains(letter));
            if let Some(progress) = progress.as_ref().filter(|_| is_progress) {
                progress.step();
            }
        }
        if line.is_empty() && !is_whole {
            return None;
        }
        progress.iter().for_each(Progress::end);
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some(count) = announced(&line) {
            progress = Some(Progress::start("tests", count));
        }
        Some(line)
    })
}

/// The letters of a harness for a test that passed, failed, or was skipped.
const RESULTS: [u8; 3] = *b".Fi";

/// Reads `running 12 tests`.
fn announced(line: &str) -> Option<usize> {
    let (count, _) = line.strip_prefix("running ")?.split_once(" test")?;
    count.parse().ok()
}

impl Counts {
    /// Runs cargo, forwards its output and counts the tests. Returns false if cargo failed.
    fn run(&mut self, mut cargo: Command, name: String) -> Result<bool, ProgramError> {
        let start = Instant::now();
        // Cargo compiles first, and says nothing of it.
        output::progress(&name);
        let child = cargo.stdout(Stdio::piped()).spawn();
        let mut child = child.map_err(|error| program::failed(&cargo, error))?;
        // A harness writes `failures:`, what each failed test said, and then the same heading above
        // the names alone.
        let mut part = Part::Progress;
        if let Some(stdout) = child.stdout.take() {
            for line in lines(stdout) {
                self.read(&line);
                part = match (part, line.as_str()) {
                    (Part::Progress, "failures:") => {
                        self.reports.push(format!("In {name}:"));
                        Part::Reports
                    }
                    (Part::Reports, "failures:") => Part::Names,
                    (_, result) if result.starts_with(RESULT) => Part::Progress,
                    (part, _) => part,
                };
                match part {
                    Part::Reports if line != "failures:" => self.reports.push(line.clone()),
                    Part::Names if line.starts_with("    ") => {
                        self.failures.push(format!("{name}: {}", line.trim()));
                    }
                    _ => {}
                }
                output::line!("{line}");
            }
        }
        let status = child.wait().map_err(|error| program::failed(&cargo, error))?;
        self.times.push((name, start.elapsed().as_millis()));
        Ok(status.success())
    }

    /// Reads `test result: ok. 12 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some(result) = line.strip_prefix(RESULT) else { return };
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

    /// Repeats what failed tests said, because a log may be cut to its end, tells the times, and
    /// closes with the names of the failed tests and the counts.
    fn tell(&self) {
        for line in shortened(&self.reports) {
            output::line!("{line}");
        }
        for (name, time) in &self.times {
            output::line!("{name}: {time} ms");
        }
        for name in &self.failures {
            output::line!("failed: {name}");
        }
        output::line!("{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped);
    }
}

#[cfg(test)]
mod tests {
    use super::lines;

    #[test]
    fn lines_of_a_harness_stay_as_they_are() {
        let text = "\nrunning 3 tests\n.F\n.\nfailures:\n\n    one\n\ntest result: FAILED.\n\n";
        let expected: Vec<&str> = text.lines().collect();
        assert_eq!(lines(text.as_bytes()).collect::<Vec<_>>(), expected);
        assert_eq!(lines("cut off".as_bytes()).collect::<Vec<_>>(), ["cut off"]);
    }
}
