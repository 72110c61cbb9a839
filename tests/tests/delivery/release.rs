//! The release from the tag on: every job of the workflow, in its own clone. Stand-ins replace
//! three programs of the runner.
//!
//! `cargo xtask` is the binary built for the tests. `publish` makes a dry run against an empty
//! registry. `test` does not run: its records of passed suites are written here. `rustup` and `gh`
//! only log their arguments.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha512};
use tests::cases;
use tests::checkout::Checkout;
use tests::locations::{files_ending_with, target};
use tests::suite::Case;
use tests::tools::run;

use crate::runner::Runner;
use crate::shell::xtask_calls;
use crate::workflow::File;

pub const CASES: &[Case<()>] = cases![a_tag_takes_the_packages_to_npm_and_to_github];

const CARGO: &str = "#!/bin/sh
[ \"$1\" = xtask ] || exit 1
shift
case \"$1\" in
test) exec \"$XTASK\" \"$@\" --help > /dev/null ;;
publish) shift; exec \"$XTASK\" publish --registry \"$REGISTRY\" $(printf '%s\\n' --dry-run \"$@\" | sort -u) ;;
*) exec \"$XTASK\" \"$@\" ;;
esac
";

fn a_tag_takes_the_packages_to_npm_and_to_github((): &()) -> Result<()> {
    let workflow = File::all()?.into_iter().find(|file| file.name == "release");
    let jobs = workflow.context("no workflow for releases")?.workflow.jobs;
    let job = |name: &str| jobs.get(name).with_context(|| format!("no job `{name}`"));
    let runner = prepare()?;
    let nothing = |_: &Path, _: &str| Ok(());

    let plan = runner.job("plan", job("plan")?, &Value::Null, nothing)?;
    let matrix: Value = serde_json::from_str(plan.outputs.get("matrix").context("no matrix")?)?;
    let notes = fs::read_to_string(plan.folder.join("target/notes.md"))?;
    ensure!(notes.contains("## Packages") && notes.contains("`zastro-websockets-"), "{notes}");

    let untested = runner.job("untested", job("publish")?, &Value::Null, nothing);
    let untested = untested.err().context("what was not tested is published")?;
    ensure!(format!("{untested:#}").contains("error[N001]"), "{untested:#}");

    ensure!(job("test")?.needs == "plan" && job("publish")?.needs == "test");
    // Another Node.js makes the same packages and writes the same records.
    let mut seen = BTreeSet::new();
    for entry in matrix["include"].as_array().context("no list")? {
        let name =
            format!("test-{}-{}", entry["suite"].as_str().unwrap_or_default(), entry["astro"]);
        if seen.insert(name.clone()) {
            runner.job(&name, job("test")?, entry, |folder, script| {
                let suite = |_: &str| entry["suite"].as_str().unwrap_or_default().to_owned();
                for call in xtask_calls(script, suite)?.iter().filter(|call| call[0] == "test") {
                    pass(folder, &call[1], &entry["astro"])?;
                }
                Ok(())
            })?;
        }
    }

    let published = runner.job("publish", job("publish")?, &Value::Null, nothing)?;
    let tarballs = files_ending_with(&published.folder.join("target/packages"), ".tgz")?;
    // Every job but that of the toolchain has tested one package.
    ensure!(tarballs.len() > 1 && tarballs.len() + 1 == seen.len(), "{tarballs:?}");
    let would = published.printed.matches("would be published").count();
    // A dry run precedes the attestation, and `publish` follows it.
    ensure!(would == 2 * tarballs.len(), "{}", published.printed);

    ensure!(job("announce")?.needs == "publish");
    runner.job("announce", job("announce")?, &Value::Null, nothing)?;
    let told = fs::read_to_string(runner.folder.join("gh.log"))?;
    let names = tarballs.iter().filter_map(|path| path.file_name()?.to_str());
    let names: String = names.map(|name| format!(" target/packages/{name}")).collect();
    let tag = &runner.tag;
    let wanted =
        format!("release create {tag} --verify-tag --notes-file target/notes/notes.md{names}\n");
    ensure!(told == wanted, "{told}");
    Ok(())
}

