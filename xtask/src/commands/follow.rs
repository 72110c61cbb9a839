//! `cargo xtask follow`: moves the pins to the newest releases of upstream, line by line, and
//! reports the result.

use std::{env, fs, process::Command};

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::Failure;
use semver::Version;

use crate::{
    adapter::Adapter,
    answer::Answer,
    checkout::{self, CheckoutError},
    output,
    package::stamp,
    pin_status::{LineStatus, Report, named},
    pipeline::Workshop,
    proposal::{Issue, Proposal, PullRequest, list},
    report::ReportedError,
    step::Step,
    upstream::{
        ASTRO, Fetcher, Line, PINS, Pins, SUBMODULE, UpstreamError, set_submodule_commit,
        submodule_commit,
    },
};

/// The file for a step's errors, below cargo's target folder.
const ERRORS: &str = "follow-errors.json";

/// Try the newest releases of upstream, and print a proposal
///
/// Looks for upstream releases newer than the pins, as `status` does: a new Astro, or a new adapter
/// alone. For each line that is behind, it runs `sync-version --latest`, `build` and `test`. Lines
/// that fit keep their new pins; the others return to their old ones.
///
/// Prints a proposal as JSON, for `cargo xtask propose`: a pull request for the lines that fit, an
/// issue for the others. The git of this machine fetches upstream's tags to find commits. Without
/// git, the registry's data is enough.
#[derive(clap::Args)]
pub struct Follow {
    /// Write nothing: match the patches, without building and testing
    #[arg(long, conflicts_with = "check")]
    dry_run: bool,
    /// Write nothing: exit with 1 if upstream is ahead
    #[arg(long)]
    check: bool,
}

/// The target of a line.
struct Target<'w> {
    line: &'w Line,
    /// The new releases by name: `Astro 7.3.0`, or adapters released alone.
    names: Vec<String>,
    /// Tags that may lead to the target's commit.
    tags: Vec<String>,
}

/// The result for one line.
struct Attempt<'w> {
    target: Target<'w>,
    before: String,
    steps: Vec<Step>,
    fits: bool,
}

impl Follow {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(None)?;
        let adapters = Adapter::select(&workshop.root, &[])?;
        let report = Report::of(&workshop, &adapters)?;
        output::tell(format_args!("{report}"));
        if self.check || !report.is_ahead() {
            if !self.check {
                output::json(&Proposal::default());
            }
            return Ok(if report.is_ahead() { Answer::No } else { Answer::Fine });
        }
        let ahead = report.lines.iter().filter(|status| status.is_ahead());
        let targets: Vec<Target<'_>> =
            ahead.filter_map(|status| Target::of(&workshop.pins, status)).collect();
        let clone = fetched(&workshop, &targets);
        let mut attempts = Vec::new();
        for target in targets {
            attempts.push(self.attempt(&workshop, &adapters, target, clone.as_deref())?);
        }
        output::json(&proposal(&workshop.root, &report, &attempts)?);
        Ok(Answer::Fine)
    }

    fn attempt<'w>(
        &self,
        workshop: &Workshop,
        adapters: &[Adapter],
        target: Target<'w>,
        clone: Option<&Utf8Path>,
    ) -> Result<Attempt<'w>, Failure> {
        let root = &workshop.root;
        let line = target.line;
        let earlier = State::read(root)?;
        let major = line.major.to_string();
        let of_line = |adapter: &&Adapter| line.packages.contains_key(&adapter.upstream.package);
        let runtimes = adapters.iter().filter(of_line).map(|adapter| adapter.runtime.as_str());
        let test = ["test"].into_iter().chain(runtimes).chain(["--astro", &major]).collect();
        let mut sync = vec!["sync-version", "--latest", "--astro", &major];
        if let Some(clone) = clone.filter(|_| !target.tags.is_empty()) {
            sync.extend(["--upstream", clone.as_str()]);
        }
        let commands: Vec<Vec<&str>> = if self.dry_run {
            sync.push("--dry-run");
            vec![sync]
        } else {
            vec![sync, vec!["build", "--astro", &major], test]
        };
        let mut attempt = Attempt { before: stamps(line), target, steps: Vec::new(), fits: true };
        for command in commands {
            let step = match step(root, &command) {
                Ok(step) => step,
                Err(failure) => {
                    earlier.restore(root)?;
                    return Err(failure);
                }
            };
            attempt.fits = step.code == 0;
            attempt.steps.push(step);
            if !attempt.fits {
                earlier.restore(root)?;
                break;
            }
        }
        Ok(attempt)
    }
}

impl<'w> Target<'w> {
    fn of(pins: &'w Pins, status: &LineStatus) -> Option<Self> {
        let line = pins.lines.iter().find(|line| line.name == status.line)?;
        let new = status.packages.iter().filter(|package| package.release.ahead);
        let released = |package: &str, version: &Version| format!("{package}@{version}");
        let in_repository = new.clone().filter(|status| {
            line.packages.get(&status.package).is_some_and(|pin| !pin.is_elsewhere)
        });
        let mut tags: Vec<String> =
            in_repository.map(|status| released(&status.package, &status.release.newest)).collect();
        let names = if status.astro.ahead {
            tags.push(released(ASTRO, &status.astro.newest));
            vec![named(ASTRO, &status.astro.newest)]
        } else {
            new.map(|status| named(&status.package, &status.release.newest)).collect()
        };
        Some(Self { line, names, tags })
    }
}

