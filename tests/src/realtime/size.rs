//! The size of the browser client.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::project::Project;

/// The limit in bytes: 6 KiB.
pub const LIMIT: usize = 6144;

/// The client of a site's pages as the package of an installed project has it, in bytes: bundled,
/// minified, and compressed by gzip at its best level.
pub fn of_client(project: &Project) -> Result<usize> {
    let module = "zastro-websockets-node/dist/websocket/realtime/client/page-client.js";
    bundled(project, &project.folder().join("node_modules").join(module))
}

fn bundled(project: &Project, module: &Path) -> Result<usize> {
    let mut esbuild = project.tools().esbuild();
    esbuild.arg("--bundle").arg(module).args([
        "--minify",
        "--format=esm",
        "--target=es2022",
        "--log-level=error",
    ]);
    let mut bundling = esbuild.stdout(Stdio::piped()).spawn()?;
    let bundle = bundling.stdout.take().context("esbuild has no output")?;
    let mut node = project.tools().node();
    node.arg("--eval").arg(
        "const { readFileSync } = require('node:fs');
         const { gzipSync } = require('node:zlib');
         console.log(gzipSync(readFileSync(0), { level: 9 }).length);",
    );
    let output = node.stdin(bundle).output()?;
    ensure!(bundling.wait()?.success(), "esbuild cannot bundle {}", module.display());
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}
