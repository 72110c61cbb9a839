//! The limits of realtime channels on the page for site builders.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, ensure};
use tests::locations::repository;

use crate::pages::REALTIME;

/// The modules of `templates/` that declare limits.
const MODULES: [&str; 4] = [
    "realtime/channel/key.ts",
    "realtime/channel/limits.ts",
    "realtime/define/api/limits.ts",
    "realtime/server/limits.ts",
];

#[test]
fn the_limits_on_the_page_are_those_of_the_code() -> Result<()> {
    let limits = limits()?;
    let get = |name: &str| limits.get(name).copied().with_context(|| format!("no limit {name}"));
    let kilobytes = |name: &str| Ok::<_, anyhow::Error>(format!("{} KB", get(name)? / 1024));
    let expected = [
        (
            "a message from a client",
            format!(
                "{}, {} per second and user of a channel, bursts of {}, {} waiting",
                kilobytes("MAX_MESSAGE_BYTES")?,
                get("MESSAGES_PER_SECOND")?,
                get("MESSAGE_BURST")?,
                get("MAX_WAITING")?,
            ),
        ),
        ("a published message, a snapshot, the result of a handler", kilobytes("MAX_KEPT_BYTES")?),
        ("`connection.data`", kilobytes("MAX_CONNECTION_DATA_BYTES")?),
        (
            "a member's presence data",
            format!(
                "{}, {} with those of `server`, {} updates per second, of which the last one counts",
                kilobytes("MAX_PRESENCE_BYTES")?,
                kilobytes("MAX_MEMBER_DATA_BYTES")?,
                1000 / get("PRESENCE_INTERVAL")?,
            ),
        ),
        (
            "the list of `presence`",
            format!(
                "{} members, {}; above it a count",
                get("MAX_LISTED_MEMBERS")?,
                kilobytes("MAX_LISTED_BYTES")?,
            ),
        ),
        (
            "a user, its `id`",
            format!("{}, {} characters", kilobytes("MAX_USER_BYTES")?, get("MAX_ID_LENGTH")?),
        ),
        ("the `id` of a published message", format!("{} characters", get("MAX_ID_LENGTH")?)),
        ("a parameter", format!("{} characters", get("MAX_VALUE_LENGTH")?)),
        (
            "joins of a connection",
            format!(
                "{} at once, then {} per second; a refused one counts as {}",
                get("MAX_CHANNELS")?,
                get("JOINS_PER_SECOND")?,
                get("REFUSED_JOIN")?,
            ),
        ),
        ("channels of a connection", get("MAX_CHANNELS")?.to_string()),
        ("users of `socket.to()`", get("MAX_RECIPIENTS")?.to_string()),
        ("`timeout`", format!("{} seconds", get("MAX_TIMEOUT")?)),
        (
            "`history`",
            format!(
                "{} messages, {} days",
                get("MAX_HISTORY_SIZE")?,
                get("MAX_HISTORY_TTL")? / (24 * 3600),
            ),
        ),
    ];
    let expected: Vec<String> =
        expected.map(|(limit, value)| format!("| {limit} | {value} |")).into();
    let page = fs::read_to_string(repository().join(REALTIME))?;
    let (_, table) = page.split_once("| limit | value |\n").context("no table of limits")?;
    let rows: Vec<&str> = table.lines().skip(1).take_while(|row| row.starts_with('|')).collect();
    ensure!(rows == expected, "{REALTIME} has {rows:#?}, the code {expected:#?}");
    Ok(())
}

/// The exported numbers by name. Each has one place.
fn limits() -> Result<BTreeMap<String, u64>> {
    let mut limits = BTreeMap::new();
    for module in MODULES {
        let text = fs::read_to_string(repository().join("templates").join(module))?;
        let declarations = text.lines().filter_map(|line| {
            line.strip_prefix("export const ")?.strip_suffix(';')?.split_once(": number = ")
        });
        for (name, value) in declarations {
            let factors = value.split(" * ").map(|factor| factor.replace('_', "").parse::<u64>());
            let value = factors.product::<Result<u64, _>>().with_context(|| name.to_owned())?;
            let earlier = limits.insert(name.to_owned(), value);
            ensure!(earlier.is_none(), "{module} declares {name} a second time");
        }
    }
    Ok(limits)
}
