//! Output: one mode for every command that writes, and atomic replacement of packages.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::Explain;
use walkdir::WalkDir;

/// The mode of a command that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Write,
    /// Write nothing; answer no if something would be written.
    Check,
    /// Write nothing; print the planned writes.
    DryRun,
}

/// The mode flags of every command that writes.
#[derive(Debug, clap::Args)]
pub struct ModeFlags {
    /// Write nothing; exit with 1 if something would be written
    #[arg(long, conflicts_with = "dry_run")]
    check: bool,
    /// Write nothing; print what would be written
    #[arg(long)]
    dry_run: bool,
}

impl ModeFlags {
    pub fn mode(&self) -> Mode {
        match (self.check, self.dry_run) {
            (true, _) => Mode::Check,
            (_, true) => Mode::DryRun,
            _ => Mode::Write,
        }
    }
}

/// Prints a line on stdout: the data of a command.
macro_rules! line {
    ($($text:tt)*) => {
        $crate::output::print(format_args!("{}\n", format_args!($($text)*)))
    };
}
/// Prints text on stdout that has its own line breaks.
macro_rules! text {
    ($($text:tt)*) => { $crate::output::print(format_args!($($text)*)) };
}
/// Prints a line on stderr: everything but data.
macro_rules! note {
    ($($text:tt)*) => {
        $crate::output::tell(format_args!("{}\n", format_args!($($text)*)))
    };
}
pub(crate) use {line, note, text};

/// The reason why stdout lacks a part of the data.
static CUT: OnceLock<String> = OnceLock::new();

/// Prints on stdout. After a failure it prints nothing more, so that the data end where they are
/// cut: see [`complete`].
pub fn print(text: fmt::Arguments<'_>) {
    if CUT.get().is_none() {
        keep(anstream::stdout().write_fmt(text));
    }
}

/// Prints on stderr. If that fails, there is no place left to say so.
pub fn tell(text: fmt::Arguments<'_>) {
    let _ = anstream::stderr().write_fmt(text);
}

/// Checks, at the end of a command, that stdout has all its data. A command finishes its work
/// before it fails for this reason.
///
/// # Errors
///
/// [`OutputError::Cut`].
pub fn complete() -> Result<(), OutputError> {
    keep(io::stdout().flush());
    CUT.get().map_or(Ok(()), |reason| Err(OutputError::Cut { reason: reason.clone() }))
}

/// Keeps the first failure. A reader that has seen enough, such as `head`, closes the pipe.
fn keep(printed: io::Result<()>) {
    if let Err(error) = printed
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        let _ = CUT.set(error.to_string());
    }
}

/// Prints a progress message on a terminal only.
pub fn progress(what: &str) {
    use std::io::IsTerminal as _;
    if io::stderr().is_terminal() {
        note!("{what} …");
    }
}

/// A progress counter, printed on a terminal only.
pub struct Progress {
    what: &'static str,
    all: usize,
    done: AtomicUsize,
    is_shown: bool,
}

impl Progress {
    pub fn start(what: &'static str, all: usize) -> Self {
        use std::io::IsTerminal as _;
        Self { what, all, done: AtomicUsize::new(0), is_shown: io::stderr().is_terminal() }
    }

    /// Counts one more as done.
    pub fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.is_shown {
            tell(format_args!("\r{done} of {} {}", self.all, self.what));
        }
    }

    /// Clears the line for other output.
    pub fn end(&self) {
        if self.is_shown {
            tell(format_args!("\r\x1b[K"));
        }
    }
}

/// Prints JSON on stdout.
pub fn json(data: &impl serde::Serialize) {
    // Strings, numbers and lists only: serialising cannot fail.
    line!("{}", serde_json::to_string_pretty(data).unwrap_or_default());
}

/// Prints a hint on stderr.
pub fn hint(what: &str) {
    note!("hint: {what}");
}

/// A folder with an exclusive lock: only one process writes to it at a time.
///
/// The operating system ties the lock to the open file, so it ends with the process.
pub struct Locked {
    folder: Utf8PathBuf,
    _file: File,
}

/// The result of replacing a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Written,
    Unchanged,
}

impl Outcome {
    /// The result as a word: done, or planned.
    pub fn describe(self, mode: Mode) -> &'static str {
        match (self, mode) {
            (Self::Unchanged, _) => "unchanged",
            (Self::Written, Mode::Write) => "written",
            (Self::Written, _) => "differs",
        }
    }
}

