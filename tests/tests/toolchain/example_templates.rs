//! The examples as templates of `npm create astro`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, anyhow, ensure};
use serde::Deserialize;
use tempfile::TempDir;
use tests::checkout::tracked;
use tests::locations::{files_ending_with, repository};
use tests::pins::{Pin, pins};
use tests::tools::{Tools, run};

use crate::pages::commands;

/// The folder of all examples, and the page in it.
const EXAMPLES: &str = "examples";
const PAGE: &str = "examples/README.md";

/// What the command on the page begins with, and the example that it names.
const CREATE: &str = "npm create astro@latest -- --template ";
const NAMED: &str = "chat";

/// Where the repository is public.
const HOST: &str = "https://github.com/";

/// The adapter of the examples.
pub const ADAPTER: &str = "zastro-websockets-node";

/// What create-astro changes.
const MANIFEST: &str = "package.json";
const README: &str = "README.md";

/// The examples as GitHub sends them.
pub struct Templates {
    folder: TempDir,
}

impl Templates {
    /// Copies what git knows of them.
    pub fn copy() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        for file in tracked()?.iter().filter(|file| file.starts_with(EXAMPLES)) {
            let source = repository().join(file);
            if source.is_file() {
                let copy = folder.path().join("repository").join(file);
                fs::create_dir_all(copy.parent().unwrap_or(folder.path()))?;
                fs::copy(source, copy)?;
            }
        }
        Ok(Self { folder })
    }

    /// Creates a site from an example by the command on the page, and answers its questions. Returns
    /// the folder of the site.
    pub fn create(&self, tools: &Tools, example: &str, parent: &Path) -> Result<PathBuf> {
        let command = commands(PAGE, CREATE)?.pop().context("the page does not say how")?;
        let template = command.trim_start_matches(CREATE).replace(NAMED, example);
        let repository_name = env!("CARGO_PKG_REPOSITORY").trim_start_matches(HOST);
        let own = format!("{repository_name}/{EXAMPLES}/{example}");
        ensure!(template == own, "the page names {template}, the example is {own}");
        let mut create = tools.node();
        create
            .current_dir(parent)
            .env("XDG_CACHE_HOME", parent.join(format!("{example}-cache")))
            .arg(repository().join("tests/projects/create-astro.mjs"))
            .arg(Tools::of("tests/tools/templates")?)
            .arg(self.folder.path())
            .args([example, "--template", &template])
            .args(["--yes", "--no-install", "--no-git", "--no-ai", "--skip-houston"]);
        run(&mut create)?;
        Ok(parent.join(example))
    }
}

#[derive(Deserialize)]
struct Manifest {
    name: String,
    private: Option<bool>,
    dependencies: BTreeMap<String, String>,
}

#[test]
fn every_example_is_a_template_for_create_astro() -> Result<()> {
    let tools = Tools::get()?;
    let templates = Templates::copy()?;
    let folder = tempfile::tempdir()?;
    let examples = examples()?;
    ensure!(examples.len() >= 6, "{examples:?}");
    // Each waits most of the time: create-astro shows its steps to a person.
    let created = thread::scope(|scope| {
        let created: Vec<_> = examples
            .iter()
            .map(|example| scope.spawn(|| templates.create(&tools, example, folder.path())))
            .collect();
        created.into_iter().map(|site| site.join()).collect::<Vec<_>>()
    });
    for (example, site) in examples.iter().zip(created) {
        let site = site.map_err(|_| anyhow!("the creation of {example} has panicked"))??;
        is_whole(example, &site).with_context(|| example.clone())?;
    }
    Ok(())
}

#[test]
fn the_page_of_the_examples_lists_each() -> Result<()> {
    let page = fs::read_to_string(repository().join(PAGE))?;
    for example in examples()? {
        ensure!(page.contains(&format!("]({example}/{README})")), "{PAGE} does not list {example}");
    }
    Ok(())
}

/// A site has the files of its example, and needs nothing around it.
fn is_whole(example: &str, site: &Path) -> Result<()> {
    let source = repository().join(EXAMPLES).join(example);
    let tracked = tracked()?;
    let own: BTreeSet<&Path> = tracked
        .iter()
        .filter_map(|file| file.strip_prefix(EXAMPLES).ok()?.strip_prefix(example).ok())
        .collect();
    let found = files_ending_with(site, "")?;
    let found: BTreeSet<&Path> =
        found.iter().filter_map(|file| file.strip_prefix(site).ok()).collect();
    ensure!(found == own, "it has {found:?}, the example {own:?}");
    for file in own.iter().filter(|file| ![MANIFEST, README].map(Path::new).contains(file)) {
        let (copied, original) = (fs::read(site.join(file))?, fs::read(source.join(file))?);
        ensure!(copied == original, "{} is another", file.display());
    }
    let page = fs::read_to_string(site.join(README))?;
    ensure!(!page.contains("../"), "its page leads out of the site: {page}");
    let ignored = fs::read_to_string(site.join(".gitignore"))?;
    for output in ["node_modules/", "dist/", ".astro/", ".env"] {
        ensure!(ignored.lines().any(|line| line == output), "git takes {output}");
    }

    let manifest: Manifest = serde_json::from_slice(&fs::read(site.join(MANIFEST))?)?;
    ensure!(manifest.name == example && manifest.private.is_none(), "it is {}", manifest.name);
    // Every version of the adapter is a prerelease, which no range of Astro's style matches.
    let astro = &manifest.dependencies["astro"];
    let Pin { tag, .. } = pin_in(astro)?;
    let adapter = manifest.dependencies.get(ADAPTER).context("it has no adapter")?;
    ensure!(*adapter == tag, "it has {ADAPTER} {adapter}, and Astro {astro} has {tag}");
    Ok(())
}

/// The pin of the Astro in a range.
fn pin_in(range: &str) -> Result<Pin> {
    let range: semver::VersionReq = range.parse()?;
    let mut pins = pins()?.into_values();
    let found = pins.find(|pin| pin.astro.parse().is_ok_and(|astro| range.matches(&astro)));
    found.with_context(|| format!("no pin is in {range}"))
}

/// The names of the examples.
fn examples() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(repository().join(EXAMPLES))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
