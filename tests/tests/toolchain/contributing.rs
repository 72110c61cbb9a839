//! The pages for contributors: their commands work, and their statements are true.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use tests::checkout::Checkout;
use tests::locations::repository;
use tests::tools::run;

use crate::page_commands::is_run;
use crate::pages::blocks;

const CONTRIBUTING: &str = "CONTRIBUTING.md";

#[test]
fn a_newcomer_gets_from_a_clone_to_a_merged_patch() -> Result<()> {
    let checkout = Checkout::copy("contributing")?;
    let root = checkout.root();
    // The repository to clone, and the target for pushed branches.
    let git = |arguments: &[&str]| run(&mut git(root, arguments));
    git(&["init", "--quiet"])?;
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "--message", "Begin"])?;
    git(&["init", "--quiet", "--bare", ".git/origin.git"])?;
    git(&["remote", "add", "origin", ".git/origin.git"])?;

    let mut seen = 0;
    for block in blocks(CONTRIBUTING)? {
        match block.language.as_str() {
            "toml" => fs::write(root.join(block.file()?), &block.text)?,
            "sh" => {
                for line in block.text.lines() {
                    follow(&checkout, line).with_context(|| line.to_owned())?;
                    seen += 1;
                }
            }
            other => bail!("nobody has said how a block of `{other}` is tested"),
        }
    }
    ensure!(seen > 15, "only {seen} commands were found");
    Ok(())
}

/// Follows a line of the page and checks the result that the page describes.
fn follow(checkout: &Checkout, line: &str) -> Result<()> {
    let (command, code) = match line.split_once(" # ends with ") {
        Some((command, code)) => (command, code.parse()?),
        None => (line, 0),
    };
    let mut command = match command.split_once(' ').context("no arguments")? {
        // The copy replaces the clone.
        ("git", rest) if rest.starts_with("clone ") => return Ok(()),
        ("cd", _) => return Ok(()),
        ("git", rest) => git(checkout.root(), &words(rest)),
        ("cargo", rest) => {
            let mut arguments = words(rest.strip_prefix("xtask ").context("another cargo")?);
            let help = (!is_run(arguments[0])).then_some("--help");
            arguments.extend(help);
            checkout.xtask(&arguments)
        }
        (other, _) => bail!("nobody has said how `{other}` is tested"),
    };
    let output = command.output()?;
    let told = [output.stdout.as_slice(), &output.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    ensure!(output.status.code() == Some(code), "{}\n{told}", output.status);
    Ok(())
}

/// Splits a command into words, of which one may be quoted.
fn words(command: &str) -> Vec<&str> {
    let parts = command.split('"').enumerate();
    let words = parts.flat_map(|(at, part)| match at % 2 {
        0 => part.split_whitespace().collect(),
        _ => vec![part],
    });
    words.collect()
}

fn git(root: &Path, arguments: &[&str]) -> Command {
    let mut git = Command::new("git");
    git.current_dir(root).args(["-c", "user.name=A", "-c", "user.email=a@example.invalid"]);
    git.args(arguments);
    git
}

#[test]
fn the_supported_lines_are_those_of_the_pins() -> Result<()> {
    let page = fs::read_to_string(repository().join("SECURITY.md"))?;
    let pins: toml::Table =
        toml::from_str(&fs::read_to_string(repository().join("upstream/upstream.toml"))?)?;
    let rows = page.lines().filter(|line| line.starts_with("| ")).skip(2);
    let mut named: Vec<String> = rows.map(str::to_owned).collect();
    let mut pinned = Vec::new();
    for (name, line) in &pins {
        let tag = line["tag"].as_str().context("a line without a tag")?;
        pinned.push(format!("| {} | `{tag}` |", name.trim_start_matches("astro")));
    }
    named.sort();
    pinned.sort();
    ensure!(named == pinned, "SECURITY.md has {named:?}, pinned are {pinned:?}");
    Ok(())
}

#[test]
fn the_pages_name_the_repository_and_the_rust_that_the_manifest_names() -> Result<()> {
    let manifest: toml::Table =
        toml::from_str(&fs::read_to_string(repository().join("Cargo.toml"))?)?;
    let package = &manifest["workspace"]["package"];
    let address = package["repository"].as_str().context("no repository")?;
    let rust = package["rust-version"].as_str().context("no version of Rust")?;
    let read = |page: &str| fs::read_to_string(repository().join(page));
    let contributing = read(CONTRIBUTING)?;
    ensure!(contributing.contains(&format!("git clone {address}\n")), "another repository");
    ensure!(contributing.contains(&format!(" {rust} or newer,")), "another Rust");
    let report = format!("{address}/security/advisories/new");
    for page in ["SECURITY.md", ".github/ISSUE_TEMPLATE/config.yml"] {
        ensure!(read(page)?.contains(&report), "{page} leads reports elsewhere");
    }
    Ok(())
}

#[test]
fn the_forms_for_issues_name_every_package() -> Result<()> {
    for runtime in fs::read_dir(repository().join("adapters"))? {
        let description = fs::read_to_string(runtime?.path().join("adapter.toml"))?;
        let description: toml::Table = toml::from_str(&description)?;
        let name = description["package"]["name"].as_str().context("a package without a name")?;
        for form in ["bug", "feature"] {
            let form = format!(".github/ISSUE_TEMPLATE/{form}.yml");
            let text = fs::read_to_string(repository().join(&form))?;
            ensure!(text.contains(&format!("        - {name}\n")), "{form} does not name {name}");
        }
    }
    Ok(())
}

/// Source: <https://keepachangelog.com/en/1.1.0/>.
#[test]
fn the_changelog_has_its_form() -> Result<()> {
    let changelog = fs::read_to_string(repository().join("CHANGELOG.md"))?;
    let kinds = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
    let headings = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    for (at, heading) in headings.enumerate() {
        if at == 0 {
            ensure!(heading == "[Unreleased]", "{heading} comes first");
            continue;
        }
        let (version, day) = heading.split_once(" - ").with_context(|| heading.to_owned())?;
        let numbers = version.trim_matches(['[', ']']).split('.');
        ensure!(numbers.clone().count() == 3, "{heading}");
        ensure!(numbers.chain(day.split('-')).all(|part| part.parse::<u32>().is_ok()), "{heading}");
    }
    for kind in changelog.lines().filter_map(|line| line.strip_prefix("### ")) {
        ensure!(kinds.contains(&kind), "{kind}");
    }
    Ok(())
}
