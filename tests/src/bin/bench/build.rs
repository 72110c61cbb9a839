//! How long the toolchain takes, and what it needs.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use tests::locations::{files_ending_with, repository, target};
use tests::project::{Project, install_plain};

use crate::Row;

/// Counted runs of each command, after one that is not counted.
const RUNS: usize = 15;

/// The word with which this program calls itself to run one command and print its peak memory: the kernel only
/// knows the largest of all children of a process.
const PEAK_OF: &str = "peak-of";

/// A warm build in the dev profile, against esbuild and TypeScript on the same sources.
pub fn measure() -> Result<Vec<Row>> {
    let row = |what: &str, median, unit, target: &str| Row {
        suite: "build",
        what: what.to_owned(),
        median,
        unit,
        target: (!target.is_empty()).then(|| target.to_owned()),
    };
    run_quietly(cargo().args(["build", "--quiet", "--package", "xtask"]))?;
    let xtask = || {
        let mut command = Command::new(target().join("debug/xtask"));
        command.current_dir(repository());
        command
    };
    run_quietly(xtask().arg("build"))?;

    let build = median(RUNS, || time(xtask().args(["build", "node"])))?;
    let memory = peak_of(xtask().args(["build", "node"]))?;
    let check = median(RUNS, || time(xtask().args(["check", "node"])))?;

    let peer = Peer::prepare()?;
    let mut pairs = Vec::new();
    for _ in 0..5 {
        let ours = time(xtask().args(["build", "node"]))?.as_secs_f64();
        let compiled = peer.compile()?.as_secs_f64();
        let packed = compiled + peer.pack()?.as_secs_f64();
        pairs.push([compiled, compiled / ours, packed / ours]);
    }
    let middle = |column: usize| {
        let mut values: Vec<f64> = pairs.iter().map(|pair| pair[column]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };

    Ok(vec![
        row(
            "warm build of node, registry form, dev profile",
            milliseconds(build),
            "ms",
            "under 150",
        ),
        row("its peak memory", memory, "MB", "under 100"),
        row("check of node", milliseconds(check), "ms", "under 80"),
        row("the same sources with esbuild and TypeScript", middle(0) * 1000.0, "ms", ""),
        row("how many times faster the build is, though it packs as well", middle(1), "times", ""),
        row("how many times faster than those two and npm pack", middle(2), "times", "at least 10"),
        row("crates of xtask", crates()?, "", "under 200"),
        row(
            "first build, empty target folder",
            first_build()?.as_secs_f64(),
            "s",
            "under 75 on two idle cores",
        ),
    ])
}

/// esbuild, as people start it, turns the same modules into JavaScript and bundles what is vendored,
/// TypeScript makes the declarations of those that are ours, and npm packs them.
struct Peer {
    project: Project,
    folder: PathBuf,
    modules: Vec<PathBuf>,
    /// What is vendored.
    vendored: PathBuf,
}

impl Peer {
    fn prepare() -> Result<Self> {
        let project = Project::install("node")?;
        let folder = project.templates("templates-to-bench")?;
        let mut modules = files_ending_with(&folder, ".ts")?;
        modules.retain(|path| !path.to_string_lossy().ends_with(".test.ts"));
        // Upstream's own modules; ours are the templates.
        let published = project.folder().join("node_modules/zastro-websockets-node/dist");
        let upstream = files_ending_with(&published, ".js")?.into_iter();
        modules.extend(upstream.filter(|path| path.parent() == Some(&published)));
        let vendored = install_plain("peers")?.join("node_modules/ws/wrapper.mjs");
        Ok(Self { project, folder, modules, vendored })
    }

    fn compile(&self) -> Result<Duration> {
        let mut esbuild = self.project.tools().esbuild();
        esbuild.current_dir(&self.folder).args(&self.modules).args([
            "--outdir=out",
            "--outbase=..",
            "--target=node20",
            "--format=esm",
            "--log-level=error",
        ]);
        let mut bundle = self.project.tools().esbuild();
        bundle.current_dir(&self.folder).arg("--bundle").arg(&self.vendored).args([
            "--platform=node",
            "--outfile=out/vendored.js",
            "--target=node20",
            "--format=esm",
            "--external:bufferutil",
            "--external:utf-8-validate",
            "--log-level=error",
        ]);
        let mut tsc = self.project.tools().tsc();
        tsc.current_dir(&self.folder).args([
            "-p",
            ".",
            "--noEmit",
            "false",
            "--emitDeclarationOnly",
            "--outDir",
            "out",
        ]);
        Ok(time(&mut esbuild)? + time(&mut bundle)? + time(&mut tsc)?)
    }

    /// Packs what was compiled.
    fn pack(&self) -> Result<Duration> {
        let out = self.folder.join("out");
        fs::write(out.join("package.json"), "{ \"name\": \"peer\", \"version\": \"0.0.0\" }\n")?;
        time(self.project.tools().npm().current_dir(out).args(["pack", "--silent"]))
    }
}

fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(repository());
    cargo
}

/// How many crates the command line is made of, its own among them.
fn crates() -> Result<f64> {
    let output = cargo()
        .args([
            "tree",
            "--package",
            "xtask",
            "--prefix",
            "none",
            "--edges",
            "normal,build",
            "--no-dedupe",
        ])
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut crates: Vec<&str> =
        text.lines().map(|line| line.split(" (").next().unwrap_or(line)).collect();
    crates.sort_unstable();
    crates.dedup();
    Ok(crates.len() as f64)
}

/// What `cargo xtask build` does first on a fresh machine; sources of crates are there already.
fn first_build() -> Result<Duration> {
    run_quietly(cargo().args(["fetch", "--quiet"]))?;
    let folder = target().join("bench-first-build");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let duration = time(
        cargo()
            .args(["run", "--quiet", "--package", "xtask", "--target-dir"])
            .arg(&folder)
            .args(["--", "build", "node"]),
    )?;
    fs::remove_dir_all(&folder)?;
    Ok(duration)
}

/// Whether this process was called by itself to measure another; then it has.
pub fn is_peak_of() -> Result<bool> {
    let Some(program) =
        env::args().nth(2).filter(|_| env::args().nth(1).as_deref() == Some(PEAK_OF))
    else {
        return Ok(false);
    };
    run_quietly(Command::new(program).args(env::args().skip(3)))?;
    println!("{}", peak_of_children()?);
    Ok(true)
}

fn median(runs: usize, mut measure: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    measure()?;
    let mut durations = (0..runs).map(|_| measure()).collect::<Result<Vec<Duration>>>()?;
    durations.sort_unstable();
    Ok(durations[runs / 2])
}

/// The wall time of a process that has to succeed.
fn time(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    run_quietly(command)?;
    Ok(start.elapsed())
}

fn run_quietly(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

/// The largest resident set of a process, in megabytes.
fn peak_of(command: &Command) -> Result<f64> {
    let mut measuring = Command::new(env::current_exe()?);
    measuring
        .current_dir(repository())
        .arg(PEAK_OF)
        .arg(command.get_program())
        .args(command.get_args());
    let output = measuring.output()?;
    ensure!(output.status.success(), "{measuring:?} ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The largest resident set of any child so far, in megabytes.
fn peak_of_children() -> Result<f64> {
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() as f64;
    // Linux counts kilobytes, macOS bytes (getrusage(2)).
    Ok(if cfg!(target_os = "macos") { peak / 1e6 } else { peak * 1024.0 / 1e6 })
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
