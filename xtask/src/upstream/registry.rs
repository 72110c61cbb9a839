//! Published tarballs, from the cache or from npm's configured registry.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::SystemTime,
};

use camino::{Utf8Path, Utf8PathBuf};
use semver::Version;

use super::{
    Cache, Integrity, Npmrc, PackagePin, Release, UpstreamError, archive,
    client::{Client, FetchError, authority},
    release,
};

/// npm's short form of package metadata.
///
/// Source: <https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md>.
const METADATA: &str = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8";

/// The long form, which includes publication times.
const ALL_METADATA: &str = "application/json";

/// The answer of registries for a missing package or an unknown request.
const NOT_FOUND: u16 = 404;
const METHOD_NOT_ALLOWED: u16 = 405;
const GONE: u16 = 410;
const NOT_IMPLEMENTED: u16 = 501;

/// The registry, with the cache in front. It reads, asks and connects to nothing until a tarball is
/// needed that the cache lacks.
#[derive(Debug)]
pub struct Registry {
    root: Utf8PathBuf,
    cache: Cache,
    /// A registry that overrides npm's configuration.
    instead: Option<String>,
    client: OnceLock<Client>,
    /// Held while the client is created, so that npm is asked once.
    making: Mutex<()>,
    /// Releases that were already requested.
    releases: Mutex<BTreeMap<String, Arc<Vec<Release>>>>,
}

impl Registry {
    /// A registry for the checkout at `root`, with its `.npmrc`.
    #[must_use]
    pub fn new(root: &Utf8Path, cache: Cache) -> Self {
        let (client, making, releases) = (OnceLock::new(), Mutex::default(), Mutex::default());
        Self { root: root.to_owned(), cache, instead: None, client, making, releases }
    }

    /// The same, but with this URL.
    #[must_use]
    pub fn at(root: &Utf8Path, cache: Cache, url: &str) -> Self {
        let instead = Some(format!("{}/", url.trim_end_matches('/')));
        Self { instead, ..Self::new(root, cache) }
    }

    /// The URL of a package's registry.
    ///
    /// # Errors
    ///
    /// `U004` and `U005` of the catalogue.
    pub fn url(&self, package: &str) -> Result<String, UpstreamError> {
        self.of_package(self.client()?, package)
    }

    /// A setting of npm's configuration.
    ///
    /// # Errors
    ///
    /// `U004` and `U005` of the catalogue.
    pub fn setting(&self, key: &str) -> Result<Option<&str>, UpstreamError> {
        Ok(self.client()?.npmrc.get(key))
    }

