//! `cargo xtask follow`: takes the pins to where upstream is, line by line, and says what came of it.

use std::{
    env,
    io::{BufRead as _, BufReader, Read},
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
};

use camino::Utf8Path;
use semver::Version;

use crate::{
    Answer,
    adapter::Adapter,
    error::{BuildError, Failure},
    output,
    package::stamp,
    pipeline::Workshop,
    proposal::{Issue, Proposal, PullRequest, Step, list},
    upstream::{
        ASTRO, Fetcher, Line, PINS, Pins, SUBMODULE, UpstreamError, newest, set_submodule_commit,
        submodule_commit,
    },
    workspace,
};

/// Errors after which nothing is known of a release: the registry was not reached. Others that end with
/// 3 do tell something, for example that a folder of upstream's has moved.
const NOT_REACHED: [&str; 5] = ["U004", "U005", "U006", "U007", "U009"];

/// Try the newest releases of upstream, and print what to tell the maintainers
///
/// Runs `status --check`; for each line that upstream has left behind `sync-version --latest`, `build`
/// and `test`. The pins of the lines that fit stay moved, those of the others go back. Prints a
/// proposal as JSON: a pull request for what fits, an issue for what does not, for
/// `cargo xtask propose`. Commits that pins need are fetched by the git of this machine.
#[derive(clap::Args)]
pub struct Follow {
    /// Write nothing: try whether the patches fit, without building and testing
    #[arg(long, conflicts_with = "check")]
    dry_run: bool,
    /// Write nothing: exit with 1 if upstream is ahead
    #[arg(long)]
    check: bool,
}

/// What became of one line.
struct Attempt {
    line: String,
    before: String,
    /// Astro's new version.
    astro: Version,
    steps: Vec<Step>,
    fits: bool,
}

impl Follow {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(None)?;
        let status = step(&["status", "--check"])?;
        if self.check || status.code == 0 {
            if !self.check {
                output::json(&Proposal::default());
            }
            return Ok(if status.code == 0 { Answer::Fine } else { Answer::No });
        }
        let adapters = Adapter::select(&workshop.root, &[])?;
        let fetcher = Fetcher::new(&workshop.root, workshop.registry.cache())?;
        let ahead = ahead(&workshop)?;
        let versions: Vec<Version> = ahead.iter().map(|(_, version)| version.clone()).collect();
        fetcher.tags(&versions)?;

