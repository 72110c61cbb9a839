//! `cargo xtask matrix`: prints the test matrix for CI.

use diagnostics::Failure;
use serde::Serialize;

use crate::{
    adapter::Adapter,
    answer::Answer,
    node_versions, output,
    pipeline::Workshop,
    suites::TOOLCHAIN,
    upstream::{ASTRO, UpstreamError, accepts},
};

/// Print the test matrix for CI
///
/// Prints one line of JSON for `strategy.matrix` of a GitHub job. It lists the toolchain suite
/// once, and each runtime's suite for every pinned Astro with every Node.js major that this Astro
/// accepts. The registry provides the Node.js ranges.
#[derive(clap::Args)]
pub struct Matrix {}

#[derive(Serialize)]
struct Strategy {
    include: Vec<Run>,
}

/// The arguments of one `cargo xtask test`.
#[derive(Serialize)]
struct Run {
    suite: String,
    astro: u64,
    node: u64,
}

impl Matrix {
    pub fn run(self) -> Result<Answer, Failure> {
        let workshop = Workshop::open(None)?;
        let adapters = Adapter::select(&workshop.root, &[])?;
        let (nodes, default) =
            (node_versions::all(&workshop.root)?, node_versions::default(&workshop.root)?);
        let lines = workshop.lines(None)?;
        let newest = lines.last().map(|line| Run {
            suite: TOOLCHAIN.to_owned(),
            astro: line.major,
            node: default.major,
        });
        let mut include = Vec::from_iter(newest);
        let releases = workshop.registry.releases(ASTRO)?;
        for adapter in &adapters {
            for line in workshop.of_adapter(adapter, &lines)?.into_iter().rev() {
                let release = releases.iter().find(|release| release.version == line.astro);
                let range = release.and_then(|release| release.node.as_deref()).unwrap_or("*");
                for node in nodes.iter().rev() {
                    let is_accepted = accepts(range, node).map_err(|reason| {
                        let release = format!("{ASTRO}@{}", line.astro);
                        let (field, range) = ("engines.node", range.to_owned());
                        UpstreamError::RangeUnreadable { release, field, range, reason }
                    })?;
                    if is_accepted {
                        include.push(Run {
                            suite: adapter.runtime.clone(),
                            astro: line.major,
                            node: node.major,
                        });
                    }
                }
            }
        }
        // Strings and numbers only: serialising cannot fail.
        let line = serde_json::to_string(&Strategy { include }).unwrap_or_default();
        output::line!("{line}");
        Ok(Answer::Fine)
    }
}
