//! Unpacks a package's tarball in memory, and rejects entries that are not allowed in a package.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
};

use diagnostics::Explain;
use flate2::read::GzDecoder;
use tar::{Archive, EntryType};

/// The limit for a response body and for an unpacked tarball: 50 MB.
pub const LIMIT_BYTES: usize = 50 * MEGABYTE;
pub(super) const MEGABYTE: usize = 1_000_000;

/// A tar archive ends in two blocks of zeros (POSIX pax, "ustar Interchange Format").
const END_OF_ARCHIVE: [u8; 1024] = [0; 1024];

/// The files of a gzipped tarball by their paths inside the package. The first folder, `package` in
/// npm's tarballs, is stripped, as npm does.
///
/// # Errors
///
/// [`ArchiveError::Damaged`], [`ArchiveError::Hostile`] and [`ArchiveError::TooLarge`], each
/// naming `release`.
pub fn unpack(release: &str, tarball: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
    let damaged = |error: std::io::Error| damaged(release, error.to_string());
    let archive = gunzip(release, tarball)?;
    let mut files = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for entry in Archive::new(archive.as_slice()).entries().map_err(damaged)? {
        let mut entry = entry.map_err(damaged)?;
        let path = entry.path_bytes().into_owned();
        let hostile = |reason: &str| ArchiveError::Hostile {
            release: release.to_owned(),
            entry: path.escape_ascii().to_string(),
            reason: reason.to_owned(),
        };
        match entry.header().entry_type() {
            // `git archive` writes the commit into this header; it is not a file.
            EntryType::XGlobalHeader => continue,
            EntryType::Regular | EntryType::Directory => {}
            EntryType::Link | EntryType::Symlink => return Err(hostile("it is a link")),
            _ => return Err(hostile("it is not a regular file")),
        }
        let inside = inside_package(&path).map_err(hostile)?;
        if entry.header().entry_type() == EntryType::Directory {
            continue;
        }
        let inside = inside.ok_or_else(|| hostile("it is not inside a folder"))?;
        // Paths that differ only in case are the same file on some systems.
        if !seen.insert(inside.to_lowercase()) {
            return Err(hostile("its path occurs twice"));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        files.insert(inside, bytes);
    }
    if archive.ends_with(&END_OF_ARCHIVE) {
        Ok(files)
    } else {
        Err(self::damaged(release, "the archive is truncated".to_owned()))
    }
}

/// Stops at the limit: a small gzip stream can unpack to gigabytes.
fn gunzip(release: &str, tarball: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let mut archive = Vec::new();
    GzDecoder::new(tarball)
        .take(LIMIT_BYTES as u64 + 1)
        .read_to_end(&mut archive)
        .map_err(|error| damaged(release, error.to_string()))?;
    if archive.len() > LIMIT_BYTES {
        return Err(too_large(release, "unpacked"));
    }
    Ok(archive)
}

pub(super) fn too_large(release: &str, what: &'static str) -> ArchiveError {
    ArchiveError::TooLarge { release: release.to_owned(), what, limit: LIMIT_BYTES / MEGABYTE }
}

fn damaged(release: &str, reason: String) -> ArchiveError {
    ArchiveError::Damaged { release: release.to_owned(), reason }
}

/// The path without its first folder; `None` for that folder itself.
fn inside_package(path: &[u8]) -> Result<Option<String>, &'static str> {
    let path = std::str::from_utf8(path).map_err(|_| "its path is not UTF-8")?;
    if path.starts_with('/') {
        return Err("its path is absolute");
    }
    if path.contains(['\\', ':']) || path.contains(char::is_control) {
        return Err("its path holds an invalid character");
    }
    // A folder's path may end with a slash.
    let mut components = path.strip_suffix('/').unwrap_or(path).split('/');
    if components.clone().any(|component| matches!(component, "" | "." | "..")) {
        return Err("its path leads out of the package");
    }
    components.next();
    let inside = components.collect::<Vec<&str>>().join("/");
    Ok(if inside.is_empty() { None } else { Some(inside) })
}

