//! The examples of the realtime protocol, read and written by a second implementation.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tests::realtime::protocol::{ClientFrame, Message, Parts, ServerFrame};
use tests::realtime::vectors::{Vector, Vectors};

/// The number of channels and joins that no connection of an example has.
const UNKNOWN: u64 = 99;

/// Compares what was read with the parts of the example, and what is written with its message.
fn check(vector: &Vector, named: &Value, written: &Message) -> Result<()> {
    let Some(frame) = &vector.frame else { return Ok(()) };
    ensure!(named == frame, "{}: {named}, not {frame}", vector.title);
    if vector.is_canonical {
        let (own, theirs) = (Parts::read(written)?, Parts::read(&vector.message()?)?);
        ensure!(own == theirs, "{}: {own:?}, not {theirs:?}", vector.title);
    }
    Ok(())
}

#[test]
fn the_frames_of_clients_are_read_and_written() -> Result<()> {
    let vectors = Vectors::read()?.client;
    ensure!(!vectors.is_empty());
    for vector in vectors {
        let frame = ClientFrame::read(&vector.message()?).context(vector.title.clone())?;
        check(&vector, &serde_json::to_value(&frame)?, &frame.write())?;
    }
    Ok(())
}

#[test]
fn the_frames_of_servers_are_read_and_written() -> Result<()> {
    let vectors = Vectors::read()?.server;
    ensure!(!vectors.is_empty());
    for vector in vectors {
        let frame = ServerFrame::read(&vector.message()?).context(vector.title.clone())?;
        let frame = frame.with_context(|| format!("an unknown type: {}", vector.title))?;
        check(&vector, &serde_json::to_value(&frame)?, &frame.write())?;
    }
    Ok(())
}

#[test]
fn malformed_frames_of_clients_are_refused() -> Result<()> {
    let vectors = Vectors::read()?.malformed;
    ensure!(!vectors.is_empty());
    for vector in vectors {
        let read = ClientFrame::read(&vector.message()?);
        ensure!(read.is_err(), "{}: {read:?}", vector.title);
        ensure!(vector.close == Some(4500), "{}: {:?}", vector.title, vector.close);
    }
    Ok(())
}

#[test]
fn frames_that_clients_ignore_are_unknown_or_about_unknown_channels() -> Result<()> {
    let vectors = Vectors::read()?.ignored;
    ensure!(!vectors.is_empty());
    for vector in vectors {
        let Ok(Some(frame)) = ServerFrame::read(&vector.message()?) else { continue };
        let named = serde_json::to_value(&frame)?;
        let is_unknown = [&named["channel"], &named["ref"]].iter().any(|value| **value == UNKNOWN);
        ensure!(is_unknown, "{}: {named}", vector.title);
    }
    Ok(())
}
