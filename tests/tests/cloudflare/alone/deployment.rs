//! A dry run of a deployment to Cloudflare.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::locations::files_ending_with;
use tests::tools::run;

use super::{Case, cases};
use crate::hosts::{Sites, is_before_workerd};

pub const CASES: &[Case] = cases![passes_a_dry_run_of_the_deployment];

fn passes_a_dry_run_of_the_deployment(sites: &Sites) -> Result<()> {
    let app = sites.built()?;
    let folder = app.root().join(".wrangler/deployed");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut command = app.wrangler(["deploy", "--dry-run", "--outdir"]);
    run(command.arg(&folder)).context("the site cannot be deployed")?;
    let worker = if is_before_workerd()? { "worker.js" } else { "entry.mjs" };
    ensure!(!files_ending_with(&folder, worker)?.is_empty(), "no Worker was written");
    Ok(())
}