impl Locked {
    /// Locks `folder`, and creates it if it does not exist. `work` is what the lock excludes, for
    /// the error.
    pub fn take(folder: &Utf8Path, work: &str) -> Result<Self, OutputError> {
        let lock = folder.join(".lock");
        fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        let file = File::create(&lock).map_err(|error| unwritable(&lock, &error))?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OutputError::Locked { work: work.to_owned() },
            TryLockError::Error(error) => unwritable(&lock, &error),
        })?;
        Ok(Self { folder: folder.to_owned(), _file: file })
    }

    /// Replaces the folder `name` with exactly `files`. On any failure it keeps its earlier
    /// content.
    pub fn replace(
        &self,
        name: &str,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Outcome, OutputError> {
        let target = self.folder.join(name);
        let staging = self.folder.join(format!(".staging-{name}"));
        // The lock is held, so an existing folder is left over from a killed process.
        remove(&staging).map_err(|error| unwritable(&staging, &error))?;
        if holds(&target, files) {
            return Ok(Outcome::Unchanged);
        }
        let written = files.iter().try_for_each(|(path, bytes)| write(&staging.join(path), bytes));
        let placed = written.and_then(|()| take_place(&staging, &target));
        // Now the earlier package, or, after a failure, the incomplete one.
        let removed = remove(&staging);
        placed.map_err(|error| unwritable(&target, &error))?;
        removed.map_err(|error| unwritable(&staging, &error))?;
        Ok(Outcome::Written)
    }
}

/// Whether a folder holds exactly these files.
pub fn holds(folder: &Utf8Path, files: &BTreeMap<String, Vec<u8>>) -> bool {
    let found: Vec<_> = WalkDir::new(folder)
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .collect();
    found.len() == files.len()
        && files
            .iter()
            .all(|(path, bytes)| fs::read(folder.join(path)).is_ok_and(|found| found == *bytes))
}

/// Replaces `target` with `staging`, in one step if the file system can exchange two folders.
fn take_place(staging: &Utf8Path, target: &Utf8Path) -> io::Result<()> {
    if !target.exists() {
        return fs::rename(staging, target);
    }
    exchange(staging, target)
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(staging: &Utf8Path, target: &Utf8Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(
        CWD,
        staging.as_std_path(),
        CWD,
        target.as_std_path(),
        RenameFlags::EXCHANGE,
    ) {
        // Some file systems cannot exchange folders.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            replace_in_two_steps(staging, target)
        }
        result => Ok(result?),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(staging: &Utf8Path, target: &Utf8Path) -> io::Result<()> {
    replace_in_two_steps(staging, target)
}

/// Between the two steps the package is missing, but both folders are on disk.
fn replace_in_two_steps(staging: &Utf8Path, target: &Utf8Path) -> io::Result<()> {
    let earlier = staging.with_extension("earlier");
    remove(&earlier)?;
    fs::rename(target, &earlier)?;
    if let Err(error) = fs::rename(staging, target) {
        fs::rename(&earlier, target)?;
        return Err(error);
    }
    remove(&earlier)
}

/// Writes a file, and creates its parent folders.
pub fn write(path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

/// Writes a file atomically: it holds either the new bytes or its earlier content.
pub fn write_file(path: &Utf8Path, bytes: impl AsRef<[u8]>) -> Result<(), OutputError> {
    let staging = path.with_extension("staging");
    let written = write(&staging, bytes.as_ref()).and_then(|()| fs::rename(&staging, path));
    written.map_err(|error| {
        // An incomplete file is useless.
        let _ = fs::remove_file(&staging);
        unwritable(path, &error)
    })
}

/// Removes a file or a folder if it exists.
pub fn remove(path: &Utf8Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// The error for a path that cannot be written.
pub fn unwritable(path: &Utf8Path, error: &io::Error) -> OutputError {
    let existing = path.ancestors().find(|path| path.exists()).unwrap_or(".".into());
    OutputError::Unwritable {
        path: path.to_owned(),
        existing: existing.to_owned(),
        reason: error.to_string(),
    }
}

/// An error of writing.
#[derive(Debug, thiserror::Error, Explain)]
#[explain(exit = 1)]
pub enum OutputError {
    /// Another build is running
    ///
    /// Builds of one runtime write to the same folder, so only one may run at a time. The same holds
    /// for `cargo xtask sync-version`, which writes the pins. The lock ends with its process, even
    /// after a crash.
    #[error("another {work} is running")]
    #[explain(code = "B008", help = "wait for it to end, then run the command again")]
    Locked { work: String },

    /// Output is incomplete
    ///
    /// The data of a command go to stdout, for example into a file. A part of them could not be
    /// written. The command has finished its work all the same: `cargo xtask publish` has published
    /// every package, and `cargo xtask build` has written them.
    #[error("the output of the command is incomplete: {reason}")]
    #[explain(
        code = "B034",
        help = "check the free space where stdout goes; the work of the command is done"
    )]
    Cut { reason: String },

    /// A file or a package cannot be written
    ///
    /// The new content is written beside the earlier one, and replaces it in one step at the end.
    /// The earlier one is unchanged.
    #[error("`{path}` cannot be written: {reason}")]
    #[explain(
        code = "B009",
        help = "check owner and free space: `ls -ld {existing}`, `df {existing}`; the earlier content is unchanged"
    )]
    Unwritable {
        path: Utf8PathBuf,
        /// The path itself, or the nearest folder above it that exists.
        existing: Utf8PathBuf,
        reason: String,
    },
}
