//! One installation at a time, however many test processes want it.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// Has `build` make `folder` unless it is there already. A second process waits for the first
/// one's, and a build that was interrupted leaves nothing behind that looks finished: `build` is
/// given a temporary folder.
pub fn folder_once(folder: &Path, build: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
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
    fs::rename(&unfinished, folder)
        .with_context(|| format!("cannot move the finished folder to: {}", folder.display()))
}

/// Holds the lock that belongs to `folder` until the file that it returns is dropped.
pub fn exclusive(folder: &Path) -> Result<File> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent)?;
    }
    let path = folder.with_extension("lock");
    let file = File::create(&path)
        .with_context(|| format!("cannot create the lock: {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock: {}", path.display()))?;
    Ok(file)
}

/// Whether some process holds the lock of a folder in `folder`.
pub fn is_any_held(folder: &Path) -> Result<bool> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "lock") {
            match File::open(path)?.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(true),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
        }
    }
    Ok(false)
}

/// The name of a cached folder: 12 hexadecimal digits that stand for everything it was made from.
pub fn fingerprint<'a>(inputs: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for input in inputs {
        hash.update((input.len() as u64).to_le_bytes());
        hash.update(input);
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
