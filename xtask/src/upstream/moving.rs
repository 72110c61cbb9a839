//! Moves a line to another release of Astro or its adapters, and to that release's commit.

use std::collections::BTreeMap;

use camino::Utf8Path;
use semver::Version;

use super::{
    History, Line, PackagePin, Registry, Release, UpstreamError, address,
    composition::{Composition, Tagged},
    provenance::{self, Provenance, ProvenanceError, Roots, Subject},
    release::{ASTRO, accepts},
};

/// The target of a line.
#[derive(Debug, Clone)]
pub enum Target {
    /// The pinned releases.
    Pinned,
    /// The newest release of its major, with the newest adapters for it.
    Latest,
    /// This release, with the newest adapters for it.
    Version(Version),
}

/// The sources of information for moving a line.
pub struct Mover<'m> {
    /// The root of the checkout, with the trusted certificates.
    pub root: &'m Utf8Path,
    pub registry: &'m Registry,
    /// A clone, for commits and their versions.
    pub history: Option<&'m History>,
    /// Folders in Astro's repository by package name.
    pub folders: BTreeMap<&'m str, &'m str>,
    /// The commit given by the user.
    pub commit: Option<&'m str>,
    /// The new value of `as-of`.
    pub today: String,
}

/// A line at its target.
#[derive(Debug)]
pub struct Moved {
    pub line: Line,
    /// If the line has no commit: the missing tags.
    pub missing: Vec<String>,
}

impl Mover<'_> {
    /// The line at its target. Only names and numbers are checked.
    ///
    /// # Errors
    ///
    /// Any reason for an unknown target, see [`UpstreamError`].
    pub fn moved(&self, line: &Line, target: &Target) -> Result<Moved, UpstreamError> {
        let astro = self.astro(line, target)?;
        let packages = match target {
            // A check of the pins alone needs no registry.
            Target::Pinned => line.packages.clone(),
            _ => {
                let moved = line.packages.iter().map(|(package, pin)| {
                    Ok((package.clone(), self.package(package, pin, &astro)?))
                });
                moved.collect::<Result<_, UpstreamError>>()?
            }
        };
        let (commit, missing) = match self.commit(line, target, &astro, &packages)? {
            Tagged::Commit(commit) => (Some(commit), Vec::new()),
            Tagged::Missing(missing) => (None, missing),
        };
        let is_other = |(old, new): (&PackagePin, &PackagePin)| old.version != new.version;
        let pairs = || line.packages.values().zip(packages.values());
        let has_moved = pairs().any(is_other);
        let is_same = astro == line.astro && commit == line.commit;
        let revision = match &commit {
            _ if !is_same => 0,
            // npm accepts each version only once.
            Some(_) if has_moved => line.revision + 1,
            // Each package gets a stamp from its own tarball.
            None if pairs().all(is_other) => 0,
            _ => line.revision,
        };
        let is_moved = has_moved || !is_same;
        let as_of = line.as_of.clone().map(|day| if is_moved { self.today.clone() } else { day });
        let line = Line { astro, commit, revision, as_of, packages, ..line.clone() };
        Ok(Moved { line, missing })
    }

    fn astro(&self, line: &Line, target: &Target) -> Result<Version, UpstreamError> {
        let version = match target {
            Target::Pinned => return Ok(line.astro.clone()),
            Target::Version(version) => Some(version),
            Target::Latest => None,
        };
        let releases = self.registry.releases(ASTRO)?;
        let found = match version {
            Some(version) => releases.iter().find(|release| release.version == *version),
            None => newest(&releases, line.major),
        };
        let wanted = version.map_or_else(|| format!("{}.x", line.major), ToString::to_string);
        let found = found.ok_or_else(|| UpstreamError::NoSuchRelease {
            release: format!("{ASTRO}@{wanted}"),
            newest: newest_is(&releases, line.major),
        })?;
        Ok(found.version.clone())
    }

    fn commit(
        &self,
        line: &Line,
        target: &Target,
        astro: &Version,
        packages: &BTreeMap<String, PackagePin>,
    ) -> Result<Tagged, UpstreamError> {
        let pinned = Composition::of(&line.astro, &line.packages, &self.folders);
        let composition = Composition::of(astro, packages, &self.folders);
        let commit = match (self.commit, &line.commit) {
            (Some(named), _) => Tagged::Commit(named.to_owned()),
            (None, Some(commit)) if composition == pinned => {
                if let Some(history) = self.history {
                    composition.confirm(history, commit, line.commit_place.as_ref())?;
                }
                Tagged::Commit(commit.clone())
            }
            // Ask the registry only for a line that moves.
            _ => match self.attested(&composition, packages, target)? {
                Some(commit) => Tagged::Commit(commit),
                None => composition.commit(self.history, line)?,
            },
        };
        if let (Some(history), Tagged::Commit(commit)) = (self.history, &commit) {
            composition.expect(history, commit)?;
        }
        Ok(commit)
    }

    /// The commit that built the newest of these releases, according to their provenance. That
    /// commit holds all the others.
    fn attested(
        &self,
        composition: &Composition<'_>,
        packages: &BTreeMap<String, PackagePin>,
        target: &Target,
    ) -> Result<Option<String>, UpstreamError> {
        if matches!(target, Target::Pinned) {
            return Ok(None);
        }
        let mut newest: Option<Provenance> = None;
        for (package, version) in composition.releases() {
            let Some(found) = self.provenance(package, version, packages)? else { return Ok(None) };
            if newest.as_ref().is_none_or(|newest| newest.signed < found.signed) {
                newest = Some(found);
            }
        }
        Ok(newest.map(|newest| newest.commit))
    }

    /// The provenance of a release, if the registry can prove it.
    fn provenance(
        &self,
        package: &str,
        version: &Version,
        packages: &BTreeMap<String, PackagePin>,
    ) -> Result<Option<Provenance>, UpstreamError> {
        let integrity = match packages.get(package) {
            Some(pin) => Some(pin.integrity),
            None => {
                let releases = self.registry.releases(package)?;
                let release = releases.iter().find(|release| release.version == *version);
                release.and_then(|release| release.integrity)
            }
        };
        let Some(integrity) = &integrity else { return Ok(None) };
        let Some(answer) = self.registry.attestations(package, version)? else { return Ok(None) };
        let subject = Subject { package, version, integrity };
        let repository = address(self.root).map_err(|error| ProvenanceError::RootsUnreadable {
            path: ".gitmodules".into(),
            reason: error.message().to_owned(),
        })?;
        Ok(provenance::verify(&answer, subject, &repository, &Roots::read(self.root)?)?)
    }

    /// The adapter for a release of Astro: the one at the given commit, or the newest that fits.
    fn package(
        &self,
        package: &str,
        pin: &PackagePin,
        astro: &Version,
    ) -> Result<PackagePin, UpstreamError> {
        let releases = self.registry.releases(package)?;
        let major = pin.version.major;
        let held = self.folders.get(package).filter(|_| !pin.is_elsewhere);
        let held = held.and_then(|folder| self.history?.version_at(self.commit?, folder));
        let release = match held {
            Some(held) => {
                releases.iter().find(|release| release.version == held).ok_or_else(|| {
                    UpstreamError::NoSuchRelease {
                        release: format!("{package}@{held}"),
                        newest: newest_is(&releases, held.major),
                    }
                })?
            }
            None => {
                let found = newest_for(package, &releases, major, astro)?;
                found.ok_or_else(|| UpstreamError::NoAdapter {
                    package: package.to_owned(),
                    major,
                    astro: astro.to_string(),
                })?
            }
        };
        if release.version == pin.version {
            self.registry.confirm(package, pin)?;
            return Ok(pin.clone());
        }
        let moved = release.pin(package)?;
        Ok(PackagePin { version: moved.version, integrity: moved.integrity, ..pin.clone() })
    }
}

