//! The proposal that `cargo xtask follow` passes to `cargo xtask propose`: texts and pins, no code.
//!
//! `follow` runs new upstream code, in a job without write access. `propose` has write access to
//! the repository, and runs only this program, git and GitHub's client.

use camino::Utf8PathBuf;
use diagnostics::Explain;
use serde::{Deserialize, Serialize};

/// A proposal for the maintainers. It has both parts if only some lines fit.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// The pins of lines that fit.
    pub pull_request: Option<PullRequest>,
    /// The releases that do not fit.
    pub issue: Option<Issue>,
}

/// Pins that were built and tested.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullRequest {
    pub title: String,
    /// In Markdown.
    pub body: String,
    /// The text of `upstream/upstream.toml`.
    pub pins: String,
    /// The commit of the submodule, if the checkout has one.
    pub submodule: Option<String>,
}

/// The errors of releases that fail to build or to pass the tests.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    pub title: String,
    /// In Markdown.
    pub body: String,
}

/// `7.3.5`, `7.3.5 and 6.4.9`, `7.3.5, 6.4.9 and 5.18.3`.
pub fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// A proposal cannot be used.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum ProposalError {
    /// A proposal is not valid
    ///
    /// A proposal is the output of `cargo xtask follow`: JSON with a pull request, an issue, both
    /// or neither. The job that creates it runs foreign code. Only texts and pins are taken from
    /// it, and the pins must be valid.
    #[error("`{path}` is not a valid proposal: {reason}")]
    #[explain(code = "B017", help = "create it again: `cargo xtask follow > {path}`")]
    NoProposal { path: Utf8PathBuf, reason: String },
}

#[cfg(test)]
mod tests {
    use super::list;

    #[test]
    fn names_are_listed_with_commas_and_and() {
        let names: Vec<String> = ["1", "2", "3"].map(str::to_owned).to_vec();
        assert_eq!(
            [list(&names[..1]), list(&names[..2]), list(&names)],
            ["1", "1 and 2", "1, 2 and 3"]
        );
    }
}
