//! `cargo xtask propose`: opens a proposal as a pull request or an issue on GitHub.

use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::{Failure, Source};
use git2::{FileMode, Oid, Repository, Signature, build::TreeUpdateBuilder};
use serde::Deserialize;

use crate::{
    answer::Answer,
    checkout,
    output::{self, Mode, ModeFlags},
    program::{self, ProgramError},
    proposal::{Issue, Proposal, ProposalError, PullRequest},
    upstream::{PINS, Pins, SUBMODULE},
};

/// The branch of the pull request that follows upstream. Only one is open at a time.
const BRANCH: &str = "follow-upstream";

/// The workflow that tests the branch. `propose` starts it: a push with a `GITHUB_TOKEN` triggers
/// none.
const CI: &str = "ci.yml";

/// The author of commits: GitHub's own account for workflows.
const NAME: &str = "github-actions[bot]";
const EMAIL: &str = "41898282+github-actions[bot]@users.noreply.github.com";

/// Open the pull request or issue proposed by `cargo xtask follow` or `canary`
///
/// Updates the pull request or issue if one is already open. A pull request with commits of
/// maintainers stays as it is. Uses GitHub's client, `gh`, and pushes with the git of this machine:
/// log in to both first.
#[derive(clap::Args)]
pub struct Propose {
    /// Output of `cargo xtask follow` or `cargo xtask canary`
    #[arg(value_name = "FILE")]
    file: Utf8PathBuf,
    #[command(flatten)]
    mode: ModeFlags,
}

/// An open pull request or issue.
#[derive(Deserialize)]
struct Open {
    number: u64,
    title: String,
}

impl Propose {
    pub fn run(self) -> Result<Answer, Failure> {
        let root = checkout::root()?;
        let Proposal { pull_request, issue } = read(&self.file)?;
        let mode = self.mode.mode();
        if mode != Mode::Write {
            let pull_request = pull_request.as_ref().map(|it| ("pull request", &it.title));
            let issue = issue.as_ref().map(|it| ("issue", &it.title));
            let all: Vec<_> = pull_request.into_iter().chain(issue).collect();
            for (what, title) in &all {
                output::line!("would open or update the {what}: {title}");
            }
            let is_fine = mode == Mode::DryRun || all.is_empty();
            return Ok(if is_fine { Answer::Fine } else { Answer::No });
        }
        if let Some(pull_request) = &pull_request {
            place_pull_request(&root, pull_request)?;
        }
        if let Some(issue) = &issue {
            open_issue(&root, issue)?;
        }
        Ok(Answer::Fine)
    }
}

fn read(path: &Utf8Path) -> Result<Proposal, ProposalError> {
    let unusable = |reason: String| ProposalError::NoProposal { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
    let proposal: Proposal =
        serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))?;
    if let Some(PullRequest { pins, .. }) = &proposal.pull_request {
        Pins::parse(&Source::new(PINS, pins.as_str()))
            .map_err(|error| unusable(error.to_string()))?;
    }
    Ok(proposal)
}

/// Opens the pull request, or updates the open one unless maintainers have committed to it.
fn place_pull_request(root: &Utf8Path, pull_request: &PullRequest) -> Result<(), Failure> {
    let PullRequest { title, body, .. } = pull_request;
    let known = open(root, &["pr", "list", "--head", BRANCH])?.into_iter().next();
    match known {
        Some(Open { number, .. }) if has_commits_of_others(root)? => {
            output::line!(
                "left the pull request {number} as it is, because maintainers have committed to its branch"
            );
            return Ok(());
        }
        Some(Open { number, .. }) => {
            push(root, pull_request)?;
            let number = number.to_string();
            let edit = ["pr", "edit", &number, "--title", title, "--body-file", "-"];
            run(root, "gh", &edit, Some(body))?;
            output::line!("updated the pull request {number}: {title}");
        }
        None => {
            push(root, pull_request)?;
            let create = ["pr", "create", "--head", BRANCH, "--title", title, "--body-file", "-"];
            let address = run(root, "gh", &create, Some(body))?;
            output::line!("opened {}: {title}", address.trim());
        }
    }
    run(root, "gh", &["workflow", "run", CI, "--ref", BRANCH], None)?;
    Ok(())
}

