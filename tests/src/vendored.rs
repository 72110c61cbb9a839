//! The vendored packages of the adapters, pinned in `adapter.toml`. Projects that need one as a
//! package install the same version.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::locations;

/// The placeholder for a version in the manifests of projects.
const PLACEHOLDER: &str = "vendored";

#[derive(Deserialize)]
struct Description {
    #[serde(default)]
    vendor: Vec<Vendored>,
}

#[derive(Deserialize)]
struct Vendored {
    package: String,
    version: String,
}

/// The manifest of a project, with the versions pinned by the adapters.
pub fn manifest(project: &Path) -> Result<String> {
    let path = project.join("package.json");
    let mut text =
        fs::read_to_string(&path).with_context(|| format!("cannot read: {}", path.display()))?;
    for Vendored { package, version } in all()? {
        let (from, to) = (entry(&package, PLACEHOLDER), entry(&package, &version));
        text = text.replace(&from, &to);
    }
    Ok(text)
}

fn entry(package: &str, version: &str) -> String {
    format!("\"{package}\": \"{version}\"")
}

fn all() -> Result<Vec<Vendored>> {
    let mut all = Vec::new();
    for adapter in fs::read_dir(locations::repository().join("adapters"))? {
        let path = adapter?.path().join("adapter.toml");
        let text = fs::read_to_string(&path)
            .with_context(|| format!("cannot read: {}", path.display()))?;
        let description: Description = toml::from_str(&text)
            .with_context(|| format!("not a description: {}", path.display()))?;
        all.extend(description.vendor);
    }
    Ok(all)
}
