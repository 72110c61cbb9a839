//! Ensures one installation at a time across processes.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::Path,
};

use sha2::{Digest as _, Sha256};

/// Creates `folder` with `build` unless it exists. A second process waits for the first. `build`
/// works in a temporary folder, so an interrupted build leaves nothing that looks complete.
///
/// # Errors
///
/// Errors of `build`, and of creating the folder.
pub fn folder_once<E: From<io::Error>>(
    folder: &Path,
    build: impl FnOnce(&Path) -> Result<(), E>,
) -> Result<(), E> {
    if folder.is_dir() {
        return Ok(());
    }
    let _lock = exclusive(folder)?;
    if folder.is_dir() {
        return Ok(());
    }
    let unfinished = folder.with_extension("unfinished");
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    fs::create_dir_all(&unfinished)?;
    build(&unfinished)?;
    fs::rename(&unfinished, folder).map_err(|error| about(folder, &error))?;
    Ok(())
}

/// Holds the lock of `folder` until the returned file is dropped.
///
/// # Errors
///
/// Errors of creating or locking the file.
pub fn exclusive(folder: &Path) -> io::Result<File> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    let path = folder.with_extension("lock");
    let file = File::create(&path).map_err(|error| about(&path, &error))?;
    file.lock().map_err(|error| about(&path, &error))?;
    Ok(file)
}

/// Whether a process holds the lock of any folder in `folder`.
///
/// # Errors
///
/// Errors of checking the locks.
pub fn is_any_held(folder: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "lock") {
            match File::open(path)?.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(true),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
    Ok(false)
}

/// The name of a cached folder: 12 hexadecimal digits, a hash of its inputs.
#[must_use]
pub fn fingerprint<'a>(inputs: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for input in inputs {
        hash.update((input.len() as u64).to_le_bytes());
        hash.update(input);
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// The same error, with its path.
fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