/// The clone with the tags that lines may need. Without git or its network the result is `None`,
/// and the lines move by the registry's data.
fn fetched(workshop: &Workshop, targets: &[Target<'_>]) -> Option<Utf8PathBuf> {
    let tags: Vec<String> = targets.iter().flat_map(|target| target.tags.clone()).collect();
    if tags.is_empty() {
        return None;
    }
    let fetch = || {
        let fetcher = Fetcher::new(&workshop.root, workshop.registry.cache())?;
        fetcher.tags(&tags)?;
        Ok::<_, UpstreamError>(fetcher.path().to_owned())
    };
    fetch()
        .inspect_err(|error| output::hint(&format!("could not read upstream's tags: {error}")))
        .ok()
}

/// The state to restore for a line that does not fit.
struct State {
    pins: String,
    submodule: Option<String>,
}

impl State {
    fn read(root: &Utf8Path) -> Result<Self, CheckoutError> {
        let pins = checkout::read(root, Utf8Path::new(PINS))?;
        Ok(Self { pins, submodule: submodule_commit(root, SUBMODULE) })
    }

    fn restore(&self, root: &Utf8Path) -> Result<(), Failure> {
        output::write_file(&root.join(PINS), &self.pins)?;
        if let Some(commit) = &self.submodule {
            set_submodule_commit(root, SUBMODULE, commit)?;
        }
        Ok(())
    }
}

/// Runs this program, and forwards its output.
fn step(root: &Utf8Path, arguments: &[&str]) -> Result<Step, Failure> {
    let errors = checkout::target(root).join(ERRORS);
    output::remove(&errors).map_err(|error| output::unwritable(&errors, &error))?;
    let program = env::current_exe().unwrap_or_else(|_| "xtask".into());
    let mut command = Command::new(program);
    command.args(arguments).arg("--errors").arg(&errors);
    let name = format!("cargo xtask {}", arguments.join(" "));
    output::note!("{name}");
    let step = Step::run(command, name, |line| output::note!("{line}"))?;
    let told = fs::read(&errors).unwrap_or_default();
    let told: Vec<ReportedError> = serde_json::from_slice(&told).unwrap_or_default();
    if step.code != 0 && told.iter().any(|told| told.no_answer) {
        return Err(UpstreamError::Unknown { command: step.command }.into());
    }
    Ok(step)
}

fn proposal(
    root: &Utf8Path,
    report: &Report,
    attempts: &[Attempt<'_>],
) -> Result<Proposal, Failure> {
    let (fitting, others): (Vec<_>, Vec<_>) = attempts.iter().partition(|attempt| attempt.fits);
    let pull_request = if fitting.is_empty() {
        None
    } else {
        let State { pins, submodule } = State::read(root)?;
        let body = pull_request(root, &fitting)?;
        Some(PullRequest { title: format!("Follow {}", names(&fitting)), body, pins, submodule })
    };
    let without_line: Vec<String> = report.without_line.iter().map(ToString::to_string).collect();
    let issue = match (others.as_slice(), without_line.as_slice()) {
        ([], []) => None,
        ([], without_line) => {
            let title = list(without_line);
            let command = "cargo xtask status --check".to_owned();
            let status = Step { command, code: 1, output: report.to_string() };
            let body = format!("{title}.\n\n{}", status.markdown(true));
            Some(Issue { title, body })
        }
        (others, without_line) => Some(Issue {
            title: format!("{} does not fit", names(others)),
            body: issue(others, without_line),
        }),
    };
    Ok(Proposal { pull_request, issue })
}

/// The stamps of a line, as Markdown.
fn stamps(line: &Line) -> String {
    let stamps: Vec<String> =
        stamp::of_line(line).iter().map(|stamp| format!("`{stamp}`")).collect();
    list(&stamps)
}

/// `Astro 7.3.5 and @astrojs/node 10.1.5`.
fn names(attempts: &[&Attempt<'_>]) -> String {
    let names = attempts.iter().flat_map(|attempt| attempt.target.names.clone());
    list(&names.collect::<Vec<String>>())
}

fn pull_request(root: &Utf8Path, fitting: &[&Attempt<'_>]) -> Result<String, Failure> {
    let pins = Pins::read(root)?;
    let mut text = "Upstream has new releases, and the patches fit: every line below was built and passed the tests of its runtimes.\n".to_owned();
    for Attempt { target, before, steps, .. } in fitting {
        let line = &target.line.name;
        let after = pins.lines.iter().find(|pinned| pinned.name == *line).map(stamps);
        let after = after.unwrap_or_default();
        text.push_str(&format!("\n### {line}: {before} to {after}\n\n"));
        text.extend(steps.iter().map(|step| step.markdown(false)));
    }
    text.push_str("\nBefore you merge, review the changed code that `sync-version` shows, if any: a patch can fit and be wrong. Then record the review with `cargo xtask sync-version --accept`.\n");
    Ok(text)
}

fn issue(others: &[&Attempt<'_>], without_line: &[String]) -> String {
    let mut text = String::new();
    for Attempt { target, before, steps, .. } in others {
        let Some((failed, passed)) = steps.split_last() else { continue };
        text.push_str(&format!(
            "### {}: from {before} to {}\n\n`{}` ended with {}.\n\n",
            target.line.name,
            list(&target.names),
            failed.command,
            failed.code
        ));
        text.push_str(&failed.markdown(true));
        text.extend(passed.iter().map(|step| step.markdown(false)));
        text.push('\n');
    }
    text.push_str("The pins are unchanged. To reproduce: run `cargo xtask follow` in a clone of this repository.\n");
    if !without_line.is_empty() {
        text.push_str(&format!("\n{}.\n", list(without_line)));
    }
    text
}
