//! `cargo xtask build`: from the pins to packages.

use std::{collections::BTreeMap, time::Instant};

use camino::Utf8PathBuf;
use diagnostics::Failure;

use crate::{
    adapter::Adapter,
    answer::Answer,
    output::{self, Locked, Mode, ModeFlags, Outcome},
    package::{ours, record::ModuleEdit},
    pipeline::{self, Job, Package, Workshop},
};

/// Build the npm packages
///
/// Takes the pinned release of every official adapter, applies the patches, adds the runtime,
/// stamps the version and writes the package and its tarball to `adapters/<runtime>/pkg/`. What
/// was built before stays if anything fails.
///
/// Upstream is read from `--upstream`, else from the submodule if it is there, else from the npm
/// registry. Tarballs are verified against the pins and cached, so a second build needs no network.
#[derive(clap::Args)]
pub struct Build {
    /// The runtimes to build, for example `node`; all of them if none is named
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only the line of this Astro major, for example 6; all lines if it is not given
    #[arg(long, value_name = "MAJOR")]
    astro: Option<u64>,
    /// Read upstream from this clone of Astro's repository, at the pinned commit
    #[arg(long, value_name = "PATH")]
    upstream: Option<Utf8PathBuf>,
    #[command(flatten)]
    mode: ModeFlags,
}

impl Build {
    /// The command without options.
    pub fn everything() -> Self {
        Self { runtimes: Vec::new(), astro: None, upstream: None, mode: ModeFlags::default() }
    }

    /// Whether no package is left out.
    fn is_everything(&self) -> bool {
        self.runtimes.is_empty() && self.astro.is_none()
    }

    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(self.upstream.as_deref())?;
        let adapters = Adapter::select(&workshop.root, &self.runtimes)?;
        let mode = self.mode.mode();

        // Nothing is written before everything is built.
        let jobs = workshop.jobs(&adapters, self.astro)?;
        for job in &jobs {
            let name = &job.adapter.package.name;
            output::progress(&format!("building {name} for Astro {}", job.line.astro));
        }
        let start = Instant::now();
        let built = pipeline::build(&jobs)?;
        if self.is_everything() {
            let packages = built.iter().map(|(_, package)| &package.files);
            ours::check_used(&workshop.root, &packages.collect::<Vec<_>>())?;
        }
        let mut differs = false;
        for (job, (patched, package)) in jobs.iter().zip(&built) {
            let outcome = place(&workshop, job, package, mode)?;
            differs |= outcome == Outcome::Written;
            let form = patched.tree.form;
            anstream::println!("{} {}", package.name, package.version);
            anstream::println!(
                "  from       {} {}, Astro {}, {form} form",
                patched.tree.package,
                patched.tree.version,
                job.line.astro
            );
            print_edits(&patched.edits);
            anstream::println!("  renamed    {} literals", patched.renamed);
            anstream::println!("  integrity  {}", package.integrity);
            anstream::println!("  tarball    {}", job.folder().join(job.tarball_name()));
            anstream::println!("  {}", describe(outcome, mode));
        }
        anstream::println!("built in {} ms", start.elapsed().as_millis());
        Ok(if mode == Mode::Check && differs { Answer::No } else { Answer::Fine })
    }
}

/// Writes the package, or finds out whether that would change anything.
fn place(
    workshop: &Workshop,
    job: &Job<'_>,
    package: &Package,
    mode: Mode,
) -> Result<Outcome, Failure> {
    let mut files: BTreeMap<String, Vec<u8>> = package.files.clone();
    files.insert(job.tarball_name(), package.tarball.clone());
    if mode == Mode::Write {
        let locked =
            Locked::take(&workshop.root.join(job.adapter.packages()), &job.adapter.runtime)?;
        return Ok(locked.replace(&job.line.name, &files)?);
    }
    let is_there = output::holds(&workshop.root.join(job.folder()), &files);
    Ok(if is_there { Outcome::Unchanged } else { Outcome::Written })
}

/// What was done, or would be.
pub fn describe(outcome: Outcome, mode: Mode) -> &'static str {
    match (outcome, mode) {
        (Outcome::Unchanged, _) => "unchanged",
        (Outcome::Written, Mode::Write) => "written",
        (Outcome::Written, _) => "differs",
    }
}

/// The edits as a table: module, id, matches.
pub fn print_edits(edits: &[ModuleEdit]) {
    let width = |text: fn(&ModuleEdit) -> &str| {
        edits.iter().map(|edit| text(edit).len()).max().unwrap_or(0)
    };
    let (module, id) = (width(|edit| &edit.module), width(|edit| &edit.id));
    for (index, edit) in edits.iter().enumerate() {
        let label = if index == 0 { "edits" } else { "" };
        let matches = if edit.matches == 1 { "match" } else { "matches" };
        anstream::println!(
            "  {label:<9}  {:<module$}  {:<id$}  {} {matches}",
            edit.module,
            edit.id,
            edit.matches
        );
    }
}
