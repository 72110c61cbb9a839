//! Backpressure: a slow side slows down the other, instead of filling the server's memory.

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use tests::cases;
use tests::client::{Frame, Request};
use tests::patience::at_last;
use tests::site::Site;

use super::Case;

pub const CASES: &[Case] =
    cases![stops_a_client_that_is_read_slowly, stops_a_writer_whose_client_reads_slowly];

/// The size of a message, and the number of messages: 32 MiB in total. On one machine, the system's
/// buffers hold about 10 MiB of a connection.
const SIZE: usize = 64 * 1024;
const COUNT: usize = 512;
const HELD: usize = 16 * 1024 * 1024;

/// A transfer without progress for this long counts as stalled.
const STILL: Duration = Duration::from_millis(300);

fn stops_a_client_that_is_read_slowly(site: &Site) -> Result<()> {
    let mut connection = site.server.connection()?;
    let request = Request::upgrade("/reading?journal=reading");
    connection.write(&request.to_bytes(&site.server.address().to_string()))?;
    ensure!(connection.response("GET")?.status == 101);

    let frame = Frame::binary(vec![b'.'; SIZE]).to_bytes();
    let mut messages = frame.repeat(COUNT);
    messages.extend(Frame::close(1000_u16.to_be_bytes()).to_bytes());
    let taken = connection.write_until_stalled(&messages, STILL)?;
    ensure!((frame.len()..HELD).contains(&taken), "{taken} bytes were taken");

    site.record("reading-go")?;
    connection.write(&messages[taken..]).context("the reader goes on, and the client does not")?;
    connection.ended()?;
    drop(connection);
    let read = site.journal("reading-read", "")?;
    ensure!(read == format!("{}", SIZE * COUNT), "{read} bytes were read");
    Ok(())
}

#[derive(Debug, Deserialize, PartialEq)]
struct Written {
    messages: usize,
    /// The largest observed `bufferedAmount`.
    buffered: usize,
}

fn stops_a_writer_whose_client_reads_slowly(site: &Site) -> Result<()> {
    let written =
        || -> Result<Written> { Ok(serde_json::from_str(&site.server.get("/writing")?.text())?) };
    let mut socket = site.server.open(&Request::upgrade("/writing"))?;
    let stalled = at_last(|| {
        let before = written()?;
        thread::sleep(STILL);
        let after = written()?;
        ensure!(before.messages > 0 && before == after, "it still writes: {after:?}");
        Ok(after)
    })?;
    ensure!(stalled.messages * SIZE < HELD, "{stalled:?}");
    // One message may always wait, whatever its size.
    ensure!(stalled.buffered <= 2 * SIZE, "{stalled:?}");

    for _ in 0..COUNT {
        ensure!(socket.text()?.len() == SIZE);
    }
    let (code, _) = socket.closed()?;
    ensure!(code == 1000, "{code}");
    Ok(())
}