        let mut attempts = Vec::new();
        for (line, astro) in ahead {
            attempts.push(self.attempt(&workshop, &adapters, line, astro, fetcher.path())?);
        }
        output::json(&proposal(&workshop.root, &status, &attempts)?);
        Ok(Answer::Fine)
    }

    fn attempt(
        &self,
        workshop: &Workshop,
        adapters: &[Adapter],
        line: &Line,
        astro: Version,
        clone: &Utf8Path,
    ) -> Result<Attempt, Failure> {
        let root = &workshop.root;
        let earlier = State::read(root)?;
        let major = line.major.to_string();
        let of_line = |adapter: &&Adapter| line.packages.contains_key(&adapter.upstream.package);
        let runtimes = adapters.iter().filter(of_line).map(|adapter| adapter.runtime.as_str());
        let test = ["test"].into_iter().chain(runtimes).chain(["--astro", &major]).collect();
        let sync = ["sync-version", "--latest", "--astro", &major, "--upstream", clone.as_str()];
        let commands: Vec<Vec<&str>> = if self.dry_run {
            vec![[sync.as_slice(), &["--dry-run"]].concat()]
        } else {
            vec![sync.to_vec(), vec!["build", "--astro", &major], test]
        };
        let mut attempt = Attempt {
            line: line.name.clone(),
            before: stamp::of(line),
            astro,
            steps: Vec::new(),
            fits: true,
        };
        for command in commands {
            let step = match step(&command) {
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

/// The lines that upstream has left behind, the newest first, and where they are to go.
fn ahead(workshop: &Workshop) -> Result<Vec<(&Line, Version)>, UpstreamError> {
    let releases = workshop.registry.releases(ASTRO)?;
    let lines = workshop.pins.lines.iter().rev();
    let newest = lines.filter_map(|line| Some((line, newest(&releases, line.major)?)));
    let ahead = newest.filter(|(line, release)| release.version > line.astro);
    Ok(ahead.map(|(line, release)| (line, release.version.clone())).collect())
}

/// What a line that does not fit is taken back to.
struct State {
    pins: String,
    submodule: Option<String>,
}

impl State {
    fn read(root: &Utf8Path) -> Result<Self, BuildError> {
        let pins = workspace::read(root, Utf8Path::new(PINS))?;
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

/// Runs this program, and passes on what it prints.
fn step(arguments: &[&str]) -> Result<Step, Failure> {
    let program = env::current_exe().unwrap_or_else(|_| "xtask".into());
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let name = format!("cargo xtask {}", arguments.join(" "));
    anstream::eprintln!("{name}");
    let failed = |error: std::io::Error| BuildError::ProgramFailed {
        command: name.clone(),
        reason: error.to_string(),
    };
    let mut child = command.spawn().map_err(failed)?;
    let output = Mutex::new(String::new());
    thread::scope(|scope| {
        let stdout = child.stdout.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>);
        let stderr = child.stderr.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>);
        for stream in [stdout, stderr].into_iter().flatten() {
            scope.spawn(|| pass_on(stream, &output));
        }
    });
    let status = child.wait().map_err(failed)?;
    let code = status.code().unwrap_or(1);
    let output = output.into_inner().unwrap_or_else(PoisonError::into_inner);
    if NOT_REACHED.iter().any(|code| output.contains(&format!("error[{code}]"))) {
        return Err(UpstreamError::Unknown { command: name }.into());
    }
    Ok(Step { command: name, code, output })
}

fn pass_on(stream: Box<dyn Read + Send>, output: &Mutex<String>) {
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        anstream::eprintln!("{line}");
        let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
        output.push_str(&line);
        output.push('\n');
    }
}

/// What the status says of a major that no line is for.
const NO_LINE: &str = "has no line";

fn proposal(root: &Utf8Path, status: &Step, attempts: &[Attempt]) -> Result<Proposal, Failure> {
    let (fitting, others): (Vec<_>, Vec<_>) = attempts.iter().partition(|attempt| attempt.fits);
    let pull_request = if fitting.is_empty() {
        None
    } else {
        let State { pins, submodule } = State::read(root)?;
        let body = pull_request(root, &fitting)?;
        Some(PullRequest { title: format!("Follow {}", names(&fitting)), body, pins, submodule })
    };
    let new_major = status.output.lines().find(|line| line.contains(NO_LINE));
    let issue = match (others.as_slice(), new_major) {
        ([], None) => None,
        ([], Some(line)) => Some(Issue {
            title: line.to_owned(),
            body: format!("{line}.\n\n{}", status.markdown(true)),
        }),
        (others, _) => Some(Issue {
            title: format!("{} does not fit", names(others)),
            body: issue(others, new_major),
        }),
    };
    Ok(Proposal { pull_request, issue })
}

/// `Astro 7.3.5 and 6.4.9`.
fn names(attempts: &[&Attempt]) -> String {
    let versions: Vec<String> = attempts.iter().map(|attempt| attempt.astro.to_string()).collect();
    format!("Astro {}", list(&versions))
}

fn pull_request(root: &Utf8Path, fitting: &[&Attempt]) -> Result<String, Failure> {
    let pins = Pins::read(root)?;
    let mut text = "Upstream has moved, and the patches fit: every line below was built and has passed the tests of its runtimes.\n".to_owned();
    for Attempt { line, before, steps, .. } in fitting {
        let after = pins.lines.iter().find(|pinned| pinned.name == *line).map(stamp::of);
        let after = after.unwrap_or_default();
        text.push_str(&format!("\n### {line}: `{before}` to `{after}`\n\n"));
        text.extend(steps.iter().map(|step| step.markdown(false)));
    }
    text.push_str("\nBefore it is merged, read the code that has changed since it was reviewed, if `sync-version` shows any: a patch can fit and be wrong. Then say so with `cargo xtask sync-version --accept`.\n");
    Ok(text)
}

fn issue(others: &[&Attempt], new_major: Option<&str>) -> String {
    let mut text = String::new();
    for Attempt { line, before, astro, steps, .. } in others {
        let Some((failed, passed)) = steps.split_last() else { continue };
        text.push_str(&format!(
            "### {line}: from `{before}` to Astro {astro}\n\n`{}` ended with {}.\n\n",
            failed.command, failed.code
        ));
        text.push_str(&failed.markdown(true));
        text.extend(passed.iter().map(|step| step.markdown(false)));
        text.push('\n');
    }
    text.push_str("The pins stay where they are. To see the same: `cargo xtask follow`, in a clone of this repository.\n");
    if let Some(line) = new_major {
        text.push_str(&format!("\n{line}.\n"));
    }
    text
}
