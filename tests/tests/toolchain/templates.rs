//! The TypeScript of this repository before it is built in: types, style, unit tests.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use tests::locations::{files_ending_with, repository};
use tests::project::Project;
use tests::tools::{Tools, run};

/// How long a file of unit tests may take on a busy machine.
const LONGEST_FILE: Duration = Duration::from_secs(120);

#[test]
fn the_templates_are_formatted_and_pass_the_linter() -> Result<()> {
    let tools = Tools::get()?;
    run(tools.biome().current_dir(templates()).args(["ci", "--colors=off", "."]))
}

#[test]
fn the_projects_of_the_tests_are_held_to_the_same() -> Result<()> {
    let tools = Tools::get()?;
    let projects = repository().join("tests/projects");
    run(tools
        .biome()
        .arg("ci")
        .arg("--colors=off")
        .arg("--config-path")
        .arg(templates())
        .arg(projects))
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
    // What waits for an event that never comes would wait with it for ever.
    let limit = format!("--test-timeout={}", LONGEST_FILE.as_millis());
    run(project.tools().node().current_dir(templates).args(["--test", &limit]).args(&files))
}

fn templates() -> PathBuf {
    repository().join("templates")
}
