//! The TypeScript of this repository before it is built in: types, style, unit tests.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use tests::locations::repository;
use tests::project::Project;
use tests::tools::{Tools, run};

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
    let templates = project.copy_beside_modules(&templates(), "templates-to-check")?;
    // The packages come from the project, their types from the tools: it is the nearest folder that
    // counts.
    let types = templates.join("node_modules/@types");
    if !types.exists() {
        fs::create_dir_all(templates.join("node_modules"))?;
        symlink(project.tools().modules().join("@types"), types)?;
    }
    run(project.tools().tsc().args(["--pretty", "false", "-p"]).arg(templates))
}

#[test]
fn the_unit_tests_of_the_templates_pass() -> Result<()> {
    let project = Project::install("node")?;
    let templates = project.copy_beside_modules(&templates(), "templates-to-test")?;
    let mut files = Vec::new();
    find_tests(&templates, &mut files)?;
    ensure!(!files.is_empty(), "no `*.test.ts` in templates/");
    run(project.tools().node().current_dir(templates).arg("--test").args(&files))
}

fn templates() -> PathBuf {
    repository().join("templates")
}

fn find_tests(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find_tests(&path, found)?;
        } else if path.to_string_lossy().ends_with(".test.ts") {
            found.push(path);
        }
    }
    Ok(())
}
