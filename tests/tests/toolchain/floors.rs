//! The lowest versions that a package declares: the queries to the registry, and the chosen
//! versions.

use std::collections::BTreeMap;

use anyhow::Result;
use semver::{Version, VersionReq};
use tests::floor::{self, Manifest, Releases};

/// A registry with these releases.
struct Shelf(BTreeMap<&'static str, Vec<(&'static str, &'static str)>>);

impl Releases for Shelf {
    fn within(&self, package: &str, range: &str) -> Result<BTreeMap<Version, Manifest>> {
        let range = VersionReq::parse(range)?;
        let releases = self.0.get(package).into_iter().flatten();
        let releases = releases.map(|(version, manifest)| {
            Ok((Version::parse(version)?, serde_json::from_str(manifest)?))
        });
        let releases = releases.collect::<Result<BTreeMap<Version, Manifest>>>()?;
        Ok(releases.into_iter().filter(|(version, _)| range.matches(version)).collect())
    }
}

fn shelf() -> Shelf {
    let node = Box::leak(format!("node-{}", bring_tools::platform()).into_boxed_str());
    Shelf(BTreeMap::from([
        (
            "astro",
            vec![
                ("7.1.0", "{}"),
                (
                    "7.2.0",
                    r#"{ "engines": { "node": ">=22.12.0" }, "dependencies": { "vite": "^8.1.0" } }"#,
                ),
                ("7.3.0", "{}"),
            ],
        ),
        ("plugin", vec![("1.0.0", r#"{ "peerDependencies": { "wrangler": "^4.95.0" } }"#)]),
        ("vite", vec![("8.0.0", "{}"), ("8.1.0", "{}"), ("8.2.0", "{}")]),
        ("wrangler", vec![("4.83.0", "{}"), ("4.95.0", "{}"), ("4.100.0", "{}")]),
        (node, vec![("20.0.0", "{}"), ("22.11.0", "{}"), ("22.12.0", "{}"), ("24.0.0", "{}")]),
    ]))
}

fn package(more: &str) -> Result<Manifest> {
    Ok(serde_json::from_str(&format!(
        r#"{{
            "name": "ours",
            "dependencies": {{ "plugin": "^1.0.0", "vite": "^8.0.0" }},
            "peerDependencies": {{ "astro": "^7.2.0", "wrangler": "^4.83.0"{more} }},
            "peerDependenciesMeta": {{ "never": {{ "optional": true }} }}
        }}"#
    ))?)
}

#[test]
fn the_floor_is_the_lowest_of_what_all_that_are_installed_together_accept() -> Result<()> {
    let floor = floor::of(&package(r#", "never": "^1.0.0""#)?, &shelf())?;
    let chosen: Vec<String> =
        floor.iter().map(|(name, version)| format!("{name}@{version}")).collect();
    let node = format!("node-{}@22.12.0", bring_tools::platform());
    let wanted = ["astro@7.2.0", &node, "plugin@1.0.0", "vite@8.1.0", "wrangler@4.95.0"];
    assert_eq!(chosen, wanted);
    Ok(())
}

#[test]
fn a_floor_that_is_not_published_any_more_is_told_with_who_asks_for_it() -> Result<()> {
    let mut shelf = shelf();
    shelf.0.insert("wrangler", vec![("4.83.0", "{}")]);
    let Err(error) = floor::of(&package("")?, &shelf) else { anyhow::bail!("there is one") };
    let error = error.to_string();
    assert!(error.contains("the registry has no wrangler that is in every range"), "{error}");
    assert!(error.contains("`^4.83.0` by ours, `^4.95.0` by plugin@1.0.0"), "{error}");
    Ok(())
}
