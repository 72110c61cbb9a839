//! The pages for users: how the tests read them, and what holds for all of them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tests::locations::repository;

pub use tests::page::{Block, blocks};

pub const README: &str = "README.md";
pub const PUBLISHING: &str = "docs/publishing.md";
pub const ARCHITECTURE: &str = "ARCHITECTURE.md";
pub const COMMANDS: &str = "docs/commands.md";
pub const PATCHES: &str = "docs/patches.md";
pub const ADDING_A_RUNTIME: &str = "docs/adding-a-runtime.md";
pub const VERSIONS: &str = "docs/versions.md";
pub const NODE: &str = "adapters/node/README.md";
pub const CLOUDFLARE: &str = "adapters/cloudflare/README.md";
pub const PROXIES: &str = tests::proxy::PAGE;
pub const REALTIME: &str = "docs/realtime.md";

/// The commands between backticks, inside and outside of blocks.
pub fn commands(page: &str, program: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(repository().join(page))?;
    let in_blocks = text.lines().filter(|line| line.starts_with(program)).map(str::to_owned);
    let inline = text.split('`').filter(|span| span.starts_with(program)).map(str::to_owned);
    Ok(in_blocks.chain(inline).collect())
}

/// Lines of the README. A newcomer reads it to the end.
const MOST_LINES: usize = 150;

/// Bytes of a picture on a page.
const LARGEST_PICTURE: u64 = 60 * 1024;

/// Columns of a line of a page, as in the code.
const MOST_COLUMNS: usize = 120;

/// Every page of the repository, by its path.
pub fn pages() -> Result<Vec<String>> {
    let files = Command::new("git")
        .current_dir(repository())
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "*.md"])
        .output()?;
    let files = String::from_utf8(files.stdout)?;
    // The test projects have pages of other people's.
    let pages = files.lines().filter(|file| !file.starts_with("tests/"));
    Ok(pages.filter(|file| repository().join(file).exists()).map(str::to_owned).collect())
}

/// The targets of a page's links.
fn links(page: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(repository().join(page))?;
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    Ok(links.map(str::to_owned).collect())
}

/// Links to files of this repository lead somewhere.
#[test]
fn links_between_the_pages_lead_somewhere() -> Result<()> {
    for page in pages()? {
        let path = repository().join(&page);
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        for link in links(&page)?.iter().filter(|link| !link.starts_with("http")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { folder.join(file) };
            ensure!(target.exists(), "{page} links to {link}");
            let is_there = anchor.is_empty() || anchors(&target)?.contains(anchor);
            ensure!(is_there, "{page} links to {link}, and there is no such heading");
        }
    }
    Ok(())
}

#[test]
fn pictures_on_the_pages_are_there_and_small() -> Result<()> {
    let mut seen = 0;
    for page in pages()? {
        let path = repository().join(&page);
        let text = fs::read_to_string(&path)?;
        // GitHub takes HTML for a picture that differs in the dark.
        let tags =
            text.split('<').filter(|tag| tag.starts_with("img ") || tag.starts_with("source "));
        let of_html = tags.filter_map(|tag| {
            let (_, rest) = tag.split_once("src=\"").or_else(|| tag.split_once("srcset=\""))?;
            rest.split('"').next()
        });
        let linked = links(&page)?;
        let linked = linked.iter().map(String::as_str);
        let is_picture =
            |file: &&str| [".webp", ".png", ".svg"].iter().any(|end| file.ends_with(end));
        for file in linked.chain(of_html).filter(is_picture) {
            let picture = path.parent().map(|folder| folder.join(file)).unwrap_or_default();
            let size =
                fs::metadata(&picture).with_context(|| format!("{page} shows {file}"))?.len();
            ensure!(size <= LARGEST_PICTURE, "{file} has {size} bytes");
            seen += 1;
        }
    }
    ensure!(seen > 6, "only {seen} pictures were found");
    Ok(())
}

#[test]
fn every_page_is_two_links_away_from_the_readme() -> Result<()> {
    let mut near: BTreeSet<PathBuf> = BTreeSet::from([PathBuf::from(README)]);
    for _ in 0..2 {
        let mut next = near.clone();
        for page in near.iter().filter(|page| page.extension().is_some_and(|end| end == "md")) {
            let folder = page.parent().unwrap_or(Path::new(""));
            for link in links(&page.display().to_string())? {
                let file = link.split('#').next().unwrap_or_default();
                if !file.is_empty() && !file.starts_with("http") {
                    next.insert(plain(&folder.join(file)));
                }
            }
        }
        near = next;
    }
    for page in pages()?.iter().filter(|page| !page.starts_with(".github/")) {
        ensure!(near.contains(Path::new(page)), "{page} is more than two links from {README}");
    }
    let accepting = "templates/node/handshake/accept.ts";
    ensure!(near.contains(Path::new(accepting)), "{accepting} is more than two links away");
    Ok(())
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

#[test]
fn the_readme_is_short_and_the_lines_of_the_pages_are_too() -> Result<()> {
    let readme = fs::read_to_string(repository().join(README))?.lines().count();
    ensure!(readme <= MOST_LINES, "{README} has {readme} lines");
    for page in pages()? {
        for (number, line) in fs::read_to_string(repository().join(&page))?.lines().enumerate() {
            let columns = line.chars().count();
            ensure!(columns <= MOST_COLUMNS, "{page}:{} has {columns} columns", number + 1);
        }
    }
    Ok(())
}

/// `cargo xtask lint` holds the imports of the code against the same list.
#[test]
fn the_rooms_on_the_page_are_those_of_the_list_in_its_order() -> Result<()> {
    let text = fs::read_to_string(repository().join(ARCHITECTURE))?;
    let (_, table) = text.split_once("| room | contents | door |").context("no rooms")?;
    let rows = table.lines().skip(2).map_while(|row| row.strip_prefix("| `")?.split('`').next());
    let named: Vec<&str> = rows.collect();
    let list: toml::Table =
        toml::from_str(&fs::read_to_string(repository().join("xtask/rooms.toml"))?)?;
    let listed = list["templates"]["order"].as_array().context("no list of rooms")?;
    // The page begins below, where nothing is imported.
    let listed: Vec<&str> = listed.iter().rev().filter_map(toml::Value::as_str).collect();
    ensure!(named == listed, "{ARCHITECTURE} names {named:?}, the list has {listed:?}");
    Ok(())
}

/// What the headings of a page are linked by, as GitHub makes it of their text.
fn anchors(page: &Path) -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(page)?;
    let headings = text.lines().filter(|line| line.starts_with('#'));
    Ok(headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept =
                heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect())
}
