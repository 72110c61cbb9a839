//! The browser client of realtime channels.

use anyhow::{Result, ensure};
use tests::project::Project;
use tests::realtime::size::{LIMIT, of_client};

#[test]
fn the_browser_client_is_smaller_than_its_limit() -> Result<()> {
    let size = of_client(&Project::install("node")?)?;
    // An empty bundle would be below every limit.
    ensure!(size > 1000, "{size} bytes are not the client");
    ensure!(size <= LIMIT, "the client has {size} bytes, more than {LIMIT}");
    Ok(())
}
