//! A visitor of the chat.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::{IS_AWAY, IS_OPEN, SOON};
use crate::browser::{Browser, NO_CHROMIUM, Page};
use crate::patience::within;
use crate::suite::not_applicable;

/// A browser of a visitor in a room.
pub struct Visitor {
    /// Under which others see it.
    pub name: String,
    /// The page of the room.
    pub page: Page,
    _browser: Browser,
}

impl Visitor {
    /// Enters a room by the form of the first page.
    pub fn enter(name: &str, origin: &str, room: &str) -> Result<Self> {
        let url = format!("{origin}/?room={room}");
        let port = origin.rsplit(':').next().unwrap_or_default();
        let browser = Browser::open(&format!("chat-{name}-{room}-{port}"), &url)?;
        let Some(browser) = browser else {
            return not_applicable(NO_CHROMIUM).map(|()| unreachable!("it is an error"));
        };
        let mut page = browser.page()?;
        page.until(SOON, "document.querySelector('[name=name]') !== null")?;
        page.evaluate(&format!(
            "document.querySelector('[name=name]').value = '{name}';
             document.querySelector('button').click()"
        ))?;
        let mut visitor = Self { name: name.to_owned(), page, _browser: browser };
        visitor.is_open().with_context(|| format!("{name} in {room}"))?;
        Ok(visitor)
    }

    /// Waits until the page is in its room.
    pub fn is_open(&mut self) -> Result<()> {
        self.is_open_within(SOON)
    }

    /// The same within a time.
    pub fn is_open_within(&mut self, limit: Duration) -> Result<()> {
        self.page.until(limit, IS_OPEN)
    }

    /// Waits until the page has lost its room.
    pub fn is_away(&mut self) -> Result<()> {
        self.is_away_within(SOON)
    }

    /// The same within a time.
    pub fn is_away_within(&mut self, limit: Duration) -> Result<()> {
        self.page.until(limit, IS_AWAY)
    }

    /// Types a text, and does not send it.
    pub fn types(&mut self, text: &str) -> Result<()> {
        self.page.evaluate(&format!(
            "{{ const input = document.querySelector('[name=text]');
             input.value = '{text}';
             input.dispatchEvent(new Event('input', {{ bubbles: true }})); }}"
        ))?;
        Ok(())
    }

    /// Types a text and sends it.
    pub fn says(&mut self, text: &str) -> Result<()> {
        self.types(text)?;
        self.page.evaluate("document.querySelector('form').requestSubmit()")?;
        Ok(())
    }

    /// The lines of the chat.
    pub fn lines(&mut self) -> Result<Vec<String>> {
        let lines = "[...document.querySelectorAll('li')].map((line) => line.textContent)";
        Ok(serde_json::from_value(self.page.evaluate(lines)?)?)
    }

    /// Waits until these are the lines of the chat.
    pub fn shows(&mut self, expected: &[&str]) -> Result<()> {
        self.shows_within(SOON, expected)
    }

    /// The same within a time.
    pub fn shows_within(&mut self, limit: Duration, expected: &[&str]) -> Result<()> {
        within(limit, || {
            let lines = self.lines()?;
            ensure!(lines == expected, "{lines:?}, not {expected:?}");
            Ok(())
        })
    }

    /// Waits until the line of members is this.
    pub fn sees(&mut self, expected: &str) -> Result<()> {
        let members = "document.querySelector('output').textContent.split(', ').sort().join(', ')";
        self.page.until(SOON, &format!("{members} === '{expected}'"))
    }
}
