//! The types visible to a site: the package's declarations, and a program that uses them.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tests::locations::files_ending_with;
use tests::pins::major;
use tests::project::Project;
use tests::tools::run;

/// The package names of the adapters.
const PACKAGE: &str = "zastro-websockets-node";
const CLOUDFLARE: &str = "zastro-websockets-cloudflare";

/// The folder of a package with the modules that are not upstream's.
const OURS: &str = "dist/websocket";

/// Errors in upstream's declarations that are not ours to fix. One is a virtual module that the
/// package declares only for itself. The other is Astro's generated file, which Astro's own
/// configurations do not check.
const WRONG_UPSTREAM: [&str; 2] =
    ["Cannot find module 'virtual:astro-node:config'", ".astro/content.d.ts("];

/// The error in pages with sessions before Astro 5.
const NO_SESSIONS: &str = "Property 'session' does not exist on type 'APIContext<";

#[test]
fn a_site_type_checks_without_a_cast_and_without_set_up() -> Result<()> {
    let project = Project::install("node")?;
    let app = project.app("types")?;
    run(&mut app.astro(["sync"]))?;
    let errors = errors_of(project.tools().tsc().current_dir(app.root()).args(["-p", "."]))?;
    ensure!(errors.is_empty(), "{errors:#?}");
    Ok(())
}

#[test]
fn a_site_that_checks_declarations_finds_nothing_wrong_in_ours() -> Result<()> {
    let project = Project::install("node")?;
    let app = project.app("types-of-libraries")?;
    run(&mut app.astro(["sync"]))?;
    let errors = errors_of(
        with_types_of_node(project.tools().tsc(), &project).current_dir(app.root()).args([
            "-p",
            ".",
            "--skipLibCheck",
            "false",
        ]),
    )?;
    let ours: Vec<&String> = errors.iter().filter(|error| is_ours(error)).collect();
    ensure!(ours.is_empty(), "{ours:#?}");
    Ok(())
}

#[test]
fn every_declaration_of_the_package_type_checks_by_itself() -> Result<()> {
    let project = Project::install("node")?;
    let package = project.folder().join("node_modules").join(PACKAGE);
    let files = files_ending_with(&package.join("dist"), ".d.ts")?;
    ensure!(!files.is_empty(), "no declarations in {}", package.display());
    let errors = errors_of(
        with_types_of_node(project.tools().tsc(), &project)
            .current_dir(project.folder())
            .args(["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "false"])
            // No DOM, as on a server.
            .args(["--module", "nodenext", "--target", "es2023", "--lib", "es2023"])
            .args(&files),
    )?;
    let ours: Vec<&String> = errors.iter().filter(|error| is_ours(error)).collect();
    ensure!(ours.is_empty(), "{ours:#?}");
    Ok(())
}

#[test]
fn a_site_on_cloudflare_type_checks_beside_the_types_that_wrangler_makes() -> Result<()> {
    let project = Project::install("cloudflare")?;
    let app = project.app("types")?;
    if major()? < 7 {
        // Workers that compose Astro's handlers themselves.
        for entry in ["fetch.ts", "hono.ts", "fetch-file.ts"] {
            fs::remove_file(app.root().join("src/entries").join(entry))?;
        }
    }
    if major()? < 5 {
        // That package's wrangler generates the types of bindings, but not those of the runtime.
        fs::remove_file(app.root().join("src/room.ts"))?;
    }
    run(&mut app.astro(["sync"]))?;
    run(&mut app.wrangler(["types"]))?;
    let errors = errors_of(project.tools().tsc().current_dir(app.root()).args(["-p", "."]))?;
    ensure!(errors.is_empty(), "{errors:#?}");
    Ok(())
}

/// Our declarations neither need nor conflict with the site's Worker types.
#[test]
fn our_declarations_for_cloudflare_type_check_with_the_types_of_workers_and_without() -> Result<()>
{
    let project = Project::install("cloudflare")?;
    let app = project.app("types-of-workers")?;
    run(&mut app.wrangler(["types"]))?;
    let package = project.folder().join("node_modules").join(CLOUDFLARE);
    let files = files_ending_with(&package.join(OURS), ".d.ts")?;
    ensure!(!files.is_empty(), "no declarations in {}", package.display());
    let workers = app.root().join("worker-configuration.d.ts");
    for types in [None, Some(workers)] {
        let errors = errors_of(
            with_types_of_node(project.tools().tsc(), &project)
                .current_dir(project.folder())
                .args(["--ignoreConfig", "--noEmit", "--strict", "--skipLibCheck", "false"])
                .args(["--module", "nodenext", "--target", "es2023", "--lib", "es2023"])
                .args(&files)
                .args(&types),
        )?;
        let ours = errors.iter().filter(|error| error.contains(&format!("{CLOUDFLARE}/{OURS}/")));
        let ours: Vec<&String> = ours.collect();
        ensure!(ours.is_empty(), "{types:?}: {ours:#?}");
    }
    Ok(())
}

fn with_types_of_node(mut tsc: Command, project: &Project) -> Command {
    tsc.args(["--types", "node", "--typeRoots"]).arg(project.tools().modules().join("@types"));
    tsc
}

/// TypeScript's errors, one line each.
pub fn errors_of(tsc: &mut Command) -> Result<Vec<String>> {
    let output = tsc.args(["--pretty", "false"]).output().context("cannot run TypeScript")?;
    let text = String::from_utf8(output.stdout)?;
    let has_sessions = major()? >= 5;
    let mut errors: Vec<String> = text
        .lines()
        .filter(|line| line.contains(": error TS") || line.starts_with("error "))
        .map(str::to_owned)
        .collect();
    ensure!(
        output.status.success() || !errors.is_empty(),
        "TypeScript failed without an error: {text}"
    );
    errors.retain(|error| has_sessions || !error.contains(NO_SESSIONS));
    Ok(errors)
}

/// Whether an error is in the site or in the package, not in upstream's files.
fn is_ours(error: &str) -> bool {
    let file = error.split('(').next().unwrap_or_default();
    let is_elsewhere =
        file.contains("node_modules/") && !file.contains(&format!("node_modules/{PACKAGE}/"));
    !is_elsewhere && !WRONG_UPSTREAM.iter().any(|known| error.contains(known))
}
