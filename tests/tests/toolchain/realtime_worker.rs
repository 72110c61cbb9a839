//! What realtime channels add to a Worker.

use anyhow::{Result, ensure};
use tests::pins::major;
use tests::project::Project;
use tests::realtime::size::WORKERS;

/// The first major of Astro with channels on Cloudflare.
const FIRST: u64 = 6;

#[test]
fn channels_add_less_to_a_worker_than_their_limits() -> Result<()> {
    if major()? < FIRST {
        return Ok(());
    }
    let project = Project::install("cloudflare")?;
    for worker in WORKERS {
        let added = worker.added(&project)?;
        let (what, limit) = (worker.what, worker.limit);
        // An empty bundle would be below every limit.
        ensure!(added > 10_000, "{added} bytes are not the channels of {what}");
        ensure!(added <= limit, "{what} adds {added} bytes to a Worker, more than {limit}");
    }
    Ok(())
}
