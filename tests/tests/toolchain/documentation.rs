//! The documentation as a site: it builds, its links lead somewhere, and it has every page.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use tests::checkout::Checkout;
use tests::locations::{files_ending_with, target};
use tests::tools::run;

use crate::pages::pages;

/// The project of the site.
const SITE: &str = "docs/site";

/// The repository, whose pages on GitHub are the site.
const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

/// Uploads the site.
const WORKFLOW: &str = ".github/workflows/docs.yml";

/// Pages that the site does not have, with the reason.
const NOT_ON_THE_SITE: [(&str, &str); 4] = [
    ("README.md", "the start page of the site replaces it"),
    (".github/", "templates of the forge"),
    ("docs/decisions/", "only their list is there; it links to the repository"),
    ("examples/", "each describes the folder that it is in"),
];

#[test]
fn the_documentation_builds_and_its_links_lead_somewhere() -> Result<()> {
    let checkout = Checkout::copy("documentation")?;
    let site = checkout.root().join(SITE);
    // The tools of the site are installed once for all checkouts.
    run(checkout.xtask(["docs"]).env("CARGO_TARGET_DIR", target()))?;
    let built = site.join("dist");
    let workflow = fs::read_to_string(checkout.root().join(WORKFLOW))?;
    ensure!(
        workflow.contains(&format!("path: {SITE}/dist\n")),
        "{WORKFLOW} uploads something else"
    );
    let (owner, name) = owner_and_name()?;
    let home = format!("https://{owner}.github.io/{name}/");
    let sitemap = fs::read_to_string(built.join("sitemap-0.xml"))?;
    ensure!(sitemap.contains(&format!("<loc>{home}</loc>")), "{sitemap}");
    let base = format!("/{name}");
    let mut links = 0;
    let mut broken = BTreeSet::new();
    for page in files_ending_with(&built, ".html")? {
        let html = fs::read_to_string(&page)?;
        // In a code block, `src` is text.
        let images = html.split("<img ").skip(1).flat_map(|image| attributes(image, "src").take(1));
        for link in attributes(&html, "href").chain(images).filter(|link| !link.contains(':')) {
            if let Err(reason) = leads_somewhere(&built, &base, &page, &link) {
                let page = page.strip_prefix(&built)?.display();
                broken.insert(format!("{page} links to {link}: {reason}"));
            }
            links += 1;
        }
    }
    ensure!(broken.is_empty(), "{broken:#?}");
    ensure!(links > 500, "only {links} links were found");
    ensure!(built.join("pagefind/pagefind.js").is_file(), "the site has no search");
    Ok(())
}

#[test]
fn every_page_is_on_the_site_or_has_a_reason() -> Result<()> {
    let listed = fs::read_to_string(tests::locations::repository().join(SITE).join("pages.mjs"))?;
    let listed: BTreeSet<&str> =
        listed.split("file: '").skip(1).filter_map(|rest| rest.split('\'').next()).collect();
    for page in pages()? {
        let is_left_out = NOT_ON_THE_SITE.iter().any(|(start, _)| page.starts_with(start));
        ensure!(
            listed.contains(page.as_str()) || is_left_out,
            "{SITE}/pages.mjs does not list {page}"
        );
    }
    Ok(())
}

/// The owner and the name of the repository.
fn owner_and_name() -> Result<(&'static str, &'static str)> {
    let path = REPOSITORY.strip_prefix("https://github.com/");
    path.and_then(|path| path.split_once('/')).context(REPOSITORY)
}

/// The values of an attribute.
fn attributes<'h>(html: &'h str, name: &str) -> impl Iterator<Item = String> + use<'h> {
    let begin = format!(" {name}=\"");
    let values: Vec<String> = html
        .split(&begin)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .map(|value| value.replace("&#38;", "&").replace("&amp;", "&"))
        .collect();
    values.into_iter()
}

/// Whether a link of a page names a file of the site, and an element of it.
fn leads_somewhere(built: &Path, base: &str, page: &Path, link: &str) -> Result<()> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = path.split('?').next().unwrap_or_default();
    let target: PathBuf = if path.is_empty() {
        page.to_path_buf()
    } else {
        let below = path.strip_prefix(base).context("it is outside of the site")?;
        let file = built.join(below.trim_start_matches('/'));
        if file.is_dir() { file.join("index.html") } else { file }
    };
    ensure!(target.is_file(), "there is no {}", target.display());
    let is_there =
        anchor.is_empty() || attributes(&fs::read_to_string(&target)?, "id").any(|id| id == anchor);
    ensure!(is_there, "there is no such heading");
    Ok(())
}
