//! The sizes of the clients of realtime channels, and of what channels add to a Worker.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};

use crate::app::mirror;
use crate::locations::repository;
use crate::project::Project;

/// A client, as a bundler takes it from the package.
pub struct Client {
    /// Whose client it is.
    pub what: &'static str,
    /// The project whose package has it.
    pub project: &'static str,
    /// The most that it may have, in bytes: minified, and compressed by gzip at its best level.
    pub limit: usize,
    /// A module that has what a site gets.
    module: &'static str,
}

/// All clients. A page that has presence takes 0.7 kB more than one of a site without, and one that
/// has a connection for each channel takes 0.6 kB more than one with a single connection.
pub const CLIENTS: [Client; 6] = [
    Client {
        what: "pages of a site without presence",
        project: "node",
        limit: 4500,
        module: "export { createPageClient, RealtimeError } from 'zastro-websockets-node/client/page';",
    },
    Client {
        what: "pages",
        project: "node",
        limit: 5180,
        module: "export { createPageClient, presence, RealtimeError } from 'zastro-websockets-node/client/page';",
    },
    Client {
        what: "other programs",
        project: "node",
        limit: 5730,
        module: "export * from 'zastro-websockets-node/client';",
    },
    Client {
        what: "pages of a site on Cloudflare without presence",
        project: "cloudflare",
        limit: 5120,
        module: "export { createPageClient, RealtimeError } from 'zastro-websockets-cloudflare/client/page';",
    },
    Client {
        what: "pages of a site on Cloudflare",
        project: "cloudflare",
        limit: 5780,
        module: "export { createPageClient, presence, RealtimeError } from 'zastro-websockets-cloudflare/client/page';",
    },
    Client {
        what: "other programs that use a site on Cloudflare",
        project: "cloudflare",
        limit: 6330,
        module: "export * from 'zastro-websockets-cloudflare/client';",
    },
];

impl Client {
    /// The size in bytes, of what is in the package that a project has.
    pub fn size(&self, project: &Project) -> Result<usize> {
        let mut esbuild = project.tools().esbuild();
        esbuild.current_dir(project.folder()).args([
            "--bundle",
            "--minify",
            "--format=esm",
            "--target=es2022",
            "--log-level=error",
        ]);
        let mut bundling = esbuild.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut input = bundling.stdin.take().context("esbuild has no input")?;
        input.write_all(self.module.as_bytes())?;
        drop(input);
        let bundle = bundling.stdout.take().context("esbuild has no output")?;
        let mut node = project.tools().node();
        node.arg("--eval").arg(
            "const { readFileSync } = require('node:fs');
             const { gzipSync } = require('node:zlib');
             console.log(gzipSync(readFileSync(0), { level: 9 }).length);",
        );
        let output = node.stdin(bundle).output()?;
        ensure!(bundling.wait()?.success(), "esbuild cannot bundle the client of {}", self.what);
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    }
}

/// A site with channels on Cloudflare.
pub struct Worker {
    /// Whose channels they are.
    pub what: &'static str,
    /// The most that they may add to the Worker, in bytes: minified, and compressed by gzip at its
    /// best level.
    pub limit: usize,
    /// The folder of the repository with `src/realtime`. None for a single small channel.
    example: Option<&'static str>,
}

/// All of them. The parts that a site does not use are left out.
pub const WORKERS: [Worker; 2] = [
    Worker { what: "a small channel", limit: 23_700, example: None },
    Worker { what: "examples/chat", limit: 30_280, example: Some("examples/chat") },
];

/// A channel that nobody sends to.
const SMALL: &str = "import { defineChannel } from 'zastro:realtime';
export default defineChannel({ authorize: 'anyone' });
";

impl Worker {
    /// What the channels add, in bytes, with the package that a project has.
    pub fn added(&self, project: &Project) -> Result<usize> {
        let site = tempfile::tempdir_in(project.folder())?;
        let channels = site.path().join("src/realtime");
        match self.example {
            Some(example) => mirror(&[repository().join(example).join("src/realtime")], &channels)?,
            None => {
                fs::create_dir_all(&channels)?;
                fs::write(channels.join("news.ts"), SMALL)?;
            }
        }
        let mut node = project.tools().node();
        node.arg(repository().join("tests/projects/realtime-worker.mjs"))
            .arg(site.path())
            .arg(project.folder());
        let output = node.output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?.trim().parse()?)
    }
}
