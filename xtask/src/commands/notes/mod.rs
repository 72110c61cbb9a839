//! `cargo xtask notes`: writes the notes of a release for its users.

mod error;
mod our_releases;

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::Failure;
use semver::Version;

pub use self::error::NotesError;
use self::our_releases::OurReleases;
use crate::{
    adapter::Adapter,
    answer::Answer,
    checkout, output,
    package::stamp,
    upstream::{
        Cache, Fetcher, History, Line, PackagePin, Pins, SUBMODULE, UpstreamError, address,
        changelog,
    },
    usage::UsageError,
};

/// The maintainers' own notes on each release.
const CHANGELOG: &str = "CHANGELOG.md";

/// The section for unreleased changes.
const UNRELEASED: &str = "Unreleased";

/// Write the notes of a release, as Markdown
///
/// The notes hold the release's section of `CHANGELOG.md`, the published packages, upstream's
/// changelogs between the old and the new pins, and our commits since. Upstream's packages contain
/// no changelogs: they are read from the submodule or from a clone.
#[derive(clap::Args)]
pub struct Notes {
    /// Tag of the release; for an unreleased state, any revision
    #[arg(value_name = "REVISION", default_value = "HEAD")]
    revision: String,
    /// Previous release; default: the newest tag before this one
    #[arg(long, value_name = "TAG")]
    since: Option<String>,
    /// Read upstream's changelogs from this clone of Astro's repository instead of the submodule
    #[arg(long, value_name = "PATH")]
    upstream: Option<Utf8PathBuf>,
    /// Fetch the commits with upstream's changelogs, using the git of this machine
    #[arg(long, conflicts_with = "upstream")]
    fetch: bool,
}

/// One of our packages, before and after the release.
struct Package<'p> {
    adapter: &'p Adapter,
    line: &'p Line,
    pin: &'p PackagePin,
    /// The pins of the previous release.
    earlier: Option<(&'p Line, &'p PackagePin)>,
}

impl Notes {
    pub fn run(self) -> Result<Answer, Failure> {
        let root = checkout::root()?;
        let adapters = Adapter::select(&root, &[])?;
        let ours = OurReleases::open(&root)?;
        let commit = ours.commit(&self.revision)?;
        let since = match &self.since {
            Some(tag) => Some(tag.clone()),
            None => ours.before(commit)?,
        };
        let earlier = since.as_deref().map(|tag| ours.commit(tag)).transpose()?;
        let pins = ours.pins(commit)?;
        let earlier_pins = earlier.map(|commit| ours.pins(commit)).transpose()?;

        let version = our_releases::version(&self.revision);
        if let (Some(tagged), Some(actual)) = (&version, ours.version(commit))
            && *tagged != actual
        {
            return Err(UsageError::Contradiction {
                message: format!(
                    "the tag `v{tagged}` is on a commit with version {actual} in Cargo.toml"
                ),
                advice: format!(
                    "set version = \"{tagged}\" in Cargo.toml, commit, and move the tag"
                ),
            }
            .into());
        }
        let written = ours.text(commit, CHANGELOG).unwrap_or_default();
        let written = match version {
            Some(version) => Some(
                section(&written, &version.to_string())
                    .ok_or(NotesError::NotInChangelog { version })?,
            ),
            None => section(&written, UNRELEASED),
        };

        let packages = packages(&adapters, &pins, earlier_pins.as_ref());
        let clone = self.clone(&root, &packages)?;
        let mut text = written.map_or_else(String::new, |written| format!("{written}\n\n"));
        text.push_str(&table(&packages));
        text.push_str(&from_upstream(&packages, &clone, address(&root).ok().as_deref()));
        match (&since, earlier) {
            (Some(tag), Some(earlier)) => {
                text.push_str(&format!("\n## Commits since {tag}\n\n"));
                for (short, subject) in ours.subjects(earlier, commit)? {
                    text.push_str(&format!("- {subject} ({short})\n"));
                }
            }
            _ => text.push_str("\nThis is the first release.\n"),
        }
        output::text!("{text}");
        Ok(Answer::Fine)
    }

    /// The clone with upstream's changelogs.
    fn clone(
        &self,
        root: &Utf8Path,
        packages: &[Package<'_>],
    ) -> Result<Utf8PathBuf, UpstreamError> {
        if !self.fetch {
            return Ok(self.upstream.clone().unwrap_or_else(|| root.join(SUBMODULE)));
        }
        let fetcher = Fetcher::new(root, &Cache::of_user()?)?;
        let has_moved = || packages.iter().filter(|package| package.range().is_some());
        let commits: Vec<&str> =
            has_moved().filter_map(|package| package.line.commit.as_deref()).collect();
        fetcher.commits(&commits)?;
        let without = has_moved().filter(|package| package.line.commit.is_none());
        fetcher.tags(&without.map(Package::upstream_tag).collect::<Vec<String>>())?;
        Ok(fetcher.path().to_owned())
    }
}

impl Package<'_> {
    /// The upstream versions before and after, if they differ.
    fn range(&self) -> Option<(&Version, &Version)> {
        let (_, earlier) = self.earlier?;
        (earlier.version < self.pin.version && !self.pin.is_elsewhere)
            .then_some((&earlier.version, &self.pin.version))
    }

    /// The tag of the upstream release in Astro's repository.
    fn upstream_tag(&self) -> String {
        format!("{}@{}", self.adapter.upstream.package, self.pin.version)
    }