/// A tarball cannot be unpacked.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 3)]
pub enum ArchiveError {
    /// The tarball is damaged
    ///
    /// The tarball matches the pin, but it is truncated or not a gzipped tar archive. It was
    /// published or pinned in that state.
    #[error("the tarball of `{release}` is damaged: {reason}")]
    #[explain(
        code = "U011",
        help = "run `npm pack {release}` and `tar tzf` on the result; if that copy is damaged too, pin another version"
    )]
    Damaged { release: String, reason: String },

    /// The tarball holds an entry that is not allowed
    ///
    /// A package holds regular files below one folder. An absolute path, a path out of the package,
    /// a duplicate path, a link or a device is a sign of an attack. Such a tarball is rejected
    /// before anything is written.
    #[error("the tarball of `{release}` holds `{entry}`, which is not allowed: {reason}")]
    #[explain(
        code = "U012",
        help = "run `npm pack {release}` and `tar tvzf` on the result; don't pin this version"
    )]
    Hostile { release: String, entry: String, reason: String },

    /// The tarball is too large
    ///
    /// The limit is 50 MB, both for the download and for the unpacked tarball. Adapters are a
    /// thousandth of that. Reading stops at the limit, so a gzip bomb cannot fill the memory.
    #[error("the registry's data for `{release}` exceeds {limit} MB, {what}")]
    #[explain(
        code = "U013",
        help = "run `npm view {release} dist.unpackedSize`; don't pin a version of that size"
    )]
    TooLarge { release: String, what: &'static str, limit: usize },
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use diagnostics::Explain as _;
    use flate2::{Compression, write::GzEncoder};
    use tar::{Builder, EntryType, Header};

    use super::{END_OF_ARCHIVE, LIMIT_BYTES, unpack};

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// An archive with unchecked paths: `append_data` would reject the bad ones.
    fn archive(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (path, kind, bytes) in entries {
            let mut header = Header::new_ustar();
            header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(bytes.len() as u64);
            header.set_cksum();
            builder.append(&header, *bytes).unwrap();
        }
        builder.into_inner().unwrap()
    }

    fn code(tarball: &[u8]) -> &'static str {
        unpack("p", tarball).unwrap_err().code()
    }

    #[test]
    fn paths_are_relative_to_the_first_folder() {
        let tar = archive(&[
            ("package/", EntryType::Directory, b""),
            ("package/package.json", EntryType::Regular, b"{}"),
            ("package/dist/a.js", EntryType::Regular, b"1"),
        ]);
        let files = unpack("p", &gzip(&tar)).unwrap();
        assert_eq!(files.keys().collect::<Vec<_>>(), ["dist/a.js", "package.json"]);
        assert_eq!(files["dist/a.js"], b"1");
    }

    #[test]
    fn paths_out_of_the_package_are_rejected() {
        for path in [
            "package/../../etc/passwd",
            "../a",
            "/etc/passwd",
            "package//a",
            "package/./a",
            "C:/a",
            "package/C:a",
            "package\\..\\a",
            "package/a\nb",
            "package.json",
            "package/..",
        ] {
            let tar = archive(&[(path, EntryType::Regular, b"x")]);
            assert_eq!(code(&gzip(&tar)), "U012", "{path}");
        }
    }

    #[test]
    fn links_and_devices_are_rejected() {
        for kind in [
            EntryType::Symlink,
            EntryType::Link,
            EntryType::Char,
            EntryType::Block,
            EntryType::Fifo,
        ] {
            let tar = archive(&[("package/a", kind, b"")]);
            assert_eq!(code(&gzip(&tar)), "U012", "{kind:?}");
        }
    }

    #[test]
    fn duplicate_paths_are_rejected() {
        let tar = archive(&[
            ("package/a", EntryType::Regular, b"1"),
            ("package/A", EntryType::Regular, b"2"),
        ]);
        assert_eq!(code(&gzip(&tar)), "U012");
    }

    #[test]
    fn every_truncation_of_the_gzip_stream_is_detected() {
        let whole = gzip(&archive(&[("package/a", EntryType::Regular, b"text")]));
        for length in 0..whole.len() {
            assert_eq!(code(&whole[..length]), "U011", "{length} of {}", whole.len());
        }
    }

    #[test]
    fn every_truncation_of_the_archive_is_detected() {
        let whole = archive(&[
            ("package/a", EntryType::Regular, b"text"),
            ("package/b", EntryType::Regular, b"text"),
        ]);
        let end = whole.len() - END_OF_ARCHIVE.len();
        for length in (0..=end).step_by(256) {
            assert_eq!(code(&gzip(&whole[..length])), "U011", "{length} of {}", whole.len());
        }
    }

    #[test]
    fn reading_stops_at_the_limit() {
        let bomb = gzip(&vec![0; LIMIT_BYTES + 1]);
        assert!(bomb.len() < LIMIT_BYTES / 100);
        assert_eq!(code(&bomb), "U013");
    }
}
