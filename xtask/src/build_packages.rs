//! Builds packages, writes them to `adapters/<runtime>/pkg/`, and prints a summary.

use std::{collections::BTreeMap, time::Instant};

use diagnostics::Failure;

use crate::{
    adapter::Adapter,
    output::{self, Locked, Mode, Outcome},
    package::{additions, record::ModuleEdit},
    pipeline::{self, Job, Package, Workshop},
};

/// The packages to build; by default all.
#[derive(Debug, Default)]
pub struct Selection {
    /// Names of runtimes; empty for all.
    pub runtimes: Vec<String>,
    /// Only the line of this Astro major.
    pub astro: Option<u64>,
}

impl Selection {
    /// Whether all packages are selected.
    fn is_everything(&self) -> bool {
        self.runtimes.is_empty() && self.astro.is_none()
    }
}

/// Builds packages, and writes them according to `mode`. Returns whether any differs from the
/// previous build.
///
/// # Errors
///
/// Any error of building or writing. If a build fails, nothing is written.
pub fn build(workshop: &Workshop, selection: &Selection, mode: Mode) -> Result<Outcome, Failure> {
    let adapters = Adapter::select(&workshop.root, &selection.runtimes)?;

    // Build everything before writing anything.
    let jobs = workshop.jobs(&adapters, selection.astro)?;
    for job in &jobs {
        let name = &job.adapter.package.name;
        output::progress(&format!("building {name} for Astro {}", job.line.astro));
    }
    let start = Instant::now();
    let built = pipeline::build(&jobs)?;
    if selection.is_everything() {
        let packages = built.iter().map(|(_, package)| &package.files);
        additions::check_used(&workshop.root, &packages.collect::<Vec<_>>())?;
    }
    let mut all = Outcome::Unchanged;
    for (job, (patched, package)) in jobs.iter().zip(&built) {
        let outcome = place(workshop, job, package, mode)?;
        if outcome == Outcome::Written {
            all = outcome;
        }
        let form = patched.tree.form;
        output::line!("{} {}", package.name, package.version);
        output::line!(
            "  from       {} {}, Astro {}, {form} form",
            patched.tree.package,
            patched.tree.version,
            job.line.astro
        );
        print_edits(&patched.edits);
        output::line!("  renamed    {} literals", patched.renamed);
        output::line!("  integrity  {}", package.integrity);
        output::line!("  tarball    {}", job.folder().join(job.tarball_name()));
        output::line!("  {}", outcome.describe(mode));
    }
    output::line!("built in {} ms", start.elapsed().as_millis());
    Ok(all)
}

/// Writes the package, or checks if writing would change anything.
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
            Locked::take(&workshop.root.join(job.adapter.packages()), &job.adapter.build_name())?;
        return Ok(locked.replace(&job.line.name, &files)?);
    }
    let is_there = output::holds(&workshop.root.join(job.folder()), &files);
    Ok(if is_there { Outcome::Unchanged } else { Outcome::Written })
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
        output::line!(
            "  {label:<9}  {:<module$}  {:<id$}  {} {matches}",
            edit.module,
            edit.id,
            edit.matches
        );
    }
}
