//! The lowest versions that a package declares: those of a site with the oldest lockfile that the
//! package allows.
//!
//! The package declares ranges for its dependencies and its peers. The registry returns the
//! versions of each that match all applicable ranges: those of the package, and those that the
//! chosen versions declare for each other. Node.js is one of them, by the ranges in `engines`.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail, ensure};
use bring_tools::platform;
use semver::Version;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

use crate::tools::Tools;

/// The part of a manifest that names other packages.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Manifest {
    /// The name of the package.
    pub name: String,
    /// The dependencies.
    pub dependencies: BTreeMap<String, String>,
    /// The peer dependencies.
    pub peer_dependencies: BTreeMap<String, String>,
    /// Marks optional peers.
    peer_dependencies_meta: BTreeMap<String, PeerMeta>,
    /// The required runtimes.
    engines: Engines,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PeerMeta {
    optional: bool,
}

/// Old manifests have a list here, without a range.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Engines {
    Ranges { node: Option<String> },
    Other(IgnoredAny),
}

impl Default for Engines {
    fn default() -> Self {
        Self::Ranges { node: None }
    }
}

/// The lowest version of everything that a package names, by name.
pub type Floor = BTreeMap<String, Version>;

/// The range that one package declares for another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Range {
    text: String,
    /// The declaring package.
    by: String,
    /// npm installs a second copy for the declaring package if the ranges conflict.
    is_own_copy_possible: bool,
}

/// All releases of a package within a range: manifests by version.
pub trait Releases {
    /// Asks for the releases. The result is empty if there are none.
    fn within(&self, package: &str, range: &str) -> Result<BTreeMap<Version, Manifest>>;
}

/// Asks the registry through the machine's npm.
impl Releases for Tools {
    fn within(&self, package: &str, range: &str) -> Result<BTreeMap<Version, Manifest>> {
        let fields = ["name", "version", "dependencies", "peerDependencies", "engines"];
        let mut npm = self.npm();
        npm.args(["view", "--json", &format!("{package}@{range}")]).args(fields);
        let output = npm.output().context("cannot run npm")?;
        let told = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            // npm reports this error if no release matches the range.
            let is_none = told.contains("E404") || told.contains("ETARGET");
            ensure!(is_none, "{npm:?}: {told}{}", String::from_utf8_lossy(&output.stderr));
            return Ok(BTreeMap::new());
        }
        read(&told).with_context(|| format!("{npm:?} gives no releases: {told}"))
    }
}

/// npm prints nothing for no release, an object for one, and a list for several.
fn read(told: &str) -> Result<BTreeMap<Version, Manifest>> {
    #[derive(Deserialize)]
    struct Release {
        version: Version,
        #[serde(flatten)]
        manifest: Value,
    }
    fn from<T: DeserializeOwned>(value: Value) -> Result<T> {
        Ok(serde_json::from_value(value)?)
    }
    if told.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    let releases = match serde_json::from_str(told)? {
        Value::Array(several) => several,
        one => vec![one],
    };
    let releases = releases.into_iter().map(|release| {
        let Release { version, manifest } = from(release)?;
        Ok((version, from(manifest)?))
    });
    releases.collect()
}

/// The floor of the package with this manifest, including the Node.js of this platform.
pub fn of(package: &Manifest, releases: &impl Releases) -> Result<Floor> {
    let node = format!("node-{}", platform());
    let mut ranges: BTreeMap<String, Vec<Range>> = BTreeMap::new();
    let own = package.dependencies.iter().chain(&package.peer_dependencies);
    for (name, _) in own.filter(|(name, _)| !package.is_optional(name)) {
        ranges.insert(name.clone(), Vec::new());
    }
    ranges.insert(node.clone(), Vec::new());
    package.add_to(&mut ranges, &package.name, &node, false);

    let mut known = BTreeMap::new();
    loop {
        let mut chosen = Floor::new();
        let mut more = ranges.clone();
        for (name, ranges) in &ranges {
            if ranges.is_empty() {
                continue;
            }
            let (version, manifest) = lowest(name, ranges, releases, &mut known)?;
            manifest.add_to(&mut more, &format!("{name}@{version}"), &node, true);
            chosen.insert(name.clone(), version);
        }
        // Ranges are only ever added, so the loop ends.
        if more == ranges {
            return Ok(chosen);
        }
        ranges = more;
    }
}

/// The lowest version of each of these packages in the range that a package declares for it. Its
/// optional peers are among them.
pub fn of_each(package: &Manifest, names: &[&str], releases: &impl Releases) -> Result<Floor> {
    let lowest = |name: &&str| {
        let range = package.peer_dependencies.get(*name);
        let range = range.with_context(|| format!("{} has no peer {name}", package.name))?;
        let within = releases.within(name, range)?;
        let version = within.into_keys().next();
        let version = version.with_context(|| format!("no release of {name} is in {range}"))?;
        Ok(((*name).to_owned(), version))
    };
    names.iter().map(lowest).collect()
}

type Known = BTreeMap<(String, String), BTreeMap<Version, Manifest>>;

/// The lowest release that matches every range.
fn lowest(
    name: &str,
    ranges: &[Range],
    releases: &impl Releases,
    known: &mut Known,
) -> Result<(Version, Manifest)> {
    let mut within: Option<BTreeMap<Version, Manifest>> = None;
    // Mandatory ranges come first.
    let mut sorted: Vec<&Range> = ranges.iter().collect();
    sorted.sort_by_key(|range| range.is_own_copy_possible);
    for range in sorted {
        let key = (name.to_owned(), range.text.clone());
        if !known.contains_key(&key) {
            known.insert(key.clone(), releases.within(name, &range.text)?);
        }
        let in_range = &known[&key];
        let Some(before) = &within else {
            within = Some(in_range.clone());
            continue;
        };
        let both: BTreeMap<_, _> = before
            .clone()
            .into_iter()
            .filter(|(version, _)| in_range.contains_key(version))
            .collect();
        if !(both.is_empty() && range.is_own_copy_possible) {
            within = Some(both);
        }
    }
    match within.and_then(|within| within.into_iter().next()) {
        Some(lowest) => Ok(lowest),
        None => {
            let asked: Vec<String> =
                ranges.iter().map(|range| format!("`{}` by {}", range.text, range.by)).collect();
            bail!(
                "the registry has no {name} that is in every range: {}. Where the lowest version is \
                 not published any more, or does not work with the official adapter either, raise \
                 the range by a `[[range]]` in adapter.toml",
                asked.join(", ")
            )
        }
    }
}

impl Manifest {
    fn is_optional(&self, peer: &str) -> bool {
        self.peer_dependencies_meta.get(peer).is_some_and(|meta| meta.optional)
    }

    /// Adds the ranges of this manifest for packages among the keys.
    fn add_to(
        &self,
        ranges: &mut BTreeMap<String, Vec<Range>>,
        by: &str,
        node: &str,
        is_own_copy_possible: bool,
    ) {
        let mut add = |name: &str, text: &str, is_own_copy_possible: bool| {
            let Some(ranges) = ranges.get_mut(name) else { return };
            let range = Range { text: text.to_owned(), by: by.to_owned(), is_own_copy_possible };
            if !ranges.contains(&range) {
                ranges.push(range);
            }
        };
        for (name, text) in &self.dependencies {
            add(name, text, is_own_copy_possible);
        }
        for (name, text) in &self.peer_dependencies {
            add(name, text, false);
        }
        if let Engines::Ranges { node: Some(text) } = &self.engines {
            add(node, text, false);
        }
    }
}
