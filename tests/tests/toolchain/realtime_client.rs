//! The browser client of realtime channels.

use anyhow::{Result, ensure};
use tests::project::Project;
use tests::realtime::size::CLIENTS;

#[test]
fn the_clients_are_smaller_than_their_limits() -> Result<()> {
    for client in CLIENTS {
        let size = client.size(&Project::install(client.project)?)?;
        let (what, limit) = (client.what, client.limit);
        // An empty bundle would be below every limit.
        ensure!(size > 1000, "{size} bytes are not the client of {what}");
        ensure!(size <= limit, "the client of {what} has {size} bytes, more than {limit}");
    }
    Ok(())
}
