//! The dashboard.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{Examples, example, open, reads};
use crate::chat::Place;
use crate::client::Request;
use crate::realtime::Client;
use crate::realtime::client::Join;

/// Readers that were away continue, or get the totals.
pub fn the_dashboard_shows_the_sales_of_the_server<H: Examples>(host: &H) -> Result<()> {
    let place = Place::new()?;
    let server = host.start_at(&example(host, "dashboard")?, &place)?;
    let sell = |tickets: u64| -> Result<u16> {
        let sale = json!({ "show": "Hamlet", "tickets": tickets, "euros": 24 * tickets });
        let request = Request::post("/api/sales", &sale.to_string())
            .header("Content-Type", "application/json");
        Ok(server.fetch(&request)?.status)
    };
    let shows =
        |page: &mut _, tickets: u64| reads(page, "[data-name=tickets]", &tickets.to_string());
    ensure!(sell(2)? == 204);
    let mut early = open(host, &server, "/", "sales-board")?;
    shows(&mut early, 2)?;
    ensure!(sell(3)? == 204 && sell(0)? == 400);
    shows(&mut early, 5)?;
    early.evaluate("document.querySelector('button').click()")?;
    shows(&mut early, 6)?;

    // A reader that was away for long gets the totals, and what came after them.
    let sales = Join::new("sales");
    let mut reader = Client::visit(&server, &sales)?;
    let joined = reader.join(&sales)?;
    let position = reader.position(&joined)?;
    for _ in 0..50 {
        ensure!(sell(1)? == 204);
    }
    shows(&mut early, 56)?;
    let mut late = Client::visit(&server, &sales)?;
    let joined = late.join(&sales.since(&position))?;
    let totals = late.snapshot(&joined)?;
    ensure!(totals.name == "totals", "{totals:?}");
    let counted = totals.data.json()["tickets"].as_u64().context("no tickets")?;
    ensure!((50..=56).contains(&counted), "{totals:?}");
    let mut page = open(host, &server, "/", "sales-board")?;
    shows(&mut page, 56)?;
    ensure!(sell(1)? == 204);
    shows(&mut page, 57)?;
    shows(&mut early, 57)
}
