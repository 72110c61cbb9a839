//! `cargo xtask sync-version`: moves pins to other releases, and updates every place that repeats
//! them.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use diagnostics::Failure;
use semver::Version;

use crate::{
    adapter::Adapter,
    answer::Answer,
    checkout,
    day::Day,
    output::{self, Locked, Mode, ModeFlags},
    package::stamp,
    pipeline::{self, Job, Workshop},
    review::{self, REVIEWED, Reviewed},
    upstream::{
        ASTRO_FOLDER, History, Line, Moved, Mover, PINS, SUBMODULE, Target, UpstreamError,
        is_commit, rewritten, set_submodule_commit, submodule_commit,
    },
    usage::UsageError,
};

/// Move pins, and update every place that repeats them
///
/// Moves the lines to other releases of Astro and its adapters: the versions, the integrity, and
/// the commit of the newest of these releases. Without a target, the pins stay, and only the places
/// that repeat them are updated. The registry is asked only for tarballs missing from the cache.
/// Nothing is written until every patch is known to fit.
#[derive(clap::Args)]
pub struct SyncVersion {
    /// Only the line of this Astro major, for example 6; default: all lines
    #[arg(long, value_name = "MAJOR")]
    astro: Option<u64>,
    /// Move to this release of Astro, with the newest adapters for it
    #[arg(long, value_name = "VERSION", conflicts_with_all = ["latest", "submodule"])]
    to: Option<Version>,
    /// Move to the newest release of each major, with the newest adapters for it
    #[arg(long, conflicts_with = "submodule")]
    latest: bool,
    /// Move to the release checked out in the submodule
    #[arg(long)]
    submodule: bool,
    /// Pin this commit, with its adapters, if no attestation or tag gives one, or to override it
    #[arg(long, value_name = "SHA", value_parser = sha)]
    commit: Option<String>,
    /// Read tags from this clone of Astro's repository instead of the submodule
    #[arg(long, value_name = "PATH")]
    upstream: Option<Utf8PathBuf>,
    /// Record a review of the code that the edits depend on
    #[arg(long)]
    accept: bool,
    #[command(flatten)]
    mode: ModeFlags,
}

fn sha(text: &str) -> Result<String, &'static str> {
    if is_commit(text) {
        Ok(text.to_owned())
    } else {
        Err("expected 40 hexadecimal digits in lower case")
    }
}

/// Excludes other runs: each writes whole files, and would drop what the other has written.
fn alone() -> Result<Locked, Failure> {
    let folder = checkout::target(&checkout::root()?).join("sync-version");
    Ok(Locked::take(&folder, "`cargo xtask sync-version`")?)
}

