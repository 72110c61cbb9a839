//! Tarballs in the user's cache folder, named by their sha512.

use std::{env, fs, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Integrity, UpstreamError};

/// The folder that keeps tarballs between builds.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: Utf8PathBuf,
}

impl Cache {
    /// `ZASTRO_CACHE`, or else the folder `zastro` where the system keeps caches: `XDG_CACHE_HOME`
    /// or `~/.cache` (XDG Base Directory), `~/Library/Caches` on macOS, `%LOCALAPPDATA%` on Windows.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::Cache`] where the environment tells none of them.
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
            // A relative XDG path is to be ignored.
            folder_from("XDG_CACHE_HOME")
                .filter(|folder| folder.is_absolute())
                .or_else(|| home().map(|home| home.join(".cache")))
        };
        let caches = caches.ok_or_else(|| UpstreamError::Cache {
            path: "~".to_owned(),
            reason: "no home folder is known".to_owned(),
        })?;
        Ok(Self { folder: caches.join("zastro") })
    }

    /// Where it is.
    #[must_use]
    pub fn folder(&self) -> &Utf8Path {
        &self.folder
    }

    /// The tarball with this integrity. What was altered since it was stored is not there.
    #[must_use]
    pub fn read(&self, integrity: &Integrity) -> Option<Vec<u8>> {
        let bytes = fs::read(self.path(integrity)).ok()?;
        (Integrity::of(&bytes) == *integrity).then_some(bytes)
    }

    /// Keeps a tarball: under another name first, so that a reader sees all of it or nothing.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::Cache`].
    pub fn store(&self, integrity: &Integrity, bytes: &[u8]) -> Result<(), UpstreamError> {
        let path = self.path(integrity);
        let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
        let store = || -> io::Result<()> {
            fs::create_dir_all(&self.folder)?;
            fs::write(&temporary, bytes)?;
            fs::rename(&temporary, &path)
        };
        store().map_err(|error| {
            // Nothing is lost when it stays.
            let _ = fs::remove_file(&temporary);
            UpstreamError::Cache { path: self.folder.to_string(), reason: error.to_string() }
        })
    }

    fn path(&self, integrity: &Integrity) -> Utf8PathBuf {
        self.folder.join(format!("{}.tgz", integrity.hex()))
    }
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
    fn what_is_stored_is_read_and_what_was_altered_is_not() {
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
        fs::remove_dir_all(folder).unwrap();
    }
}