    /// All current metadata of a package; `None` if the registry does not have it.
    ///
    /// # Errors
    ///
    /// `U004` to `U009` and `U013` of the catalogue.
    pub fn metadata(&self, package: &str) -> Result<Option<Vec<u8>>, UpstreamError> {
        match self.ask(package, None, ALL_METADATA) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(UpstreamError::NotPublished { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The attestations of a release; `None` if the registry has none for it, or supports none.
    ///
    /// # Errors
    ///
    /// `U004` to `U009` and `U013` of the catalogue.
    pub(super) fn attestations(
        &self,
        package: &str,
        version: &Version,
    ) -> Result<Option<Vec<u8>>, UpstreamError> {
        let client = self.client()?;
        let registry = self.of_package(client, package)?;
        let name = package.replace('/', "%2f");
        let url = format!("{registry}-/npm/v1/attestations/{name}@{version}");
        match client.get(&url, ALL_METADATA) {
            Ok(attestations) => Ok(Some(attestations)),
            Err(FetchError::Status(NOT_FOUND | METHOD_NOT_ALLOWED | GONE | NOT_IMPLEMENTED)) => {
                Ok(None)
            }
            Err(failure) => {
                let asked = Asked { package, version: Some(version), registry: &registry };
                Err(asked.error(&url, failure))
            }
        }
    }

    /// The cache in front of the registry.
    #[must_use]
    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// Every release of a package, in version order. The registry is asked once.
    ///
    /// # Errors
    ///
    /// `U004` to `U009` and `U013` of the catalogue.
    pub fn releases(&self, package: &str) -> Result<Arc<Vec<Release>>, UpstreamError> {
        self.releases_for(package, None)
    }

    /// Like [`Self::releases`]. If the registry is unreachable, uses its last stored answer, and
    /// keeps using it from then on.
    ///
    /// # Errors
    ///
    /// As for [`Self::releases`].
    pub fn releases_or_remembered(
        &self,
        package: &str,
    ) -> Result<(Arc<Vec<Release>>, Option<Remembered>), UpstreamError> {
        let cause = match self.releases(package) {
            Ok(releases) => return Ok((releases, None)),
            Err(cause) => cause,
        };
        let UpstreamError::Unreachable { url, reason, .. } = &cause else { return Err(cause) };
        let registry = self.url(package)?;
        let asked = Asked { package, version: None, registry: &registry };
        let remembered = self
            .cache
            .recall(&asked.metadata_url())
            .and_then(|(metadata, since)| Some((release::read(&metadata).ok()?, since)));
        let Some((releases, since)) = remembered else { return Err(cause) };
        let reason = format!("{url} is unreachable: {reason}");
        Ok((self.know(package, releases), Some(Remembered { since, reason })))
    }

    /// The pinned tarball, fully verified.
    ///
    /// # Errors
    ///
    /// `U004` to `U010`, `U013` and `U016` of the catalogue.
    pub fn tarball(&self, package: &str, pin: &PackagePin) -> Result<Vec<u8>, UpstreamError> {
        if let Some(tarball) = self.cache.read(&pin.integrity) {
            return Ok(tarball);
        }
        let tarball = self.fetch(package, pin)?;
        let actual = Integrity::of(&tarball);
        if actual != pin.integrity {
            return Err(UpstreamError::WrongIntegrity {
                release: format!("{package}@{}", pin.version),
                expected: pin.integrity.to_string(),
                actual: actual.to_string(),
                places: pin.integrity_place.iter().cloned().collect(),
            });
        }
        self.cache.store(&pin.integrity, &tarball)?;
        Ok(tarball)
    }

    /// Compares a pin with the registry's current answer.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::Changed`], and the errors of [`Self::releases`].
    pub fn confirm(&self, package: &str, pin: &PackagePin) -> Result<(), UpstreamError> {
        let releases = self.releases_for(package, Some(&pin.version))?;
        let release = releases.iter().find(|release| release.version == pin.version);
        match release.and_then(|release| release.integrity) {
            Some(actual) if actual != pin.integrity => Err(UpstreamError::Changed {
                release: format!("{package}@{}", pin.version),
                pinned: pin.integrity.to_string(),
                actual: actual.to_string(),
                places: pin.integrity_place.iter().cloned().collect(),
            }),
            _ => Ok(()),
        }
    }

    fn releases_for(
        &self,
        package: &str,
        version: Option<&Version>,
    ) -> Result<Arc<Vec<Release>>, UpstreamError> {
        if let Some(known) = self.known().get(package) {
            return Ok(Arc::clone(known));
        }
        let metadata = self.ask(package, version, METADATA)?;
        let registry = self.url(package)?;
        let asked = Asked { package, version, registry: &registry };
        let url = asked.metadata_url();
        let (releases, reduced) = release::read_and_reduce(&metadata).map_err(|error| {
            asked.bad_answer(&url, format!("not a package's metadata ({error})"))
        })?;
        self.cache.remember(&url, &reduced);
        Ok(self.know(package, releases))
    }

    fn know(&self, package: &str, releases: Vec<Release>) -> Arc<Vec<Release>> {
        let releases = Arc::new(releases);
        self.known().insert(package.to_owned(), Arc::clone(&releases));
        releases
    }

    /// Requests the metadata of a package, for one of its releases or for all.
    fn ask(
        &self,
        package: &str,
        version: Option<&Version>,
        form: &str,
    ) -> Result<Vec<u8>, UpstreamError> {
        let client = self.client()?;
        let registry = self.of_package(client, package)?;
        let asked = Asked { package, version, registry: &registry };
        let url = asked.metadata_url();
        client.get(&url, form).map_err(|failure| asked.error(&url, failure))
    }

    fn fetch(&self, package: &str, pin: &PackagePin) -> Result<Vec<u8>, UpstreamError> {
        let releases = self.releases_for(package, Some(&pin.version))?;
        let client = self.client()?;
        let registry = self.of_package(client, package)?;
        let asked = Asked { package, version: Some(&pin.version), registry: &registry };

        let release = releases.iter().find(|release| release.version == pin.version);
        let named = &release.ok_or_else(|| asked.not_published(&asked.metadata_url()))?.tarball;
        if !named.starts_with("https://") && !named.starts_with("http://") {
            let reason = "`dist.tarball` is not a URL".to_owned();
            return Err(asked.bad_answer(&asked.metadata_url(), reason));
        }

        // A mirror's metadata may still name the original host, so ask the mirror first. The pinned
        // sha512 makes both sources equally safe.
        if let Some(mirrored) = at_registry(&registry, named)
            && let Ok(tarball) = client.get(&mirrored, "*/*")
        {
            return Ok(tarball);
        }
        client.get(named, "*/*").map_err(|failure| asked.error(named, failure))
    }

    fn of_package(&self, client: &Client, package: &str) -> Result<String, UpstreamError> {
        let configured = || client.npmrc.registry(package);
        self.instead.clone().or_else(configured).ok_or_else(|| UpstreamError::NoRegistry {
            reason: format!("none is set for `{package}`"),
        })
    }

    /// A thread cannot panic half-way through an update.
    fn known(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Vec<Release>>>> {
        self.releases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self) -> Result<&Client, UpstreamError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let client = Client::new(Npmrc::load(&self.root)?)?;
        Ok(self.client.get_or_init(|| client))
    }
}

/// An unreachable registry, answered from the cache.
#[derive(Debug)]
pub struct Remembered {
    /// The time of its last answer.
    pub since: SystemTime,
    /// The reason for this failure.
    pub reason: String,
}

/// The request, for errors.
struct Asked<'a> {
    package: &'a str,
    /// The requested release, if there is one.
    version: Option<&'a Version>,
    registry: &'a str,
}

impl Asked<'_> {
    fn metadata_url(&self) -> String {
        format!("{}{}", self.registry, self.package.replace('/', "%2f"))
    }

    fn release(&self) -> String {
        match self.version {
            Some(version) => format!("{}@{version}", self.package),
            None => self.package.to_owned(),
        }
    }

    fn error(&self, url: &str, error: FetchError) -> UpstreamError {
        let package = self.package.to_owned();
        match error {
            FetchError::NoAnswer(reason) => {
                UpstreamError::Unreachable { package, url: without_credentials(url), reason }
            }
            FetchError::Status(status @ (401 | 403)) => UpstreamError::Refused {
                package,
                url: without_credentials(url),
                registry: without_credentials(self.registry),
                status,
            },
            FetchError::Status(404 | 410) => self.not_published(url),
            FetchError::Status(status) => self.bad_answer(url, format!("status {status}")),
            FetchError::TooLarge => archive::too_large(&self.release(), "as downloaded").into(),
            FetchError::Configuration(error) => error,
        }
    }

    fn not_published(&self, url: &str) -> UpstreamError {
        UpstreamError::NotPublished { release: self.release(), url: without_credentials(url) }
    }

    fn bad_answer(&self, url: &str, reason: String) -> UpstreamError {
        UpstreamError::BadAnswer {
            package: self.package.to_owned(),
            url: without_credentials(url),
            reason,
        }
    }
}

/// The URL of a tarball with the registry's host in place of its own; `None` if they are equal. As
/// in npm's `replace-registry-host`, the registry's path is not prepended.
fn at_registry(registry: &str, tarball: &str) -> Option<String> {
    let (own, other) = (authority(registry), authority(tarball));
    if own == other {
        return None;
    }
    let (scheme, _) = registry.split_once("://")?;
    let (_, path) = tarball.split_once(other)?;
    Some(format!("{scheme}://{own}{path}"))
}

/// A URL that is safe to print.
fn without_credentials(url: &str) -> String {
    match authority(url).rsplit_once('@') {
        Some((credentials, _)) => url.replacen(&format!("{credentials}@"), "", 1),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{at_registry, without_credentials};

    #[test]
    fn a_tarball_on_another_host_is_requested_from_the_registry() {
        assert_eq!(at_registry("http://a:1/npm/", "http://a:1/x/-/x.tgz"), None);
        assert_eq!(
            at_registry("http://a:1/npm/", "https://b/x/-/x.tgz"),
            Some("http://a:1/x/-/x.tgz".to_owned())
        );
    }

    #[test]
    fn credentials_in_a_url_are_not_printed() {
        assert_eq!(without_credentials("http://me:secret@a:1/x@1"), "http://a:1/x@1");
        assert_eq!(without_credentials("http://a:1/x@1"), "http://a:1/x@1");
    }
}
