//! The bill of materials of every package is valid, complete and true.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tests::cases;
use tests::locations::{files_ending_with, repository};
use tests::suite::Case;
use tests::tools::{Tools, run};

pub const CASES: &[Case<()>] = cases![
    the_bill_of_materials_is_valid_by_its_schema,
    the_bill_of_materials_names_every_file_once_with_its_hash,
    the_bill_of_materials_names_what_the_package_was_made_of,
];

/// The name of the bill in a package.
const SBOM: &str = "sbom.cdx.json";

/// Reads each named document and validates it against the schema of CycloneDX.
const VALIDATE: &str = "
const { readFileSync } = require('node:fs');
const { Spec, Validation } = require('@cyclonedx/cyclonedx-library');
(async () => {
  for (const path of process.argv.slice(1)) {
    const text = readFileSync(path, 'utf8');
    const validator = new Validation.JsonStrictValidator(JSON.parse(text).specVersion);
    const wrong = await validator.validate(text);
    if (wrong !== null) throw new Error(path + JSON.stringify(wrong));
    if ((await validator.validate(text.replace('\"library\"', '\"libary\"'))) === null) throw new Error('nothing was validated');
  }
})();
";

fn the_bill_of_materials_is_valid_by_its_schema((): &()) -> Result<()> {
    let mut node = Tools::get()?.node();
    node.env("NODE_PATH", Tools::checks()?).args(["--eval", VALIDATE, "--"]);
    run(node.args(packages()?.iter().map(|package| package.join(SBOM))))
}

fn the_bill_of_materials_names_every_file_once_with_its_hash((): &()) -> Result<()> {
    for package in packages()? {
        let mut files = BTreeMap::new();
        for path in files_ending_with(&package, "")? {
            let name = path.strip_prefix(&package)?.to_string_lossy().into_owned();
            if name != SBOM && !name.ends_with(".tgz") {
                let hash = Sha256::digest(fs::read(&path)?);
                let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                files.insert(name, hash);
            }
        }
        for component in list(&read(&package.join(SBOM))?["components"]) {
            for file in list(&component["components"]) {
                let name = file["name"].as_str().context("a file without a name")?;
                let hash =
                    files.remove(name).with_context(|| format!("not there, or twice: {name}"))?;
                ensure!(file["hashes"][0]["content"] == hash, "{name} has another hash");
            }
        }
        ensure!(files.is_empty(), "{}: not in it: {files:?}", package.display());
    }
    Ok(())
}

fn the_bill_of_materials_names_what_the_package_was_made_of((): &()) -> Result<()> {
    for package in packages()? {
        let (sbom, record) = (read(&package.join(SBOM))?, read(&package.join("upstream.json"))?);
        let manifest = read(&package.join("package.json"))?;
        let ours = &sbom["metadata"]["component"];
        ensure!(ours["name"] == manifest["name"] && ours["version"] == manifest["version"]);
        let named: Vec<(&Value, &Value)> = list(&sbom["components"])
            .filter(|component| component.get("hashes").is_some())
            .map(|component| (&component["name"], &component["version"]))
            .collect();
        let made_of = std::iter::once(&record["upstream"]).chain(list(&record["vendored"]));
        let made_of: Vec<(&Value, &Value)> =
            made_of.map(|release| (&release["package"], &release["version"])).collect();
        ensure!(named == made_of, "{}: {named:?}", package.display());
    }
    Ok(())
}

/// The folders of all built packages.
fn packages() -> Result<Vec<PathBuf>> {
    let mut packages = Vec::new();
    for manifest in files_ending_with(&repository().join("adapters"), "/package.json")? {
        packages.extend(manifest.parent().map(Path::to_path_buf));
    }
    ensure!(!packages.is_empty(), "nothing is built");
    Ok(packages)
}

fn read(path: &Path) -> Result<Value> {
    serde_json::from_slice(&fs::read(path)?).with_context(|| path.display().to_string())
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
