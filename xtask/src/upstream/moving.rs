//! Moving a line to another release of Astro: which adapters belong to it, and which commit it is.

use std::collections::BTreeMap;

use semver::Version;

use super::{
    History, Line, PackagePin, Registry, Release, UpstreamError,
    history::ASTRO_FOLDER,
    release::{ASTRO, accepts},
};

/// Where a line is to go.
#[derive(Debug, Clone)]
pub enum Target {
    /// Where it is.
    Pinned,
    /// To the newest release of its major.
    Latest,
    /// To this release.
    Version(Version),
}

/// What is asked when a line is moved.
pub struct Mover<'m> {
    pub registry: &'m Registry,
    /// A clone, for commits and the versions at them.
    pub history: Option<&'m History>,
    /// Folders in Astro's repository by the names of packages.
    pub folders: BTreeMap<&'m str, &'m str>,
    /// The commit that was named.
    pub commit: Option<&'m str>,
    /// What becomes of `as-of`.
    pub today: String,
}

impl Mover<'_> {
    /// The line as it is at the target. Nothing is looked at but names and numbers.
    ///
    /// # Errors
    ///
    /// Whatever keeps the target from being known, see [`UpstreamError`].
    pub fn moved(&self, line: &Line, target: &Target) -> Result<Line, UpstreamError> {
        let astro = self.astro(line, target)?;
        let is_same = astro == line.astro;
        let commit = self.commit(line, &astro)?;
        let mut packages = BTreeMap::new();
        for (package, pin) in &line.packages {
            let moved = match target {
                // So that nobody has to be asked who only wants to know whether all agree.
                Target::Pinned => pin.clone(),
                _ => self.package(package, pin, &astro, &commit)?,
            };
            packages.insert(package.clone(), moved);
        }
        let is_other = |(old, new): (&PackagePin, &PackagePin)| old.version != new.version;
        let has_moved = line.packages.values().zip(packages.values()).any(is_other);
        let is_same_stamp = is_same && commit == line.commit;
        let revision = match (is_same_stamp, has_moved) {
            (false, _) => 0,
            // npm takes no version twice.
            (true, true) => line.revision + 1,
            (true, false) => line.revision,
        };
        let is_moved = has_moved || !is_same_stamp;
        let as_of = line.as_of.clone().map(|day| if is_moved { self.today.clone() } else { day });
        Ok(Line { astro, commit, revision, as_of, packages, ..line.clone() })
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
            newest: newest(&releases, line.major).map_or_else(
                || format!("there is none of {}.x", line.major),
                |newest| format!("the newest of {}.x is {}", line.major, newest.version),
            ),
        })?;
        Ok(found.version.clone())
    }

    fn commit(&self, line: &Line, astro: &Version) -> Result<String, UpstreamError> {
        let tagged = self.history.and_then(|history| history.tagged(astro));
        let commit = match (self.commit, tagged) {
            (Some(named), _) => named.to_owned(),
            (None, Some(tagged)) if *astro == line.astro && tagged != line.commit => {
                return Err(UpstreamError::TagMoved {
                    tag: format!("{ASTRO}@{astro}"),
                    tagged,
                    pinned: line.commit.clone(),
                    places: vec![line.commit_place.clone()],
                });
            }
            (None, Some(tagged)) => tagged,
            (None, None) if *astro == line.astro => line.commit.clone(),
            (None, None) => {
                return Err(UpstreamError::CommitUnknown { tag: format!("{ASTRO}@{astro}") });
            }
        };
        match self.history.and_then(|history| history.version_at(&commit, ASTRO_FOLDER)) {
            Some(actual) if actual != *astro => Err(UpstreamError::OtherPackage {
                path: format!("{ASTRO_FOLDER}/package.json at {commit}"),
                release: format!("{ASTRO}@{astro}"),
                actual: format!("`{ASTRO}@{actual}`"),
                places: Vec::new(),
            }),
            _ => Ok(commit),
        }
    }

    /// The adapter that was released with a release of Astro: what the commit says; or else the
    /// newest of the same major that is for it, and was not made with a later one.
    fn package(
        &self,
        package: &str,
        pin: &PackagePin,
        astro: &Version,
        commit: &str,
    ) -> Result<PackagePin, UpstreamError> {
        let releases = self.registry.releases(package)?;
        let at_commit =
            self.folders.get(package).filter(|_| !pin.is_elsewhere).and_then(|folder| {
                let version = self.history?.version_at(commit, folder)?;
                releases.iter().find(|release| release.version == version)
            });
        let release = at_commit.or_else(|| {
            let of_line = releases.iter().rev().filter(|release| {
                release.version.major == pin.version.major
                    && (release.version.pre.is_empty() || !astro.pre.is_empty())
            });
            of_line.into_iter().find(|release| is_for(release, astro))
        });
        let release = release.ok_or_else(|| UpstreamError::NoAdapter {
            package: package.to_owned(),
            major: pin.version.major,
            astro: astro.to_string(),
        })?;
        if release.version == pin.version {
            self.registry.confirm(package, pin)?;
            return Ok(pin.clone());
        }
        let moved = release.pin(package)?;
        Ok(PackagePin { version: moved.version, integrity: moved.integrity, ..pin.clone() })
    }
}

/// The newest release of a major, without prereleases.
pub fn newest(releases: &[Release], major: u64) -> Option<&Release> {
    let mut of_major = releases.iter().rev();
    of_major.find(|release| release.version.major == major && release.version.pre.is_empty())
}

/// Whether a release of an adapter is for a version of Astro: a range of its own says so, and it was
/// not made with a later one.
fn is_for(release: &Release, astro: &Version) -> bool {
    accepts(release.astro.as_deref().unwrap_or("*"), astro)
        && release.made_with.as_ref().is_none_or(|made_with| made_with <= astro)
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::{Release, is_for};

    #[test]
    fn an_adapter_is_for_what_its_range_says_and_not_for_what_came_before_it_was_made() {
        let release = |range: &str, made_with: Option<&str>| Release {
            version: Version::new(1, 0, 0),
            integrity: None,
            tarball: String::new(),
            astro: Some(range.to_owned()),
            node: None,
            made_with: made_with.map(|version| Version::parse(version).unwrap()),
        };
        let astro = Version::new(7, 2, 4);
        assert!(is_for(&release("^7.2.1", Some("7.2.4")), &astro));
        assert!(is_for(&release("^6.0.0 || ^7.0.0", None), &astro));
        assert!(!is_for(&release("^7.2.1", Some("7.3.0")), &astro));
        assert!(!is_for(&release("^7.3.0", None), &astro));
        assert!(!is_for(&release("latest", None), &astro));
    }
}