    /// The version of our package on a line.
    fn stamp(&self, line: &Line) -> String {
        stamp::of(line, &self.adapter.upstream.package)
    }

    fn change(&self) -> String {
        let stamp = self.stamp(self.line);
        let Some((line, pin)) = self.earlier else { return "new".to_owned() };
        let earlier = self.stamp(line);
        if earlier == stamp {
            "unchanged".to_owned()
        } else if pin.version == self.pin.version {
            // Another adapter of the line was released alone, or our own code changed.
            format!("was `{earlier}`, same upstream release")
        } else {
            format!("was `{earlier}`")
        }
    }
}

/// All packages, those of the newest Astro first.
fn packages<'p>(
    adapters: &'p [Adapter],
    pins: &'p Pins,
    earlier: Option<&'p Pins>,
) -> Vec<Package<'p>> {
    let mut packages = Vec::new();
    for line in pins.lines.iter().rev() {
        let earlier = earlier.and_then(|pins| pins.lines.iter().find(|it| it.major == line.major));
        for adapter in adapters {
            let name = &adapter.upstream.package;
            let Some(pin) = line.packages.get(name) else { continue };
            let earlier = earlier.and_then(|line| Some((line, line.packages.get(name)?)));
            packages.push(Package { adapter, line, pin, earlier });
        }
    }
    packages
}

fn table(packages: &[Package<'_>]) -> String {
    let mut table =
        "## Packages\n\n| package | version | dist-tag | built from | |\n|---|---|---|---|---|\n"
            .to_owned();
    for package in packages {
        let Package { adapter, line, pin, .. } = package;
        table.push_str(&format!(
            "| `{}` | `{}` | `{}` | {} {} | {} |\n",
            adapter.package.name,
            package.stamp(line),
            line.tag,
            adapter.upstream.package,
            pin.version,
            package.change(),
        ));
    }
    if packages.iter().any(|package| package.line.commit.is_none()) {
        table.push_str(
            "\nA version with `npm.` in it has no known upstream commit: the digits after it are the start of the sha512 of upstream's tarball.\n",
        );
    }
    table
}

/// Upstream's changelog sections for the new releases, from a clone. If the clone has none, a link
/// into the repository at `address`.
fn from_upstream(packages: &[Package<'_>], clone: &Utf8Path, address: Option<&str>) -> String {
    let history = History::open(clone);
    let mut text = String::new();
    for package in packages {
        let Package { adapter, line, .. } = package;
        let Some((after, up_to)) = package.range() else { continue };
        if text.is_empty() {
            text.push_str("\n## From upstream\n");
        }
        let name = &adapter.upstream.package;
        text.push_str(&format!("\n### {name} {after} to {up_to}\n"));
        let path = format!("{}/CHANGELOG.md", adapter.upstream.folder);
        let tag = package.upstream_tag();
        let commit = line.commit.clone();
        let commit = commit.or_else(|| history.as_ref().and_then(|history| history.tagged(&tag)));
        let revision = commit.unwrap_or(tag);
        let changelog = history.as_ref().and_then(|history| history.text_at(&revision, &path));
        if let Some(changelog) = changelog {
            for (version, section) in changelog::between(&changelog, after, up_to) {
                text.push_str(&format!("\n#### {version}\n\n{}\n", deeper(&section)));
            }
            continue;
        }
        output::hint(&format!("`{clone}` has no {path} at {revision}: use `--fetch`"));
        if let Some(address) = address {
            let address = address.trim_end_matches(".git");
            text.push_str(&format!("\nSee [its changelog]({address}/blob/{revision}/{path}).\n"));
        }
    }
    text
}

/// Moves headings two levels down. Leaves lines in code blocks alone.
fn deeper(section: &str) -> String {
    let mut is_code = false;
    let lines = section.lines().map(|line| {
        is_code ^= line.trim_start().starts_with("```");
        if line.starts_with('#') && !is_code { format!("##{line}") } else { line.to_owned() }
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// The section below a heading of a changelog in the form of Keep a Changelog; `None` if it is
/// empty.
///
/// Source: <https://keepachangelog.com/en/1.1.0/>.
fn section(changelog: &str, name: &str) -> Option<String> {
    let heading = format!("## [{name}]");
    let mut lines = changelog.lines().skip_while(|line| !line.starts_with(&heading));
    lines.next()?;
    // The last section ends at the link targets.
    let is_end = |line: &&str| line.starts_with("## ") || line.starts_with('[');
    let text = lines.take_while(|line| !is_end(line)).collect::<Vec<&str>>().join("\n");
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{deeper, section};

    #[test]
    fn a_section_ends_at_the_next_heading() {
        let changelog = "# Changelog\n\n## [Unreleased]\n\n## [0.2.0] - 2026-12-24\n\n### Added\n\n- A thing\n\n[0.2.0]: https://example.com\n";
        assert_eq!(section(changelog, "0.2.0").as_deref(), Some("### Added\n\n- A thing"));
        assert_eq!(section(changelog, "Unreleased"), None);
        assert_eq!(section(changelog, "0.1.0"), None);
    }

    #[test]
    fn comments_in_code_blocks_are_not_headings() {
        assert_eq!(deeper("### A\n```sh\n# b\n```\n# C"), "##### A\n```sh\n# b\n```\n### C");
    }
}
