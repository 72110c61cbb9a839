//! The whiteboard.

use anyhow::{Result, ensure};
use serde_json::json;

use super::{Examples, example, is_open, open};
use crate::browser::Page;
use crate::chat::{Place, SOON};
use crate::realtime::Client;
use crate::realtime::client::Join;
use crate::realtime::protocol::Data;

const BOARD: &str = "/boards/test";

/// Presses keys on the drawing, which has the focus.
fn press(page: &mut Page, keys: &[&str]) -> Result<()> {
    page.evaluate(&format!(
        "for (const key of {})
           document.querySelector('svg').dispatchEvent(
             new KeyboardEvent('keydown', {{ key, ctrlKey: key === 'z', bubbles: true }}))",
        json!(keys)
    ))?;
    Ok(())
}

fn shows(page: &mut Page, count: usize) -> Result<()> {
    page.until(SOON, &format!("document.querySelectorAll('path').length === {count}"))
}

/// A server that forgets the board gets it from its pages.
pub fn the_whiteboard_is_drawn_by_two_pages_and_outlives_a_restart<H: Examples>(
    host: &H,
) -> Result<()> {
    let app = example(host, "whiteboard")?;
    let place = Place::new()?;
    let server = host.start_at(&app, &place)?;
    let mut one = open(host, &server, BOARD, "white-board")?;
    let mut two = open(host, &server, BOARD, "white-board")?;
    let line = ["ArrowRight", "ArrowRight", "ArrowDown"];
    press(&mut one, &[&[" "], &line[..], &[" "]].concat())?;
    shows(&mut two, 1)?;
    two.until(SOON, "document.querySelector('path').getAttribute('d').endsWith('840 520')")?;
    press(&mut two, &[&[" "], &line[..], &[" "]].concat())?;
    shows(&mut one, 2)?;
    // Each page undoes what it has drawn itself.
    press(&mut two, &["z"])?;
    shows(&mut one, 1)?;

    // Changes that change nothing, until the board is kept as a snapshot.
    let board = Join::of("boards", "board", "test");
    let mut device = Client::visit(&server, &board)?;
    let joined = device.join(&board)?;
    for _ in 0..100 {
        device.ask(&joined, "change", Data::Bytes(vec![0, 0]))?;
    }
    let error = device.ask_in_vain(&joined, "change", Data::Bytes(vec![9; 9]))?;
    ensure!(error.code == "BAD_REQUEST", "{error:?}");
    device.leave(&joined)?;
    let joined = device.join(&board.last(1))?;
    let document = device.snapshot(&joined)?;
    ensure!(document.name == "document", "{document:?}");
    two.evaluate("location.reload()")?;
    is_open(&mut two, "white-board")?;
    shows(&mut two, 1)?;

    if let Some(draining) = host.end(server)? {
        draining.wait_for_end(SOON)?;
    }
    let server = host.start_at(&app, &place)?;
    for page in [&mut one, &mut two] {
        is_open(page, "white-board")?;
    }
    let mut three = open(host, &server, BOARD, "white-board")?;
    shows(&mut three, 1)
}
