//! Tags and old commits of Astro's repository. The git of this machine fetches them, each without
//! history, into a bare clone in the cache.

use std::{
    fs, io,
    process::{Command, Stdio},
};

use bring_tools::lock;
use camino::{Utf8Path, Utf8PathBuf};
use git2::Config;
use walkdir::WalkDir;

use super::{Cache, History, SUBMODULE, UpstreamError};
use crate::output;

/// The name of the clone in the cache.
const CLONE: &str = "astro.git";

/// The file with the addresses of submodules.
const MODULES: &str = ".gitmodules";

/// The address of Astro's repository, from the checkout's submodule.
///
/// # Errors
///
/// git's error if the address is missing.
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
    /// The clone in the cache, for the repository of the checkout's submodule.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::NotFetched`] if `.gitmodules` does not list it.
    pub fn new(root: &Utf8Path, cache: &Cache) -> Result<Self, UpstreamError> {
        let url = address(root).map_err(|error| UpstreamError::NotFetched {
            url: MODULES.to_owned(),
            reason: error.message().to_owned(),
        })?;
        Ok(Self { clone: cache.folder().join(CLONE), url })
    }

    /// The path of the clone.
    pub fn path(&self) -> &Utf8Path {
        &self.clone
    }

    /// Fetches the missing ones of these commits.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::NotFetched`].
    pub fn commits(&self, commits: &[&str]) -> Result<(), UpstreamError> {
        let is_missing = |commit: &&&str| !super::git::holds(&self.clone, commit);
        self.fetch(commits.iter().filter(is_missing).map(|commit| (*commit).to_owned()).collect())
    }

    /// Fetches the missing ones of these tags. A tag that the repository lacks is skipped: the code
    /// that needs it reports it.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::NotFetched`].
    pub fn tags(&self, tags: &[String]) -> Result<(), UpstreamError> {
        let missing: Vec<String> =
            self.missing(tags).iter().map(|tag| format!("refs/tags/{tag}")).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let question = ["ls-remote", "--refs", &self.url];
        let question = question.into_iter().chain(missing.iter().map(String::as_str));
        let listed = self.git(&question.collect::<Vec<_>>())?;
        let listed = listed.lines().filter_map(|line| Some(line.split_once('\t')?.1));
        // `ls-remote` also matches longer names that end in a requested one.
        let listed = listed.filter(|tag| missing.iter().any(|missing| missing == tag));
        self.fetch(listed.map(|tag| format!("{tag}:{tag}")).collect())
    }

    /// Fetches the missing ones of these tags. All of them must exist.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::NotFetched`].
    pub fn existing_tags(&self, tags: &[String]) -> Result<(), UpstreamError> {
        self.tags(tags)?;
        match self.missing(tags).first() {
            Some(tag) => Err(UpstreamError::NotFetched {
                url: self.url.clone(),
                reason: format!("it has no tag `{tag}`"),
            }),
            None => Ok(()),
        }
    }

    /// The tags that the clone lacks.
    fn missing<'t>(&self, tags: &'t [String]) -> Vec<&'t String> {
        let history = History::open(&self.clone);
        let is_missing =
            |tag: &&String| history.as_ref().is_none_or(|history| history.tagged(tag).is_none());
        tags.iter().filter(is_missing).collect()
    }

    fn fetch(&self, wanted: Vec<String>) -> Result<(), UpstreamError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let failed = |error: io::Error| UpstreamError::NotFetched {
            url: self.url.clone(),
            reason: error.to_string(),
        };
        let _lock = lock::exclusive(self.clone.as_std_path()).map_err(failed)?;
        self.remove_locks().map_err(failed)?;
        output::progress(&format!("fetching from {}", self.url));
        self.git(&["init", "--quiet", "--bare", self.clone.as_str()])?;
        let fetch = ["-C", self.clone.as_str(), "fetch", "--quiet", "--depth", "1", &self.url];
        let fetch = fetch.into_iter().chain(wanted.iter().map(String::as_str));
        self.git(&fetch.collect::<Vec<_>>()).map(drop)
    }

    /// Removes the locks of a killed git. The lock of the clone is held, so no other fetch needs
    /// them.
    fn remove_locks(&self) -> io::Result<()> {
        // No file of git's own has this ending, not even a tag.
        let is_lock = |path: &&Utf8Path| path.extension() == Some("lock");
        for entry in WalkDir::new(&self.clone).into_iter().flatten() {
            Utf8Path::from_path(entry.path()).filter(is_lock).map_or(Ok(()), fs::remove_file)?;
        }
        Ok(())
    }

    /// Runs git and returns its output.
    fn git(&self, arguments: &[&str]) -> Result<String, UpstreamError> {
        let failed = |reason: String| UpstreamError::NotFetched { url: self.url.clone(), reason };
        let output = Command::new("git")
            .args(arguments)
            // Prompts would wait for ever.
            .env("GIT_TERMINAL_PROMPT", "0")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| failed(error.to_string()))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let told = String::from_utf8_lossy(&output.stderr);
        // Advice may follow the error.
        let error = told.lines().find(|line| line.starts_with("fatal: "));
        let error = error.or_else(|| told.lines().next_back());
        Err(failed(error.unwrap_or("it printed no error").to_owned()))
    }
}
