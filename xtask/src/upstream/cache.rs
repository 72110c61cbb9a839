//! The user's cache folder: tarballs named by their sha512, and the last metadata of registries.

use std::{env, fs, io, time::SystemTime};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Integrity, UpstreamError};

/// The folder with tarballs and registry metadata, kept between builds.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: Utf8PathBuf,
}

impl Cache {
    /// `ZASTRO_CACHE`, or `zastro` in the system's cache folder: `XDG_CACHE_HOME` or `~/.cache`
    /// (XDG Base Directory), `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::Cache`] if the environment has none of them.
    pub fn of_user() -> Result<Self, UpstreamError> {
        if let Some(folder) = folder_from("ZASTRO_CACHE") {
            return Ok(Self { folder });
        }
        let home = || env::home_dir().and_then(|home| Utf8PathBuf::from_path_buf(home).ok());
        let caches = if cfg!(windows) {
            folder_from("LOCALAPPDATA")
        } else if cfg!(target_os = "macos") {
            home().map(|home| home.join("Library/Caches"))
        } else {
            // The specification says to ignore a relative path.
            folder_from("XDG_CACHE_HOME")
                .filter(|folder| folder.is_absolute())
                .or_else(|| home().map(|home| home.join(".cache")))
        };
        let caches = caches.ok_or_else(|| UpstreamError::Cache {
            path: "~".to_owned(),
            reason: "the home folder is unknown".to_owned(),
        })?;
        Ok(Self { folder: caches.join("zastro") })
    }

    /// The path of the folder.
    #[must_use]
    pub fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// The tarball with this integrity. `None` if it was modified after it was stored.
    #[must_use]
    pub fn read(&self, integrity: &Integrity) -> Option<Vec<u8>> {
        let bytes = fs::read(self.path(integrity)).ok()?;
        (Integrity::of(&bytes) == *integrity).then_some(bytes)
    }

    /// Stores a tarball.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::Cache`].
    pub fn store(&self, integrity: &Integrity, bytes: &[u8]) -> Result<(), UpstreamError> {
        write(&self.path(integrity), bytes).map_err(|error| UpstreamError::Cache {
            path: self.folder.to_string(),
            reason: error.to_string(),
        })
    }

    /// The last metadata from a registry URL, and their time.
    #[must_use]
    pub fn recall(&self, url: &str) -> Option<(Vec<u8>, SystemTime)> {
        let path = self.metadata_path(url);
        Some((fs::read(&path).ok()?, fs::metadata(&path).ok()?.modified().ok()?))
    }

    /// Stores the metadata from a registry URL, for use when it is unreachable.
    pub fn remember(&self, url: &str, metadata: &[u8]) {
        // The metadata are still in memory, so a failed write loses nothing now.
        let _ = write(&self.metadata_path(url), metadata);
    }

    fn metadata_path(&self, url: &str) -> Utf8PathBuf {
        let name = Integrity::of(url.as_bytes()).hex();
        self.folder.join("metadata").join(format!("{name}.json"))
    }

    fn path(&self, integrity: &Integrity) -> Utf8PathBuf {
        self.folder.join(format!("{}.tgz", integrity.hex()))
    }
}

/// Writes to a temporary name first, so that a reader never sees a partial file.
fn write(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = || -> io::Result<()> {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(&temporary, bytes)?;
        fs::rename(&temporary, path)
    };
    written().inspect_err(|_| {
        // Best effort: a leftover temporary file does no harm.
        let _ = fs::remove_file(&temporary);
    })
}

fn folder_from(variable: &str) -> Option<Utf8PathBuf> {
    env::var(variable).ok().filter(|value| !value.is_empty()).map(Utf8PathBuf::from)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use camino::Utf8PathBuf;

    use super::{Cache, Integrity};

    #[test]
    fn stored_tarballs_are_read_unless_they_were_modified() {
        let folder = std::env::temp_dir().join(format!("zastro-cache-{}", std::process::id()));
        let folder = Utf8PathBuf::from_path_buf(folder).unwrap();
        let cache = Cache { folder: folder.join("deep") };
        let integrity = Integrity::of(b"tarball");
        assert_eq!(cache.read(&integrity), None);
        cache.store(&integrity, b"tarball").unwrap();
        assert_eq!(cache.read(&integrity).as_deref(), Some(b"tarball".as_slice()));
        assert_eq!(fs::read_dir(folder.join("deep")).unwrap().count(), 1);
        fs::write(cache.path(&integrity), b"tarbal").unwrap();
        assert_eq!(cache.read(&integrity), None);
        assert_eq!(cache.recall("http://a/x"), None);
        cache.remember("http://a/x", b"{}");
        assert_eq!(cache.recall("http://a/x").unwrap().0, b"{}");
        assert_eq!(cache.recall("http://b/x"), None);
        fs::remove_dir_all(folder).unwrap();
    }
}
