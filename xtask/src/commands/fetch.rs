//! `cargo xtask fetch`: fetches the commits of Astro's repository into a bare clone.

use camino::Utf8PathBuf;
use diagnostics::Failure;

use crate::{
    answer::Answer,
    checkout::{self, CheckoutError},
    output,
    upstream::{Cache, Fetcher, Pins, is_commit},
};

/// Fetch the pinned commits of upstream, and print the path of the clone
///
/// Uses the git of this machine. Commits come without history, into a bare clone in the cache. Pass
/// the printed path to `--upstream`, or to the tests as `UPSTREAM_GIT`.
#[derive(clap::Args)]
pub struct Fetch {
    /// Additional commits or release tags, for example `astro@7.2.4`
    #[arg(value_name = "REVISION")]
    revisions: Vec<String>,
    /// File with additional commits or tags, one per line
    #[arg(long, value_name = "FILE")]
    file: Option<Utf8PathBuf>,
}

impl Fetch {
    pub fn run(self) -> Result<Answer, Failure> {
        let root = checkout::root()?;
        let pins = Pins::read(&root)?;
        let listed = self.file.map_or(Ok(String::new()), |path| {
            std::fs::read_to_string(&path)
                .map_err(|error| CheckoutError::Unreadable { path, reason: error.to_string() })
        })?;
        let listed = listed.lines().map(str::trim).filter(|line| !line.is_empty());
        let named = self.revisions.into_iter().chain(listed.map(str::to_owned));
        let (commits, tags): (Vec<String>, Vec<String>) =
            named.partition(|revision| is_commit(revision));

        let fetcher = Fetcher::new(&root, &Cache::of_user()?)?;
        let pinned = pins.lines.iter().filter_map(|line| line.commit.as_deref());
        let commits: Vec<&str> = pinned.chain(commits.iter().map(String::as_str)).collect();
        fetcher.commits(&commits)?;
        fetcher.existing_tags(&tags)?;
        output::line!("{}", fetcher.path());
        Ok(Answer::Fine)
    }
}
