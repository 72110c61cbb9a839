//! Upstream in git and upstream on npm are equivalent: both forms of a release give equal packages.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tests::checkout::Checkout;
use tests::locations::files_ending_with;
use tests::tools::{Tools, run};

/// Names a clone of Astro's repository with the pinned commit.
const CLONE: &str = "UPSTREAM_GIT";

/// The path of that clone.
pub fn clone() -> Result<String> {
    std::env::var(CLONE).with_context(|| format!("{CLONE} is not set"))
}

#[test]
#[ignore = "needs UPSTREAM_GIT, which names a clone of Astro's repository"]
fn both_forms_of_a_release_give_equal_modules() -> Result<()> {
    let clone = clone()?;
    let tools = Tools::get()?;
    let from_registry = Checkout::copy("form-registry")?;
    let from_git = Checkout::copy("form-git")?;
    run(&mut from_registry.xtask(["build"]))?;
    run(&mut from_git.xtask(["build", "--upstream", &clone]))?;

    let mut compared = 0;
    for runtime in from_git.runtimes()? {
        let published = from_registry.packages(&runtime)?;
        for (line, ours) in from_git.packages(&runtime)? {
            let theirs = published.get(&line).context("other lines")?;
            // A release from another repository has no git form.
            if read(&ours.join("upstream.json"))?["upstream"]["form"] == "registry" {
                continue;
            }
            let git = normalised(&tools, &ours)?;
            let registry = normalised(&tools, theirs)?;
            ensure!(
                !git.is_empty() && git.keys().eq(registry.keys()),
                "{runtime}, {line}: other modules"
            );
            for (module, code) in &git {
                let is_equal = registry.get(module) == Some(code);
                ensure!(is_equal, "{runtime}, {line}: {} differs", module.display());
            }
            let manifest = |folder: &Path| read(&folder.join("package.json"));
            ensure!(manifest(&ours)? == manifest(theirs)?, "{runtime}, {line}: other manifests");
            compared += 1;
        }
    }
    ensure!(compared > 0, "nothing was compared");
    Ok(())
}

fn read(file: &Path) -> Result<serde_json::Value> {
    Ok(serde_json::from_slice(&fs::read(file)?)?)
}

/// The modules and declarations of a package. esbuild prints the modules, which removes differences
/// in layout, quotes and comments.
fn normalised(tools: &Tools, package: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let (source, out) = (package.join("dist"), package.with_extension("normalised"));
    let mut esbuild = tools.esbuild();
    esbuild.args(["--format=esm", "--minify-whitespace", "--target=node20", "--log-level=error"]);
    esbuild.arg("--legal-comments=none").arg(format!("--outdir={}", out.display()));
    esbuild.arg(format!("--outbase={}", source.display())).args(files_ending_with(&source, ".js")?);
    run(&mut esbuild)?;

    let mut files = BTreeMap::new();
    for (folder, ending) in [(&out, ".js"), (&source, ".d.ts")] {
        for path in files_ending_with(folder, ending)? {
            files.insert(path.strip_prefix(folder)?.to_owned(), fs::read_to_string(&path)?);
        }
    }
    Ok(files)
}