/// A repository with the release tag, and the stand-ins for the runner's programs.
fn prepare() -> Result<Runner> {
    let checkout = Checkout::copy("release/origin")?;
    let origin = checkout.root().to_owned();
    let folder = origin.parent().context("no folder")?.to_owned();
    for entry in fs::read_dir(&folder)? {
        let path = entry?.path();
        if path != origin {
            if path.is_dir() { fs::remove_dir_all(path)? } else { fs::remove_file(path)? }
        }
    }
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(origin.join("Cargo.toml"))?)?;
    let version = manifest["workspace"]["package"]["version"].as_str().context("no version")?;
    let tag = format!("v{version}");
    // The release steps of CONTRIBUTING.md.
    let path = origin.join("CHANGELOG.md");
    let changelog = fs::read_to_string(&path)?;
    if !changelog.contains(&format!("## [{version}]")) {
        let heading = format!("## [Unreleased]\n\n## [{version}] - 2026-12-24");
        fs::write(path, changelog.replace("## [Unreleased]", &heading))?;
    }
    let name = ["-c", "user.name=A", "-c", "user.email=a@example.invalid"];
    let git = |arguments: &[&str]| {
        run(Command::new("git").current_dir(&origin).args(name).args(arguments))
    };
    git(&["init", "--quiet"])?;
    git(&["add", "--all"])?;
    git(&["commit", "--quiet", "--message", "Release"])?;
    git(&["tag", &tag])?;

    let programs = folder.join("bin");
    fs::create_dir_all(&programs)?;
    let log = folder.join("gh.log");
    let gh = format!("#!/bin/sh\necho \"$*\" >> '{}'\n", log.display());
    let cargo = CARGO
        .replace("$XTASK", &target().join("debug/xtask").display().to_string())
        .replace("$REGISTRY", &empty_registry()?);
    for (name, script) in [("cargo", cargo.as_str()), ("gh", &gh), ("rustup", "#!/bin/sh\n")] {
        let program = programs.join(name);
        fs::write(&program, script)?;
        run(Command::new("chmod").arg("+x").arg(program))?;
    }
    let machine = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([programs].into_iter().chain(env::split_paths(&machine)))?;
    Ok(Runner { folder, origin, tag, path })
}

/// A registry that has no package.
fn empty_registry() -> Result<String> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
            );
        }
    });
    Ok(format!("http://{address}/"))
}

/// Records that the packages of a suite have passed it, as `cargo xtask test` does: those of a
/// runtime on a release line, or all packages for `toolchain`.
fn pass(folder: &Path, suite: &str, astro: &Value) -> Result<()> {
    for package in packages(folder)? {
        let line = package.file_name().context("no line")?.to_string_lossy().into_owned();
        let runtime = package.parent().and_then(Path::parent).and_then(Path::file_name);
        let is_of = runtime.context("no runtime")? == suite && line == format!("astro{astro}");
        if suite != "toolchain" && !is_of {
            continue;
        }
        let read = |name: &str| -> Result<Value> {
            Ok(serde_json::from_slice(&fs::read(package.join(name))?)?)
        };
        let (manifest, record) = (read("package.json")?, read("upstream.json")?);
        let release = |name: &Value, version: &Value| -> Result<String> {
            let (name, version) = (name.as_str(), version.as_str());
            Ok(format!("{}@{}", name.context("no name")?, version.context("no version")?))
        };
        let tarball = files_ending_with(&package, ".tgz")?.pop().context("no tarball")?;
        let digest = STANDARD.encode(Sha512::digest(fs::read(tarball)?));
        let passed = json!({
            "release": release(&manifest["name"], &manifest["version"])?,
            "upstream": release(&record["upstream"]["package"], &record["upstream"]["version"])?,
            "integrity": format!("sha512-{digest}"),
        });
        let name = format!("{line}.passed-{suite}.json");
        fs::write(package.with_file_name(name), passed.to_string())?;
    }
    Ok(())
}

/// The folders of the built packages in a clone.
fn packages(folder: &Path) -> Result<Vec<PathBuf>> {
    let manifests = files_ending_with(&folder.join("adapters"), "/package.json")?;
    Ok(manifests.iter().filter_map(|manifest| manifest.parent().map(Path::to_path_buf)).collect())
}
