//! `cargo xtask diff`: shows the changes of the patches as a unified diff.

use camino::Utf8PathBuf;
use diagnostics::Failure;
use similar::TextDiff;

use crate::{
    adapter::Adapter,
    answer::Answer,
    output,
    patching::Changed,
    pipeline::{self, Workshop},
};

/// Show the patched upstream files as a unified diff
///
/// The diff covers the manifest, and modules and declarations before they are compiled. Our own
/// modules, which upstream does not have, are left out.
#[derive(clap::Args)]
pub struct Diff {
    /// Runtimes to show; default: all
    #[arg(value_name = "RUNTIME")]
    runtimes: Vec<String>,
    /// Only the line of this Astro major, for example 6; default: all lines
    #[arg(long, value_name = "MAJOR")]
    astro: Option<u64>,
    /// Read upstream from this clone of Astro's repository, at the pinned commit
    #[arg(long, value_name = "PATH")]
    upstream: Option<Utf8PathBuf>,
}

impl Diff {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(self.upstream.as_deref())?;
        let adapters = Adapter::select(&workshop.root, &self.runtimes)?;
        let jobs = workshop.jobs(&adapters, self.astro)?;
        for (patched, package) in pipeline::build(&jobs)? {
            let manifest = package
                .files
                .get("package.json")
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            let manifest = manifest.map(|after| Changed {
                path: "package.json".to_owned(),
                before: patched.tree.manifest.clone(),
                after,
            });
            for changed in patched.changed.iter().chain(&manifest) {
                let diff = TextDiff::from_lines(&changed.before, &changed.after);
                let upstream =
                    format!("{}@{}/{}", patched.tree.package, patched.tree.version, changed.path);
                let ours = format!("{}@{}/{}", package.name, package.version, changed.path);
                output::text!("{}", diff.unified_diff().context_radius(3).header(&upstream, &ours));
            }
        }
        Ok(Answer::Fine)
    }
}