/// The files to write.
#[derive(Default)]
struct Writes {
    /// Files of the checkout, with their new text.
    files: Vec<(&'static str, String)>,
    /// The new commit of the submodule.
    submodule: Option<String>,
}

impl SyncVersion {
    pub fn run(self) -> Result<Answer, Failure> {
        let mode = self.mode.mode();
        let _alone = if mode == Mode::Write { Some(alone()?) } else { None };
        let workshop = match &self.commit {
            Some(_) => Workshop::open(self.upstream.as_deref())?,
            None => Workshop::open_with_tags_of(self.upstream.as_deref())?,
        };
        let adapters = Adapter::select(&workshop.root, &[])?;
        let clone = self.upstream.clone().unwrap_or_else(|| workshop.root.join(SUBMODULE));
        let history = History::open(&clone);

        let (target, astro, commit) = self.target(history.as_ref(), &clone)?;
        let lines = workshop.lines(astro)?;
        if let (Some(_), [_, _, ..]) = (&commit, lines.as_slice()) {
            return Err(UsageError::Contradiction {
                message: "one commit cannot belong to several lines".to_owned(),
                advice: "name the line: `--astro MAJOR`".to_owned(),
            }
            .into());
        }
        let mover = Mover {
            root: &workshop.root,
            registry: &workshop.registry,
            history: history.as_ref(),
            folders: folders(&adapters),
            commit: commit.as_deref(),
            today: Day::today().to_string(),
        };
        let moved = lines.iter().map(|line| mover.moved(line, &target));
        let moved = moved.collect::<Result<Vec<Moved>, UpstreamError>>()?;
        let unknown: Vec<String> =
            moved.iter().filter_map(|moved| unknown(moved, &target)).collect();
        let moved: Vec<Line> = moved.into_iter().map(|moved| moved.line).collect();
        let moves: Vec<(&Line, &Line)> = lines.into_iter().zip(&moved).collect();

        let jobs = jobs(&workshop, &adapters, &moved);
        pipeline::build(&jobs)?;
        let mut reviewed = Reviewed::read(&workshop.root)?;
        let mut has_drifted = false;
        for job in &jobs {
            if self.accept {
                reviewed.accept(job)?;
            } else {
                has_drifted |= review::print(job, &reviewed.drift(job)?);
            }
        }

        let writes = writes(&workshop, &moves, self.accept.then_some(&reviewed))?;
        moves.iter().for_each(|(old, new)| print_move(old, new));
        let is_in_step = print_stamps(&workshop, &adapters, &moves);
        writes.perform(&workshop.root, mode)?;
        unknown.iter().for_each(|unknown| output::hint(unknown));
        if has_drifted {
            output::hint(review::ADVICE);
        }
        if !is_in_step {
            output::hint("run `cargo xtask build` to rebuild the packages");
        }
        let is_fine = mode != Mode::Check || (writes.is_empty() && is_in_step && !has_drifted);
        Ok(if is_fine { Answer::Fine } else { Answer::No })
    }

    /// The target, the major of the single line it applies to, and the commit, if given.
    fn target(
        &self,
        history: Option<&History>,
        clone: &Utf8Path,
    ) -> Result<(Target, Option<u64>, Option<String>), Failure> {
        let (version, commit) = if self.submodule {
            let head = history.and_then(|history| {
                let commit = history.head()?;
                Some((history.version_at(&commit, ASTRO_FOLDER)?, commit))
            });
            let (version, commit) =
                head.ok_or_else(|| UpstreamError::NoSubmodule { path: clone.to_owned() })?;
            (Some(version), Some(commit))
        } else {
            (self.to.clone(), None)
        };
        let commit = self.commit.clone().or(commit);
        match version {
            Some(version) if self.astro.is_some_and(|major| major != version.major) => {
                Err(UsageError::Contradiction {
                    message: format!("Astro {version} does not belong to the selected line"),
                    advice: format!("leave out `--astro`, or use `--astro {}`", version.major),
                }
                .into())
            }
            Some(version) => {
                let major = version.major;
                Ok((Target::Version(version), Some(major), commit))
            }
            None if self.latest => Ok((Target::Latest, self.astro, commit)),
            None => Ok((Target::Pinned, self.astro, commit)),
        }
    }
}

/// The folders of the upstream packages in Astro's repository.
fn folders(adapters: &[Adapter]) -> BTreeMap<&str, &str> {
    let upstream = adapters.iter().map(|adapter| &adapter.upstream);
    upstream.map(|upstream| (upstream.package.as_str(), upstream.folder.as_str())).collect()
}

/// All jobs of these lines, pinned or not.
fn jobs<'w>(workshop: &'w Workshop, adapters: &'w [Adapter], lines: &'w [Line]) -> Vec<Job<'w>> {
    let of_adapter = |adapter: &'w Adapter| {
        let package = &adapter.upstream.package;
        let lines = lines.iter().filter(|line| line.packages.contains_key(package));
        lines.map(|line| workshop.job(adapter, line))
    };
    adapters.iter().flat_map(of_adapter).collect()
}