/// Whether the newest commit of the branch is not from a proposal. A push would drop it, such as the
/// review that the pull request asks for.
fn has_commits_of_others(root: &Utf8Path) -> Result<bool, ProgramError> {
    let branch = format!("refs/heads/{BRANCH}");
    let git = |arguments: &[&str]| run(root, "git", arguments, None);
    if git(&["ls-remote", "origin", &branch])?.is_empty() {
        return Ok(false);
    }
    git(&["fetch", "--quiet", "origin", &branch])?;
    let author = git(&["log", "--max-count=1", "--format=%ae", "FETCH_HEAD"])?;
    Ok(author.trim() != EMAIL)
}

/// Commits the pins on top of the checked-out commit, and pushes this as the branch. The work tree,
/// the index and the local branches stay as they are.
fn push(root: &Utf8Path, pull_request: &PullRequest) -> Result<(), ProgramError> {
    let commit = commit(root, pull_request).map_err(|error| ProgramError::Failed {
        command: "git commit".to_owned(),
        reason: error.message().to_owned(),
    })?;
    let target = format!("{commit}:refs/heads/{BRANCH}");
    run(root, "git", &["push", "--quiet", "--force", "origin", &target], None).map(drop)
}

fn commit(root: &Utf8Path, pull_request: &PullRequest) -> Result<Oid, git2::Error> {
    let PullRequest { title, pins, submodule, .. } = pull_request;
    let repository = Repository::open(root)?;
    let parent = repository.head()?.peel_to_commit()?;
    let mut changes = TreeUpdateBuilder::new();
    changes.upsert(PINS, repository.blob(pins.as_bytes())?, FileMode::Blob);
    if let Some(commit) = submodule {
        changes.upsert(SUBMODULE, Oid::from_str(commit)?, FileMode::Commit);
    }
    let tree = changes.create_updated(&repository, &parent.tree()?)?;
    let author = Signature::now(NAME, EMAIL)?;
    let tree = repository.find_tree(tree)?;
    repository.commit(None, &author, &author, title, &tree, &[&parent])
}

fn open_issue(root: &Utf8Path, issue: &Issue) -> Result<(), Failure> {
    let Issue { title, body } = issue;
    let search = format!("in:title \"{title}\"");
    let known = open(root, &["issue", "list", "--search", &search])?;
    // GitHub's search also returns similar titles.
    match known.iter().find(|open| open.title == *title) {
        Some(Open { number, .. }) => {
            let number = number.to_string();
            run(root, "gh", &["issue", "edit", &number, "--body-file", "-"], Some(body))?;
            output::line!("updated the issue {number}: {title}");
        }
        None => {
            let create = ["issue", "create", "--title", title, "--body-file", "-"];
            let address = run(root, "gh", &create, Some(body))?;
            output::line!("opened {}: {title}", address.trim());
        }
    }
    Ok(())
}

/// The open pull requests or issues, as listed by GitHub's client.
fn open(root: &Utf8Path, list: &[&str]) -> Result<Vec<Open>, Failure> {
    let listed = [list, &["--state", "open", "--json", "number,title"]].concat();
    let text = run(root, "gh", &listed, None)?;
    let open = serde_json::from_str(&text).map_err(|error| ProgramError::Failed {
        command: format!("gh {}", listed.join(" ")),
        reason: error.to_string(),
    })?;
    Ok(open)
}

/// Runs a program in the checkout with `input` as its stdin, and returns its output.
fn run(
    root: &Utf8Path,
    program: &str,
    arguments: &[&str],
    input: Option<&str>,
) -> Result<String, ProgramError> {
    use std::io::Write as _;
    let mut command = Command::new(program);
    command.current_dir(root).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    let mut child = command.spawn().map_err(|error| program::failed(&command, error))?;
    if let (Some(mut stdin), Some(input)) = (child.stdin.take(), input) {
        // A program that stops reading reports the reason itself.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| program::failed(&command, error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(program::failed(&command, told.trim()))
}