/// The newest release of a major; a prerelease only if there is nothing else.
pub fn newest(releases: &[Release], major: u64) -> Option<&Release> {
    let of_major = || releases.iter().rev().filter(|release| release.version.major == major);
    let is_whole = |release: &&Release| release.version.pre.is_empty();
    of_major().find(is_whole).or_else(|| of_major().next())
}

/// The newest release of an adapter's major that fits an Astro version; a prerelease only for a
/// prerelease of Astro.
///
/// # Errors
///
/// [`UpstreamError::RangeUnreadable`].
pub fn newest_for<'r>(
    package: &str,
    releases: &'r [Release],
    major: u64,
    astro: &Version,
) -> Result<Option<&'r Release>, UpstreamError> {
    let of_major = releases.iter().rev().filter(|release| {
        let Version { major: own, pre, .. } = &release.version;
        *own == major && (pre.is_empty() || !astro.pre.is_empty())
    });
    for release in of_major {
        if is_for(release, package, astro)? {
            return Ok(Some(release));
        }
    }
    Ok(None)
}

fn newest_is(releases: &[Release], major: u64) -> String {
    newest(releases, major).map_or_else(
        || format!("{major}.x has no release"),
        |newest| format!("the newest of {major}.x is {}", newest.version),
    )
}

/// Whether an adapter's release fits an Astro version: its range accepts it, and it was not built
/// with a later one. A prerelease counts as its final version, which npm's ranges do not support.
fn is_for(release: &Release, package: &str, astro: &Version) -> Result<bool, UpstreamError> {
    let range = release.astro.as_deref().unwrap_or("*");
    let becomes = Version::new(astro.major, astro.minor, astro.patch);
    let accepts = |version: &Version| {
        accepts(range, version).map_err(|reason| UpstreamError::RangeUnreadable {
            release: format!("{package}@{}", release.version),
            field: "peerDependencies.astro",
            range: range.to_owned(),
            reason,
        })
    };
    Ok((accepts(astro)? || accepts(&becomes)?)
        && release.made_with.as_ref().is_none_or(|made_with| made_with <= astro))
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::{Release, is_for};

    #[test]
    fn an_adapter_fits_its_range_except_versions_older_than_its_build() {
        let release = |range: &str, made_with: Option<&str>| Release {
            version: Version::new(1, 0, 0),
            integrity: None,
            tarball: String::new(),
            astro: Some(range.to_owned()),
            node: None,
            made_with: made_with.map(|version| Version::parse(version).unwrap()),
        };
        let is_for = |release: &Release, astro: &Version| is_for(release, "toy", astro).unwrap();
        let astro = Version::new(7, 2, 4);
        assert!(is_for(&release("^7.2.1", Some("7.2.4")), &astro));
        assert!(is_for(&release("^6.0.0 || ^7.0.0", None), &astro));
        assert!(!is_for(&release("^7.2.1", Some("7.3.0")), &astro));
        assert!(!is_for(&release("^7.3.0", None), &astro));
        assert!(super::is_for(&release("latest", None), "toy", &astro).is_err());
        let beta = Version::parse("7.3.0-beta.1").unwrap();
        assert!(is_for(&release("^7.2.1", Some("7.3.0-beta.0")), &beta));
        assert!(!is_for(&release("^7.2.1", Some("7.3.0")), &beta));
    }
}
