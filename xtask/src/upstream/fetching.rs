//! What only Astro's repository knows, fetched by the git of this machine: tags and old commits, each
//! without its history, in a bare clone in the cache.

use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use git2::Config;

use super::{Cache, History, SUBMODULE, UpstreamError};

/// The name of the clone in the cache.
const CLONE: &str = "astro.git";

/// Names the addresses of submodules.
const MODULES: &str = ".gitmodules";

/// The address of Astro's repository, as the checkout's submodule has it.
///
/// # Errors
///
/// What git says where it is not there.
pub fn address(root: &Utf8Path) -> Result<String, git2::Error> {
    let modules = Config::open(root.join(MODULES).as_std_path())?;
    modules.get_string(&format!("submodule.{SUBMODULE}.url"))
}

/// A bare clone to fetch into.
pub struct Fetcher {
    clone: Utf8PathBuf,
    url: String,
}

impl Fetcher {
    /// The clone in the cache, for the repository that the checkout's submodule is of.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::NotFetched`] where `.gitmodules` does not name it.
    pub fn new(root: &Utf8Path, cache: &Cache) -> Result<Self, UpstreamError> {
        let url = address(root).map_err(|error| UpstreamError::NotFetched {
            url: MODULES.to_owned(),
            reason: error.message().to_owned(),
        })?;
        Ok(Self { clone: cache.folder().join(CLONE), url })
    }

    /// Where the clone is.
    pub fn path(&self) -> &Utf8Path {
        &self.clone
    }

    /// Fetches these commits, as far as they are not there.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::NotFetched`].
    pub fn commits(&self, commits: &[&str]) -> Result<(), UpstreamError> {
        let is_missing = |commit: &&&str| !super::git::holds(&self.clone, commit);
        self.fetch(commits.iter().filter(is_missing).map(|commit| (*commit).to_owned()).collect())
    }

    /// Fetches these tags, as far as they are not there. One that the repository does not have is
    /// passed over: whoever needs it says so.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::NotFetched`].
    pub fn tags(&self, tags: &[String]) -> Result<(), UpstreamError> {
        let history = History::open(&self.clone);
        let is_missing =
            |tag: &&String| history.as_ref().is_none_or(|history| history.tagged(tag).is_none());
        let missing: Vec<String> =
            tags.iter().filter(is_missing).map(|tag| format!("refs/tags/{tag}")).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let question = ["ls-remote", "--refs", &self.url];
        let question = question.into_iter().chain(missing.iter().map(String::as_str));
        let listed = self.git(&question.collect::<Vec<_>>())?;
        let listed = listed.lines().filter_map(|line| Some(line.split_once('\t')?.1));
        // A name that is asked for also stands for what ends in it.
        let listed = listed.filter(|tag| missing.iter().any(|missing| missing == tag));
        self.fetch(listed.map(|tag| format!("{tag}:{tag}")).collect())
    }

    fn fetch(&self, wanted: Vec<String>) -> Result<(), UpstreamError> {
        if wanted.is_empty() {
            return Ok(());
        }
        self.git(&["init", "--quiet", "--bare", self.clone.as_str()])?;
        let fetch = ["-C", self.clone.as_str(), "fetch", "--quiet", "--depth", "1", &self.url];
        let fetch = fetch.into_iter().chain(wanted.iter().map(String::as_str));
        self.git(&fetch.collect::<Vec<_>>()).map(drop)
    }

    /// Runs git, and gives what it prints.
    fn git(&self, arguments: &[&str]) -> Result<String, UpstreamError> {
        let failed = |reason: String| UpstreamError::NotFetched { url: self.url.clone(), reason };
        let output = Command::new("git")
            .args(arguments)
            // Nobody is there to answer.
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let told = String::from_utf8_lossy(&output.stderr);
        Err(failed(told.lines().next_back().unwrap_or("it said nothing").to_owned()))
    }
}
