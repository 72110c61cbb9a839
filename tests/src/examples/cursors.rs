//! The cursors.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::{Examples, example, open, reads};
use crate::chat::{Place, SOON};
use crate::patience::within;

/// A cursor has the name of its visitor, and goes with the page.
pub fn the_cursors_show_who_is_where<H: Examples>(host: &H) -> Result<()> {
    let place = Place::new()?;
    let server = host.start_at(&example(host, "cursors")?, &place)?;
    let mut ada = open(host, &server, "/", "cursor-field")?;
    let mut bob = open(host, &server, "/", "cursor-field")?;
    ada.evaluate(
        "{ const input = document.querySelector('[name=name]');
           input.value = 'Ada';
           input.dispatchEvent(new Event('input', { bubbles: true })); }",
    )?;
    reads(&mut bob, "output", "2 here")?;
    bob.until(
        SOON,
        "[...document.querySelectorAll('li')].some(({ textContent }) => textContent === 'Ada')",
    )?;
    // A cursor may be lost on the way, so she goes on until he sees it.
    within(SOON, || {
        ada.evaluate(
            "document.querySelector('.field').dispatchEvent(
               new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }))",
        )?;
        let seen = bob.evaluate("document.querySelector('.cursor')?.textContent")?;
        ensure!(seen == "Ada", "{seen}");
        Ok(())
    })?;
    let place =
        bob.evaluate("Number(document.querySelector('.cursor').style.getPropertyValue('--x'))")?;
    ensure!(place.as_f64().is_some_and(|x| (0.5..=1.0).contains(&x)), "{place}");
    let own: Value = ada.evaluate("document.querySelectorAll('.cursor').length")?;
    ensure!(own == 0, "she sees her own cursor");
    // Who leaves takes the cursor along.
    ada.navigate("about:blank")?;
    bob.until(SOON, "document.querySelectorAll('.cursor').length === 0")
}
