//! RFC 6455 frame by frame: the outcomes of Autobahn's cases are those in `tests/autobahn/`.

use std::fs;

use anyhow::{Result, ensure};
use tests::autobahn::Autobahn;
use tests::locations::{repository, target};

use super::{Case, cases};
use crate::hosts::{Settings, Sites};
use tests::suite::not_applicable;

pub const CASES: &[Case] = cases![has_the_known_outcomes_of_autobahn, has_those_with_compression];

/// Its largest messages have 16 MiB.
const PLAIN: Settings = Settings {
    name: "autobahn",
    options: r#"{ "maxPayload": 33554432, "maxMessagesPerSecond": 0, "maxBufferedAmount": 67108864 }"#,
};

const COMPRESSED: Settings = Settings {
    name: "autobahn-compressed",
    options: r#"{ "perMessageDeflate": true, "maxPayload": 33554432, "maxMessagesPerSecond": 0,
        "maxBufferedAmount": 67108864 }"#,
};

/// Two sizes of every way to compress, 1,000 messages each: 256 bytes, which `ws` sends as they are,
/// and 8 KiB. All of them take minutes, and kosoku 0.1.0 fails by itself on the smallest sizes of
/// some groups ("Strings must be encoded before hashing"), against `ws` itself too.
const COMPRESSED_CASES: [&str; 4] = ["12.*.4", "12.*.8", "13.*.4", "13.*.8"];

fn has_the_known_outcomes_of_autobahn(sites: &Sites) -> Result<()> {
    matches_golden(sites, &PLAIN, &[], "plain")
}

fn has_those_with_compression(sites: &Sites) -> Result<()> {
    matches_golden(sites, &COMPRESSED, &COMPRESSED_CASES, "compressed")
}

/// The outcomes of some cases, or of all if none is named.
fn matches_golden(sites: &Sites, settings: &Settings, cases: &[&str], name: &str) -> Result<()> {
    let Some(autobahn) = Autobahn::get()? else {
        return not_applicable("there is no `python3` of at least 3.10 with `venv`");
    };
    let site = sites.start_alone(settings)?;
    let folder = target().join("autobahn");
    let found = autobahn.run(site.server.address(), "/echo", cases, &folder.join(name))?;
    site.server.check_alive()?;

    let golden = repository().join(format!("tests/autobahn/{name}.txt"));
    let text = fs::read_to_string(&golden).unwrap_or_default();
    let expected: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let found: Vec<&str> = found.lines().collect();
    let missing = expected.iter().filter(|line| !found.contains(line));
    let new = found.iter().filter(|line| !expected.contains(line));
    let changes: Vec<String> = missing
        .map(|line| format!("- {line}"))
        .chain(new.map(|line| format!("+ {line}")))
        .collect();
    ensure!(
        changes.is_empty(),
        "other outcomes than in {}; the reports are in {}:\n{}",
        golden.display(),
        folder.join(name).display(),
        changes.join("\n")
    );
    Ok(())
}
