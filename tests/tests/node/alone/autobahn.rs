//! RFC 6455 frame by frame: the outcomes of Autobahn's cases match those in `tests/autobahn/`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use tests::autobahn::Autobahn;
use tests::locations::{repository, target};
use tests::server::Server;

use super::{Case, cases};
use crate::hosts::{Settings, Sites};
use tests::suite::not_applicable;

pub const CASES: &[Case] = cases![
    has_the_known_outcomes_of_autobahn,
    has_the_known_outcomes_with_compression,
    fails_no_case_of_autobahn_that_ws_passes
];

/// The largest messages of the cases have 16 MiB.
const PLAIN: Settings = Settings {
    name: "autobahn",
    options: r#"{ "maxPayload": 33554432, "maxMessagesPerSecond": 0, "maxBufferedAmount": 67108864 }"#,
};

const COMPRESSED: Settings = Settings {
    name: "autobahn-compressed",
    options: r#"{ "perMessageDeflate": true, "maxPayload": 33554432, "maxMessagesPerSecond": 0,
        "maxBufferedAmount": 67108864 }"#,
};

/// Every compression option (13) and every kind of data (12), with 1,000 messages each. The
/// messages have 1 and 32 KiB. For the kinds of data, there are also 8 KiB in fragments of 256
/// bytes.
///
/// Larger messages take longer on a busy machine than the 30 seconds that kosoku 0.1.0 gives a
/// case. `ws` sends the smallest ones uncompressed, and kosoku itself fails on that ("Strings must
/// be encoded before hashing").
const COMPRESSED_CASES: [&str; 5] = ["12.*.4", "12.*.8", "12.*.11", "13.*.4", "13.*.8"];

fn has_the_known_outcomes_of_autobahn(sites: &Sites) -> Result<()> {
    matches_golden(sites, &PLAIN, &[], "plain")
}

fn has_the_known_outcomes_with_compression(sites: &Sites) -> Result<()> {
    matches_golden(sites, &COMPRESSED, &COMPRESSED_CASES, "compressed")
}

/// Every case that fails here also fails with `ws`.
fn fails_no_case_of_autobahn_that_ws_passes(sites: &Sites) -> Result<()> {
    let Some(autobahn) = Autobahn::get()? else {
        return not_applicable(NO_PYTHON);
    };
    let golden = golden("plain")?;
    let ours: Vec<&str> = golden
        .lines()
        .filter(|line| !line.contains(" OK") && !line.contains(" UNIMPLEMENTED"))
        .collect();
    let cases: Vec<&str> = ours.iter().filter_map(|line| Some(line.split_once(' ')?.0)).collect();
    let app = sites.app("raw-ws")?;
    let server = Server::start(&mut app.node_server("hosts/ws.mjs"))?;
    let folder = target().join("autobahn/ws");
    let theirs = autobahn.run(server.address(), "/", &cases, &folder)?;
    let theirs: Vec<&str> = theirs.lines().collect();
    ensure!(ours == theirs, "ours:\n{}\n\nws:\n{}", ours.join("\n"), theirs.join("\n"));
    Ok(())
}

/// Compares the outcomes of some cases, or of all if the list is empty.
fn matches_golden(sites: &Sites, settings: &Settings, cases: &[&str], name: &str) -> Result<()> {
    let Some(autobahn) = Autobahn::get()? else {
        return not_applicable(NO_PYTHON);
    };
    let site = sites.start_alone(settings)?;
    let folder = target().join("autobahn");
    let found = autobahn.run(site.server.address(), "/echo", cases, &folder.join(name))?;
    site.server.check_alive()?;

    let golden = golden(name)?;
    let expected: Vec<&str> = golden.lines().collect();
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
        golden_path(name).display(),
        folder.join(name).display(),
        changes.join("\n")
    );
    Ok(())
}

const NO_PYTHON: &str = "there is no `python3` of at least 3.10 with `venv`";

/// The known outcomes without the comments.
fn golden(name: &str) -> Result<String> {
    let text = fs::read_to_string(golden_path(name))?;
    Ok(text.lines().filter(|line| !line.starts_with('#')).map(|line| format!("{line}\n")).collect())
}

fn golden_path(name: &str) -> PathBuf {
    repository().join(format!("tests/autobahn/{name}.txt"))
}
