//! What would go to Cloudflare.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::locations::files_ending_with;
use tests::suite::not_applicable;
use tests::tools::run;

use super::{Case, cases};
use crate::hosts::{Sites, Versioned, is_before_workerd};

pub const CASES: &[Case] = cases![installs_one_workerd, would_be_deployed];

/// wrangler brings one, and so does Vite's plugin, which upstream's adapter depends on. Two versions
/// would be two platforms, and crash on each other's state.
fn installs_one_workerd(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(
            "the adapter brings its own up to Astro 5, and has it for bindings only",
        );
    }
    let modules = sites.project()?.folder().join("node_modules");
    let mut versions = Vec::new();
    for owner in ["", "wrangler/node_modules", "@cloudflare/vite-plugin/node_modules"] {
        if let Ok(manifest) = fs::read(modules.join(owner).join("workerd/package.json")) {
            versions.push(serde_json::from_slice::<Versioned>(&manifest)?.version);
        }
    }
    ensure!(
        versions.len() == 1,
        "{versions:?}: npm has installed beside the adapter a wrangler that is none of \
         @cloudflare/vite-plugin's"
    );
    Ok(())
}

fn would_be_deployed(sites: &Sites) -> Result<()> {
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
