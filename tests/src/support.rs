//! The tables of what is supported where, generated from what a run has found.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

use crate::locations::{repository, target};
use crate::suite::NotApplicable;

/// Set to anything, it updates the table on the page from the run.
const ACCEPT: &str = "ACCEPT_SUPPORT";

/// The page that the tables are on.
pub const PAGE: &str = "docs/support.md";

/// The results of all cases of a run.
#[derive(Default)]
pub struct Support {
    findings: Mutex<BTreeMap<(&'static str, &'static str), Finding>>,
}

/// The results of the cases of one capability on the hosts of one mode.
#[derive(Default)]
struct Finding {
    holds: bool,
    /// The reasons why some cases do not apply.
    reasons: BTreeSet<&'static str>,
}

impl Support {
    /// Records the result of a case of this capability on a host of this mode.
    pub fn found(&self, capability: &'static str, mode: &'static str, result: &Result<()>) {
        let mut findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        let finding = findings.entry((capability, mode)).or_default();
        match result {
            Ok(()) => finding.holds = true,
            Err(error) => finding
                .reasons
                .extend(error.downcast_ref::<NotApplicable>().map(|NotApplicable(reason)| reason)),
        }
    }

    /// Compares the block of this runtime on the page with the table of these capabilities and modes, or
    /// updates it.
    pub fn check(&self, runtime: &str, capabilities: &[&str], modes: &[&str]) -> Result<()> {
        let table = self.table(capabilities, modes);
        let folder = target().join("support");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{runtime}.md")), &table)?;

        let path = repository().join(PAGE);
        let page = fs::read_to_string(&path)?;
        let start = format!("<!-- what {runtime} supports, as the tests found it -->\n");
        let end = format!("<!-- end of what {runtime} supports -->");
        let (before, rest) =
            page.split_once(&start).with_context(|| format!("{PAGE} has no block of {runtime}"))?;
        let (told, after) = rest.split_once(&end).context("the block has no end")?;
        if told == table {
            return Ok(());
        }
        if env::var_os(ACCEPT).is_some() {
            fs::write(&path, format!("{before}{start}{table}{end}{after}"))?;
            return Ok(());
        }
        bail!(
            "{PAGE} differs from what the run has found:\n{}\nto update it: \
             {ACCEPT}=1 cargo xtask test {runtime}",
            difference(told, &table)
        )
    }

    fn table(&self, capabilities: &[&str], modes: &[&str]) -> String {
        let findings = self.findings.lock().unwrap_or_else(PoisonError::into_inner);
        let mut notes: Vec<&str> = Vec::new();
        let mut table =
            format!("| | {} |\n|---|{}\n", modes.join(" | "), "---|".repeat(modes.len()));
        for capability in capabilities {
            let mut cells = Vec::new();
            for mode in modes {
                let Some(finding) = findings.get(&(*capability, *mode)) else {
                    cells.push(String::new());
                    continue;
                };
                let mut cell = if finding.holds { "yes" } else { "–" }.to_owned();
                for reason in &finding.reasons {
                    let known = notes.iter().position(|note| note == reason);
                    let number = known.unwrap_or_else(|| {
                        notes.push(reason);
                        notes.len() - 1
                    });
                    cell.push_str(&format!(" [{}]", number + 1));
                }
                cells.push(cell);
            }
            table.push_str(&format!("| {capability} | {} |\n", cells.join(" | ")));
        }
        for (number, note) in notes.iter().enumerate() {
            let start = if number == 0 { "\n" } else { "" };
            table.push_str(&format!("{start}{}. {}\n", number + 1, sentence(note)));
        }
        table
    }
}

fn sentence(reason: &str) -> String {
    let mut letters = reason.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str())
}

/// The lines that differ, without the common lines at the start and at the end.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let (old, new) = (&old[start..], &new[start..]);
    let end = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let gone = old[..old.len() - end].iter().map(|line| format!("- {line}"));
    let come = new[..new.len() - end].iter().map(|line| format!("+ {line}"));
    gone.chain(come).collect::<Vec<_>>().join("\n")
}
