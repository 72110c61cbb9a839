//! The extra pins of the test projects, which users do not have: each is listed with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use tests::locations::{files_ending_with, repository};

/// The file with the list.
const LIST: &str = "tests/projects/exceptions.toml";

/// Reasons by package.
type Exceptions = BTreeMap<String, String>;

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    dependencies: BTreeMap<String, Value>,
    #[serde(default, rename = "devDependencies")]
    dev_dependencies: BTreeMap<String, Value>,
    #[serde(default, rename = "peerDependencies")]
    peer_dependencies: BTreeMap<String, Value>,
    #[serde(default, rename = "peerDependenciesMeta")]
    peers: BTreeMap<String, Peer>,
    #[serde(default)]
    overrides: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Peer {
    #[serde(default)]
    optional: bool,
}

impl Manifest {
    /// Whether npm installs a package together with this one.
    fn brings(&self, package: &str) -> bool {
        let is_optional = self.peers.get(package).is_some_and(|peer| peer.optional);
        self.dependencies.contains_key(package)
            || (self.peer_dependencies.contains_key(package) && !is_optional)
    }

    fn read(path: &Path) -> Result<Self> {
        let text = fs::read(path).with_context(|| format!("cannot read: {}", path.display()))?;
        Ok(serde_json::from_slice(&text)?)
    }
}

#[test]
fn every_pin_of_a_project_is_listed_with_its_reason_and_needed() -> Result<()> {
    let listed: BTreeMap<String, Exceptions> =
        toml::from_str(&fs::read_to_string(repository().join(LIST))?)?;
    let mut projects = BTreeSet::new();
    for entry in fs::read_dir(repository().join("tests/projects"))? {
        let folder = entry?.path();
        let path = folder.join("package.json");
        if !path.exists() {
            continue;
        }
        let project = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let none = Exceptions::new();
        let listed = listed.get(&project).unwrap_or(&none);
        let Manifest { dependencies, dev_dependencies, overrides, .. } = Manifest::read(&path)?;
        let pinned: BTreeSet<&String> =
            dependencies.keys().chain(dev_dependencies.keys()).chain(overrides.keys()).collect();
        let sources = sources(&folder)?;
        for package in &pinned {
            ensure!(
                listed.get(*package).is_some_and(|reason| !reason.trim().is_empty()),
                "{project} pins {package}, which {LIST} does not list"
            );
            ensure!(
                listed.get(*package).is_some_and(|reason| is_needed_by_others(reason))
                    || is_imported(package, &sources),
                "{LIST} lists {package} for {project}, which does not import it any more"
            );
        }
        if let Some(package) = listed.keys().find(|package| !pinned.contains(package)) {
            anyhow::bail!("{LIST} lists {package} for {project}, which does not pin it any more");
        }
        projects.insert(project);
    }
    let gone = listed.keys().find(|project| !projects.contains(*project));
    ensure!(gone.is_none(), "{LIST} lists a project that is not there: {gone:?}");
    Ok(())
}

/// A pinned version would replace the one that the package brings, and only the tests would use it.
#[test]
fn no_project_pins_what_the_package_of_its_name_brings() -> Result<()> {
    let mut packages = 0;
    for path in files_ending_with(&repository().join("adapters"), "/package.json")? {
        // adapters/<runtime>/pkg/<line>/package.json
        let runtime = path.ancestors().nth(3).and_then(Path::file_name).context("no runtime")?;
        let package = Manifest::read(&path)?;
        let project = repository().join("tests/projects").join(runtime).join("package.json");
        let Manifest { dependencies, dev_dependencies, overrides, .. } = Manifest::read(&project)?;
        let both = dependencies
            .keys()
            .chain(dev_dependencies.keys())
            .chain(overrides.keys())
            .find(|name| package.brings(name));
        ensure!(
            both.is_none(),
            "{} pins {both:?} as well as {}",
            project.display(),
            path.display()
        );
        packages += 1;
    }
    ensure!(packages > 0, "no package is built: run `cargo xtask build`");
    Ok(())
}

/// The text of all files that can contain imports.
fn sources(folder: &Path) -> Result<String> {
    let mut text = String::new();
    for ending in ["js", "ts", "astro"] {
        for path in files_ending_with(folder, ending)? {
            text.push_str(&fs::read_to_string(path)?);
        }
    }
    Ok(text)
}

/// A peer of another pin.
fn is_needed_by_others(reason: &str) -> bool {
    reason.starts_with("peer: ")
}

fn is_imported(package: &str, sources: &str) -> bool {
    ["'", "/"].iter().any(|end| sources.contains(&format!("'{package}{end}")))
}
