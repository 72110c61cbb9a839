//! `package.json`: upstream's, with our name, version and additions. The order of keys stays.

use diagnostics::Failure;
use semantic_patch::Rename;
use semver::Version;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    adapter::{Adapter, AdapterError, Range},
    package::PackageError,
};

/// The project's page, listed in every package.
pub const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// The key with the releases that a package is built from. A registry repeats it for every version,
/// and only packages of this toolchain have it.
pub const UPSTREAM: &str = "upstream";

/// Keys that apply only to upstream's own repository.
const DEVELOPMENT: [&str; 2] = ["devDependencies", "scripts"];

/// The release-specific values of our manifest.
pub struct Manifest<'r> {
    pub version: &'r str,
    /// The Astro release that it supports.
    pub astro: &'r Version,
    /// The release of the official adapter.
    pub adapter: &'r Version,
    /// The dist-tag. A stamp is a prerelease, which npm publishes only under an explicit tag.
    pub tag: &'r str,
    /// Files that npm must include beside `dist`.
    pub files: &'r [&'r str],
}

/// The text of our `package.json`.
pub fn rewrite(
    adapter: &Adapter,
    upstream: &str,
    release: &Manifest<'_>,
) -> Result<String, Failure> {
    let unusable = |reason: String| PackageError::Manifest {
        package: adapter.upstream.package.clone(),
        reason,
    };
    let mut manifest: Map<String, Value> =
        serde_json::from_str(upstream).map_err(|error| unusable(error.to_string()))?;
    check(&manifest).map_err(unusable)?;
    let ours = &adapter.package;

    raise_ranges(&mut manifest, adapter)?;
    for key in DEVELOPMENT {
        manifest.shift_remove(key);
    }
    rename(&mut manifest, &adapter.rename);
    manifest["name"] = json!(ours.name);
    manifest["version"] = json!(release.version);
    manifest.insert("description".into(), json!(ours.description));
    manifest.insert(
        "repository".into(),
        json!({ "type": "git", "url": format!("git+{REPOSITORY}.git"), "directory": format!("adapters/{}", adapter.runtime) }),
    );
    manifest.insert("bugs".into(), json!(format!("{REPOSITORY}/issues")));
    manifest.insert("homepage".into(), json!(format!("{REPOSITORY}#readme")));

    add_to_list(&mut manifest, "keywords", ours.keywords.iter().map(String::as_str));
    if manifest.contains_key("files") {
        // Without the key npm includes every file.
        add_to_list(&mut manifest, "files", release.files.iter().copied());
    }
    // Upstream's values configure upstream's publishing. For example, they require provenance,
    // which is available in CI only.
    manifest.insert("publishConfig".into(), json!({ "access": "public", "tag": release.tag }));
    let made_of = [("astro", release.astro), (&adapter.upstream.package, release.adapter)];
    let made_of: Map<String, Value> = made_of
        .map(|(name, version)| (name.to_owned(), json!(version.to_string())))
        .into_iter()
        .collect();
    manifest.insert(UPSTREAM.into(), made_of.into());
    add(&mut manifest, adapter, release)?;
    let text =
        serde_json::to_string_pretty(&manifest).map_err(|error| unusable(error.to_string()))?;
    Ok(format!("{text}\n"))
}

/// Checks that upstream's manifest has a place for all that is added.
///
/// # Errors
///
/// What is missing.
fn check(manifest: &Map<String, Value>) -> Result<(), String> {
    for key in ["name", "version", "exports", "dependencies", "peerDependencies"] {
        if !manifest.contains_key(key) {
            return Err(format!("the key `{key}` is missing"));
        }
    }
    // Anything else, such as a single export, has no place for our additions.
    for key in ["exports", "dependencies", "peerDependencies"] {
        if !manifest[key].is_object() {
            return Err(format!("the key `{key}` is not an object"));
        }
    }
    Ok(())
}