/// The differences between the checkout and its expected state.
fn writes(
    workshop: &Workshop,
    moves: &[(&Line, &Line)],
    reviewed: Option<&Reviewed>,
) -> Result<Writes, Failure> {
    let mut writes = Writes::default();
    let pins = checkout::read(&workshop.root, Utf8Path::new(PINS))?;
    let texts = [
        (PINS, Some(rewritten(&pins, moves)?), Some(pins)),
        (
            REVIEWED,
            reviewed.map(Reviewed::text),
            checkout::read(&workshop.root, Utf8Path::new(REVIEWED)).ok(),
        ),
    ];
    for (path, new, old) in texts {
        writes.files.extend(new.filter(|new| old.as_ref() != Some(new)).map(|new| (path, new)));
    }
    // The submodule is at the newest line. It stays unchanged while the commit is unknown.
    if let Some((_, newest)) = moves.last()
        && workshop.pins.lines.last().is_some_and(|last| last.major == newest.major)
        && let Some(commit) = &newest.commit
        && submodule_commit(&workshop.root, SUBMODULE).is_some_and(|current| current != *commit)
    {
        writes.submodule = Some(commit.clone());
    }
    Ok(writes)
}

impl Writes {
    fn is_empty(&self) -> bool {
        self.files.is_empty() && self.submodule.is_none()
    }

    /// Writes according to `mode`, and prints what is written.
    fn perform(&self, root: &Utf8Path, mode: Mode) -> Result<(), Failure> {
        let is_real = mode == Mode::Write;
        let verb = if is_real { "wrote" } else { "would write" };
        for (path, text) in &self.files {
            if is_real {
                output::write_file(&root.join(path), text)?;
            }
            output::line!("{verb} {path}");
        }
        if let Some(commit) = &self.submodule {
            if is_real {
                set_submodule_commit(root, SUBMODULE, commit)?;
            }
            output::line!("{verb} {commit} as the commit of {SUBMODULE}");
        }
        Ok(())
    }
}

/// How to find the commit of a line, if it is unknown.
fn unknown(moved: &Moved, target: &Target) -> Option<String> {
    let Moved { line, missing } = moved;
    let tags: Vec<String> = missing.iter().map(|tag| format!("`{tag}`")).collect();
    // The registry was asked for a line that moves.
    let (reason, registry) = match target {
        Target::Pinned => ("", "`--latest` to ask the registry, "),
        _ => (": the registry does not have it", ""),
    };
    line.commit.is_none().then(|| {
        format!(
            "the commit of {} is unknown, so its stamp uses a tarball's sha512{reason}. Use {registry}`--upstream PATH` for a clone with a tag {}, or `--commit SHA`",
            line.name,
            tags.join(" or ")
        )
    })
}

/// Prints the stamps before and after, and the versions that moved.
fn print_move(old: &Line, new: &Line) {
    let stamps = |line: &Line| stamp::of_line(line).join(", ");
    let (before, after) = (stamps(old), stamps(new));
    if old.packages.values().zip(new.packages.values()).all(|(old, new)| old.version == new.version)
        && before == after
    {
        output::line!("{}  {before}, unchanged", old.name);
        return;
    }
    output::line!("{}  {before} -> {after}", old.name);
    let width = old.packages.keys().map(String::len).max().unwrap_or(0);
    for ((package, old), new) in old.packages.iter().zip(new.packages.values()) {
        if old.version != new.version {
            output::line!("  {package:<width$}  {} -> {}", old.version, new.version);
        }
    }
}

/// Prints the built packages with a stamp other than the pins'. Returns true if there are none.
fn print_stamps(workshop: &Workshop, adapters: &[Adapter], moves: &[(&Line, &Line)]) -> bool {
    let mut is_in_step = true;
    for (old, new) in moves {
        for adapter in adapters {
            let stamp = workshop.job(adapter, new).stamp();
            let folder = workshop.job(adapter, new).folder();
            let built = stamp::built(&workshop.root.join(&folder));
            let Some(built) = built.filter(|built| *built != stamp) else { continue };
            is_in_step = false;
            // `print_move` has already reported a moved line.
            if workshop.job(adapter, old).stamp() == stamp {
                output::line!("{folder} is stamped {built}, but the pins give {stamp}");
            }
        }
    }
    is_in_step
}
