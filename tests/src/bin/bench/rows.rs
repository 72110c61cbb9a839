//! The figures of a run, as they are measured and as a table.

use std::time::Instant;

use serde::Serialize;

use crate::{cloudflare, engines, manager, node, objects, realtime};

/// The units of ratios, which are printed with two decimals.
const RATIOS: [&str; 7] = [
    node::OF_WS,
    cloudflare::OF_BARE,
    manager::OF_OFF,
    realtime::OF_SOCKET_IO,
    engines::OF_BEST,
    engines::OF_REDIS,
    objects::OF_BY_HAND,
];

/// One row of the table.
#[derive(Serialize)]
pub struct Row {
    pub suite: &'static str,
    pub what: String,
    pub median: f64,
    pub unit: &'static str,
    /// The project's target, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

impl Row {
    /// The row as a line of text.
    pub fn line(&self) -> String {
        let Self { suite, what, median, unit, target } = self;
        let target =
            target.as_ref().map(|target| format!("  target: {target}")).unwrap_or_default();
        let decimals = if RATIOS.contains(unit) { 2 } else { 1 };
        format!("{suite:<10} {what:<64} {median:>9.decimals$} {unit:<7}{target}")
    }
}

/// The rows of a run. A suite takes minutes, so each row also goes to the standard error output as
/// soon as it is measured, with the seconds since the start.
pub struct Rows {
    rows: Vec<Row>,
    start: Instant,
}

impl Rows {
    pub fn new() -> Self {
        Self { rows: Vec::new(), start: Instant::now() }
    }

    pub fn push(&mut self, row: Row) {
        eprintln!("{:>5} s  {}", self.start.elapsed().as_secs(), row.line());
        self.rows.push(row);
    }

    pub fn all(&self) -> &[Row] {
        &self.rows
    }
}

impl Extend<Row> for Rows {
    fn extend<R: IntoIterator<Item = Row>>(&mut self, rows: R) {
        for row in rows {
            self.push(row);
        }
    }
}