/// Adds our dependencies, optional peers and exports to those of upstream.
///
/// # Errors
///
/// A name that upstream has as well.
fn add(
    manifest: &mut Map<String, Value>,
    adapter: &Adapter,
    release: &Manifest<'_>,
) -> Result<(), PackageError> {
    let ours = &adapter.package;
    for name in ours.peers.keys() {
        let optional = manifest.entry("peerDependenciesMeta").or_insert_with(|| json!({}));
        optional[name] = json!({ "optional": true });
    }
    let additions = [
        ("dependencies", &ours.dependencies),
        ("peerDependencies", &ours.peers),
        ("exports", &ours.exports),
    ];
    for (key, items) in additions {
        for (name, value) in items {
            let all = object(manifest, key);
            if all.and_then(|all| all.insert(name.clone(), json!(value))).is_some() {
                return Err(PackageError::Taken {
                    release: format!("{}@{}", adapter.upstream.package, release.adapter),
                    name: format!("`{name}` in `{key}`"),
                });
            }
        }
    }
    Ok(())
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Licence {
    license: Option<String>,
}

/// The licence in a manifest.
pub fn licence(manifest: &str) -> Option<String> {
    serde_json::from_str::<Licence>(manifest).unwrap_or_default().license
}

/// Replaces upstream's ranges with ranges that start later.
fn raise_ranges(manifest: &mut Map<String, Value>, adapter: &Adapter) -> Result<(), Failure> {
    let version = manifest.get("version").and_then(Value::as_str).map(Version::parse);
    let Some(Ok(version)) = version else { return Ok(()) };
    for entry in adapter.ranges.iter().filter(|entry| entry.versions.matches(&version)) {
        let Range { package, range, place, .. } = entry;
        let peers = object(manifest, "peerDependencies");
        let named = peers.and_then(|peers| peers.get_mut(package));
        let begins_earlier = |named: &&mut Value| {
            named.as_str().and_then(lowest).zip(lowest(range)).is_some_and(|(it, own)| it < own)
        };
        let Some(named) = named.filter(begins_earlier) else {
            let upstream = &adapter.upstream.package;
            return Err(AdapterError::Invalid {
                message: format!(
                    "{upstream}@{version} has no range of `{package}` that starts before `{range}`"
                ),
                places: vec![place.clone()],
            }
            .into());
        };
        *named = json!(range);
    }
    Ok(())
}

/// The lowest version in an npm range.
fn lowest(range: &str) -> Option<nodejs_semver::Version> {
    nodejs_semver::Range::parse(range).ok()?.min_version()
}

/// Renames the package in its own references, for example in an export's target.
fn rename(manifest: &mut Map<String, Value>, rename: &Rename) {
    fn visit(value: &mut Value, rename: &Rename) {
        match value {
            Value::String(text) if *text == rename.from => *text = rename.to.clone(),
            Value::Array(list) => list.iter_mut().for_each(|item| visit(item, rename)),
            Value::Object(object) => object.values_mut().for_each(|item| visit(item, rename)),
            _ => {}
        }
    }
    manifest.values_mut().for_each(|value| visit(value, rename));
}

fn object<'m>(
    manifest: &'m mut Map<String, Value>,
    key: &str,
) -> Option<&'m mut Map<String, Value>> {
    manifest.get_mut(key).and_then(Value::as_object_mut)
}

fn add_to_list<'t>(
    manifest: &mut Map<String, Value>,
    key: &str,
    items: impl Iterator<Item = &'t str>,
) {
    let list = manifest.entry(key).or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut() {
        for item in items.map(|item| json!(item)) {
            if !list.contains(&item) {
                list.push(item);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use semantic_patch::Rename;
    use semver::Version;
    use serde_json::{Value, json};

    use super::{Manifest, licence, rewrite};
    use crate::adapter::{Adapter, PackageTable, UpstreamTable};

    #[test]
    fn optional_peers_are_added_to_those_of_upstream() {
        let adapter = Adapter {
            runtime: "toy".to_owned(),
            upstream: UpstreamTable { package: "@astrojs/toy".to_owned(), folder: String::new() },
            package: PackageTable {
                name: "toy".to_owned(),
                description: String::new(),
                keywords: Vec::new(),
                dependencies: BTreeMap::new(),
                peers: BTreeMap::from([("ioredis".to_owned(), "^6.0.0".to_owned())]),
                exports: BTreeMap::new(),
            },
            rename: Rename {
                from: "@astrojs/toy".to_owned(),
                to: "toy".to_owned(),
                allow: Vec::new(),
            },
            unfit: Vec::new(),
            ranges: Vec::new(),
            patches: Vec::new(),
        };
        let upstream = json!({
            "name": "@astrojs/toy",
            "version": "1.0.0",
            "exports": {},
            "dependencies": {},
            "peerDependencies": { "astro": "^7.0.0" },
        });
        let version = Version::new(7, 0, 0);
        let release = Manifest {
            version: "7.0.0-abc",
            astro: &version,
            adapter: &version,
            tag: "latest",
            files: &[],
        };
        let manifest = rewrite(&adapter, &upstream.to_string(), &release);
        let manifest: Value = serde_json::from_str(&manifest.expect("a manifest")).expect("JSON");
        assert_eq!(manifest["peerDependencies"], json!({ "astro": "^7.0.0", "ioredis": "^6.0.0" }));
        assert_eq!(manifest["peerDependenciesMeta"], json!({ "ioredis": { "optional": true } }));
    }

    #[test]
    fn a_manifest_may_have_no_licence() {
        assert_eq!(licence(r#"{ "license": "MIT" }"#).as_deref(), Some("MIT"));
        assert_eq!(licence(r#"{ "name": "toy" }"#), None);
    }
}
