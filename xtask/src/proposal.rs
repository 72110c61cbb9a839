//! What `cargo xtask follow` hands to `cargo xtask propose`: texts and pins, and nothing that is run.
//!
//! The first runs code that upstream has just released, in a job that may write nothing; the second may
//! write to the repository, and runs nothing but this program, git and GitHub's client.

use camino::Utf8PathBuf;
use diagnostics::Explain;
use serde::{Deserialize, Serialize};

/// What is to be told the maintainers. Both, if some lines fit and others do not.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proposal {
    /// Pins that fit.
    pub pull_request: Option<PullRequest>,
    /// Releases that do not.
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

/// What keeps releases from being built or from passing the tests.
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
    /// A proposal cannot be used
    ///
    /// A proposal is what `cargo xtask follow` prints: JSON with a pull request, an issue, both or
    /// none. It is made in a job that runs foreign code, so nothing is taken from it but texts and
    /// pins, and the pins have to be readable.
    #[error("`{path}` is no proposal: {reason}")]
    #[explain(code = "B017", help = "make it anew: `cargo xtask follow > {path}`")]
    NoProposal { path: Utf8PathBuf, reason: String },
}

#[cfg(test)]
mod tests {
    use super::list;

    #[test]
    fn names_are_listed_as_people_do() {
        let names: Vec<String> = ["1", "2", "3"].map(str::to_owned).to_vec();
        assert_eq!(
            [list(&names[..1]), list(&names[..2]), list(&names)],
            ["1", "1 and 2", "1, 2 and 3"]
        );
    }
}
