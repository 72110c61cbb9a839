//! What holds on every host. A case is a sentence: its name. What a host cannot do, the case says.

mod accepting;
mod closing;
mod handshakes;
mod limits;
mod ordinary;
mod rejecting;
mod survival;
mod throwing;

use std::fmt;

use anyhow::Result;
use tests::client::Request;

use crate::hosts::Site;

/// One behaviour.
#[derive(Clone, Copy)]
pub struct Case {
    pub name: &'static str,
    pub run: fn(&Site) -> Result<()>,
}

/// Every case, in the order in which a host is put through them.
pub fn all() -> impl Iterator<Item = Case> {
    [
        ordinary::CASES,
        accepting::CASES,
        rejecting::CASES,
        closing::CASES,
        handshakes::CASES,
        limits::CASES,
        throwing::CASES,
        survival::CASES,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// A list of functions as cases of the same names.
macro_rules! cases {
    ($($name:ident),* $(,)?) => {
        &[$(crate::cases::Case { name: stringify!($name), run: $name }),*]
    };
}
use cases;

/// Why a case says nothing about a host.
#[derive(Debug)]
pub struct NotApplicable(pub &'static str);

impl fmt::Display for NotApplicable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

impl std::error::Error for NotApplicable {}

pub fn not_applicable(reason: &'static str) -> Result<()> {
    Err(NotApplicable(reason).into())
}

impl Site {
    /// What the server wrote down under this name, once it ends with `last`.
    pub fn journal(&self, name: &str, last: &str) -> Result<String> {
        Ok(self.server.get(&format!("/journal/{name}?last={last}"))?.text())
    }

    /// Waits until the server has counted so far; a journal waits for five seconds, and a crowd may
    /// take longer.
    fn await_count(&self, name: &str, count: usize) -> Result<()> {
        let last = format!("%20{count}");
        let mut counted = String::new();
        for _ in 0..6 {
            counted = self.journal(name, &last)?;
            if counted.ends_with(&format!(" {count}")) {
                return Ok(());
            }
        }
        let (_, reached) = counted.rsplit_once(' ').unwrap_or(("", &counted));
        anyhow::bail!("`{name}` came to {reached} of {count}")
    }

    /// Writes into the server's journal, where a route waits for it.
    fn record(&self, name: &str) -> Result<()> {
        let response = self.server.fetch(&Request::post(&format!("/journal/{name}"), "go"))?;
        anyhow::ensure!(response.status == 204, "the journal does not take it:\n{response}");
        Ok(())
    }

    /// Opens a socket to the echo route and has it echo.
    fn check_echo(&self) -> Result<()> {
        let mut socket = self.server.open(&Request::upgrade("/echo"))?;
        socket.send("still there?")?;
        anyhow::ensure!(socket.text()? == "still there?");
        socket.close(1000, "")?;
        Ok(())
    }
}
