//! The TypeScript of this repository before it is built in: types, style, unit tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, ensure};
use tests::locations::{files_ending_with, repository};
use tests::project::Project;
use tests::tools::{Tools, run};

/// The time limit of a unit test file on a busy machine.
const LONGEST_FILE: Duration = Duration::from_secs(120);

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

#[test]
fn the_templates_type_check() -> Result<()> {
    let project = Project::install("node")?;
    let templates = project.templates("templates-to-check")?;
    run(project.tools().tsc().args(["--pretty", "false", "-p"]).arg(templates))
}

#[test]
fn the_unit_tests_of_the_templates_pass() -> Result<()> {
    let project = Project::install("node")?;
    let templates = project.templates("templates-to-test")?;
    let files = files_ending_with(&templates, ".test.ts")?;
    ensure!(!files.is_empty(), "no `*.test.ts` in templates/");
    let tested = test(&project, &templates, &files)?;
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
    let tested = test(&project, &root, &files_ending_with(&root, ".test.ts")?)?;
    ensure!(tested == [root.join("tested.test.ts")], "{tested:#?}");
    Ok(())
}

/// Runs unit test files and returns those that contain a test.
fn test(project: &Project, folder: &Path, files: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let reporter = repository().join("tests/projects/tested-files.mjs");
    let list = tempfile::NamedTempFile::new()?;
    // Without a limit, a test that waits for a missing event would never end.
    let limit = format!("--test-timeout={}", LONGEST_FILE.as_millis());
    run(project
        .tools()
        .node()
        .current_dir(folder)
        // A failed test may leave a socket open, which would keep its file running.
        .args(["--test", "--test-force-exit", &limit])
        .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
        .arg(format!("--test-reporter={}", reporter.display()))
        .arg(format!("--test-reporter-destination={}", list.path().display()))
        .args(files))?;
    Ok(fs::read_to_string(list.path())?.lines().map(PathBuf::from).collect())
}

fn templates() -> PathBuf {
    repository().join("templates")
}
