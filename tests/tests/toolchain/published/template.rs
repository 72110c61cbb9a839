//! A site, created from an example.

use anyhow::{Context, Result, ensure};
use tests::app::node_in;
use tests::locations::repository;
use tests::registry::Registry;
use tests::server::Server;
use tests::tools::{Tools, run};

use super::Package;
use super::site::configure_npm;
use crate::example_templates::{ADAPTER, Templates};

/// An example with a dependency of its own.
const EXAMPLE: &str = "whiteboard";

/// The commands of its page install, build and run it.
pub fn builds(tools: &Tools, registry: &Registry, packages: &[Package]) -> Result<()> {
    let package = packages.iter().find(|package| package.name == ADAPTER && package.is_newest);
    let folder = tempfile::tempdir()?;
    let site = Templates::copy()?.create(tools, EXAMPLE, folder.path())?;
    configure_npm(&site, registry, package.context("the adapter is not published")?)?;
    for arguments in [&["install"] as &[&str], &["run", "build"]] {
        let mut npm = tools.npm();
        npm.current_dir(&site).env("ASTRO_TELEMETRY_DISABLED", "1");
        run(npm.args(arguments)).with_context(|| format!("npm {}", arguments.join(" ")))?;
    }
    let mut start = node_in(tools, &site);
    start.arg("--import").arg(repository().join("tests/projects/leash.mjs"));
    start.arg("dist/server/entry.mjs").env("HOST", "127.0.0.1").env("PORT", "0");
    let server = Server::start(&mut start)?;
    let page = server.get("/boards/test")?;
    ensure!(page.status == 200 && page.text().contains("<white-board"), "{page}");
    Ok(())
}
