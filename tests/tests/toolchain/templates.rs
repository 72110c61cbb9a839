//! The TypeScript of this repository before it is built in: types, style, unit tests.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use tests::locations::{files_ending_with, repository};
use tests::project::Project;
use tests::tools::{Tools, run};
use tests::unit_tests::{WITH_SERVER, test_files, test_files_with};

#[test]
fn the_templates_are_formatted_and_pass_the_linter() -> Result<()> {
    let tools = Tools::get()?;
    run(tools.biome().current_dir(templates()).args(["ci", "--colors=off", "."]))
}

#[test]
fn the_test_projects_and_examples_are_formatted_and_pass_the_linter() -> Result<()> {
    let tools = Tools::get()?;
    let projects = repository().join("tests/projects");
    run(tools
        .biome()
        .arg("ci")
        .arg("--colors=off")
        .arg("--config-path")
        .arg(templates())
        .arg(projects)
        .arg(repository().join("examples")))
}

/// Whoever copies an example copies its layout as well.
#[test]
fn the_examples_with_a_layout_have_the_same_one() -> Result<()> {
    let examples = repository().join("examples");
    let layouts = files_ending_with(&examples, "layouts/Page.astro")?;
    let first = layouts.first().map(fs::read_to_string).transpose()?;
    ensure!(first.is_some(), "no layout in {}", examples.display());
    for layout in &layouts {
        ensure!(first == Some(fs::read_to_string(layout)?), "{} differs", layout.display());
    }
    Ok(())
}

#[test]
fn the_templates_type_check() -> Result<()> {
    let project = Project::install("node")?;
    let templates = project.templates("templates-to-check")?;
    let check =
        |folder: &Path| run(project.tools().tsc().args(["--pretty", "false", "-p"]).arg(folder));
    check(&templates)?;
    // It runs in a page, with other global types.
    check(&templates.join("inspector/app"))
}

#[test]
fn the_unit_tests_of_the_templates_pass() -> Result<()> {
    let project = Project::install("node")?;
    let templates = project.templates("templates-to-test")?;
    // The suite of Node starts the servers of the others.
    let mut files = files_ending_with(&templates, ".test.ts")?;
    files.retain(|file| !file.to_string_lossy().ends_with(WITH_SERVER));
    ensure!(!files.is_empty(), "no `*.test.ts` in templates/");
    let tested = test_files(project.tools(), &templates, &files)?;
    let untested: Vec<&PathBuf> = files.iter().filter(|file| !tested.contains(file)).collect();
    ensure!(untested.is_empty(), "these files hold no test: {untested:#?}");
    Ok(())
}

#[test]
fn a_test_file_without_a_test_does_not_count_as_tested() -> Result<()> {
    let project = Project::install("node")?;
    let folder = tempfile::tempdir()?;
    let texts = [
        ("tested", "import { test } from 'node:test';\ntest('it holds', () => {});\n"),
        ("helpers", "export const helper = 1;\n"),
        ("empty", "import { describe } from 'node:test';\ndescribe('nothing', () => {});\n"),
        ("skipped", "import { test } from 'node:test';\ntest.skip('later', () => {});\n"),
    ];
    for (name, text) in texts {
        fs::write(folder.path().join(format!("{name}.test.ts")), text)?;
    }
    let root = folder.path().canonicalize()?;
    let tested = test_files(project.tools(), &root, &files_ending_with(&root, ".test.ts")?)?;
    ensure!(tested == [root.join("tested.test.ts")], "{tested:#?}");
    Ok(())
}

#[test]
fn a_test_file_that_something_keeps_running_fails_in_time() -> Result<()> {
    let tools = Tools::get()?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().canonicalize()?.join("open.test.mjs");
    let text = "import { test } from 'node:test';\n\
                test('it holds', () => {});\n\
                setInterval(() => {}, 1000);\n";
    fs::write(&file, text)?;
    let limit = [("TEST_FILE_LIMIT", "500")];
    let Err(error) = test_files_with(&tools, folder.path(), &[file], &limit) else {
        bail!("the file passes");
    };
    let told = format!("{error:#}");
    ensure!(told.contains("The file still ran after 500 ms."), "{told}");
    Ok(())
}

fn templates() -> PathBuf {
    repository().join("templates")
}
