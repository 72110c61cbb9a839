//! `sbom.cdx.json`: the components of a package, for vulnerability and licence scanners.
//!
//! The format is CycloneDX, not SPDX, because it can say that a package descends from another.
//! Every file of the package belongs to one component, with its hash. The same input gives the same
//! document, so it has no timestamp and no serial number.
//!
//! Source: <https://cyclonedx.org/docs/1.6/json/>.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::{
    adapter::Adapter,
    package::{
        layout::{self, OUR_MODULES},
        manifest::licence,
        stamp,
        vendor::Module,
    },
    upstream::{Integrity, Line, SourceTree, purl},
};

/// The file name in the package. The format requires this extension.
pub const SBOM: &str = "sbom.cdx.json";

/// The licence of the repository, and so of the injected modules.
const OUR_LICENCE: &str = env!("CARGO_PKG_LICENSE");

/// The page of the program that generates the document.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// Files generated for a package, not copied.
const WRITTEN: [&str; 4] = ["LICENSE", "README.md", "package.json", super::record::RECORD];

/// A published package in the document.
struct Release<'r> {
    package: &'r str,
    version: String,
    integrity: Integrity,
    licence: Option<String>,
}

/// The text of the document for a package with these files.
pub fn document(
    adapter: &Adapter,
    line: &Line,
    tree: &SourceTree,
    vendored: &[&Module],
    files: &BTreeMap<String, Vec<u8>>,
) -> String {
    let (name, version) = (&adapter.package.name, stamp::of(line, &tree.package));
    let ours = purl(name, &version);
    let upstream = Release {
        package: &tree.package,
        version: tree.version.to_string(),
        integrity: tree.origin.integrity,
        licence: licence(&tree.manifest),
    };
    let releases = vendored.iter().map(|module| Release {
        package: &module.package,
        version: module.pin.version.to_string(),
        integrity: module.pin.integrity,
        licence: module.named_licence.clone(),
    });
    let releases: Vec<Release<'_>> = releases.collect();
    let components = components(runtime(name, &version), &upstream, &releases, files);
    let references: Vec<&Value> =
        components.iter().map(|component| &component["bom-ref"]).collect();
    let mut dependencies = vec![json!({ "ref": ours, "dependsOn": references })];
    dependencies.extend(references.iter().map(|reference| json!({ "ref": reference })));
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "tools": { "components": [{
                "type": "application",
                // No version: a release of ours that leaves a package unchanged must give the same
                // bytes.
                "name": env!("CARGO_PKG_NAME"),
                "externalReferences": [{ "type": "vcs", "url": REPOSITORY }],
            }] },
            "component": {
                "type": "library",
                "bom-ref": ours,
                "name": name,
                "version": version,
                "description": adapter.package.description,
                "licenses": licences(&[Some(OUR_LICENCE.to_owned()), upstream.licence.clone()], &releases),
                "purl": ours,
                "pedigree": pedigree(&upstream, tree),
            },
        },
        "components": components,
        "dependencies": dependencies,
    });
    // Without whitespace, which would be half of the file: only programs read it.
    format!("{document}\n")
}

/// What a package descends from, and the edits of it.
fn pedigree(upstream: &Release<'_>, tree: &SourceTree) -> Value {
    let mut pedigree = json!({ "ancestors": [ancestor(upstream)] });
    if let Some(commit) = &tree.origin.commit {
        pedigree["commits"] = json!([{ "uid": commit }]);
    }
    let notes = format!("Every edit of {} is in {}.", tree.package, super::record::RECORD);
    pedigree["notes"] = json!(notes);
    pedigree
}

/// The components of a package, each with its files: upstream, ours, and bundled releases.
fn components(
    mut runtime: Value,
    upstream: &Release<'_>,
    releases: &[Release<'_>],
    files: &BTreeMap<String, Vec<u8>>,
) -> Vec<Value> {
    let paths: Vec<String> =
        releases.iter().map(|release| layout::vendored_path(release.package)).collect();
    let mut of_upstream = Vec::new();
    let mut of_runtime = Vec::new();
    let mut of_vendored: BTreeMap<&str, Value> = BTreeMap::new();
    for (path, bytes) in files {
        let file = file(path, bytes);
        if paths.contains(path) {
            of_vendored.insert(path, file);
        } else if path.starts_with(OUR_MODULES) || WRITTEN.contains(&path.as_str()) {
            of_runtime.push(file);
        } else {
            of_upstream.push(file);
        }
    }
    runtime["components"] = json!(of_runtime);
    let vendored = releases.iter().zip(&paths).map(|(release, path)| {
        component(release, of_vendored.remove(path.as_str()).into_iter().collect())
    });
    [component(upstream, of_upstream), runtime].into_iter().chain(vendored).collect()
}

/// The component of our own files, without them.
fn runtime(name: &str, version: &str) -> Value {
    json!({
        "type": "library",
        "bom-ref": format!("{}#{OUR_MODULES}", purl(name, version)),
        "name": format!("{name}/websocket"),
        "version": version,
        "description": "Modules injected into the adapter, and files generated for the package",
        "licenses": [{ "expression": OUR_LICENCE }],
    })
}

/// A release with the files built from it.
fn component(release: &Release<'_>, files: Vec<Value>) -> Value {
    let mut component = ancestor(release);
    component["bom-ref"] = json!(purl(release.package, &release.version));
    component["components"] = json!(files);
    component
}

/// A release as published.
fn ancestor(release: &Release<'_>) -> Value {
    let Release { package, version, integrity, licence } = release;
    let mut ancestor = json!({
        "type": "library",
        "name": package,
        "version": version,
        "hashes": [{ "alg": "SHA-512", "content": integrity.hex() }],
        "purl": purl(package, version),
    });
    if let Some(licence) = licence {
        ancestor["licenses"] = json!([{ "expression": licence }]);
    }
    ancestor
}

fn file(path: &str, bytes: &[u8]) -> Value {
    let digest = Sha256::digest(bytes);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "type": "file", "name": path, "hashes": [{ "alg": "SHA-256", "content": digest }] })
}

/// The licences of all parts, each once, as one expression.
fn licences(own: &[Option<String>], releases: &[Release<'_>]) -> Value {
    let mut all: Vec<&String> = Vec::new();
    let named = own.iter().chain(releases.iter().map(|release| &release.licence));
    for licence in named.flatten() {
        if !all.contains(&licence) {
            all.push(licence);
        }
    }
    let all: Vec<String> = match all.as_slice() {
        [one] => vec![(*one).clone()],
        // A part with operators of its own goes into parentheses.
        several => several
            .iter()
            .map(|licence| match licence.contains(' ') {
                true => format!("({licence})"),
                false => (*licence).clone(),
            })
            .collect(),
    };
    json!([{ "expression": all.join(" AND ") }])
}

#[cfg(test)]
mod tests {
    use super::licences;

    #[test]
    fn the_expression_has_every_licence_once() {
        let own = |names: &[&str]| -> Vec<Option<String>> {
            names.iter().map(|name| Some((*name).to_owned())).collect()
        };
        assert_eq!(licences(&own(&["MIT", "MIT"]), &[])[0]["expression"], "MIT");
        assert_eq!(
            licences(&own(&["MIT", "Apache-2.0 OR ISC"]), &[])[0]["expression"],
            "MIT AND (Apache-2.0 OR ISC)"
        );
    }
}
