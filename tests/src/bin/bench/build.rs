//! Measures the time and memory of the toolchain.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use tests::locations::{files_ending_with, target};
use tests::pins::major;
use tests::project::{Project, install_plain};

use crate::command::{
    cargo, compile_xtask, median, milliseconds, run_quietly, time, usage_of, xtask,
};
use crate::rows::{Row, Rows};

/// The number of counted runs of each command. One uncounted run comes first.
const RUNS: usize = 15;

/// Compares a warm build in the dev profile with esbuild and TypeScript on the same sources.
pub fn measure(rows: &mut Rows) -> Result<()> {
    let row = |what: &str, median, unit, target: &str| Row {
        suite: "build",
        what: what.to_owned(),
        median,
        unit,
        target: (!target.is_empty()).then(|| target.to_owned()),
    };
    compile_xtask()?;
    run_quietly(xtask().arg("build"))?;

    let major = major()?.to_string();
    let newest = ["--astro", &major];
    let build = || {
        let mut command = xtask();
        command.args(["build", "node"]).args(newest);
        command
    };
    let duration = median(RUNS, || time(&mut build()))?;
    let memory = usage_of(&build())?.memory;
    let check = median(RUNS, || time(xtask().args(["check", "node"]).args(newest)))?;

    let peer = Peer::prepare()?;
    let mut pairs = Vec::new();
    for _ in 0..5 {
        let ours = time(&mut build())?.as_secs_f64();
        let compiled = peer.compile()?.as_secs_f64();
        let packed = compiled + peer.pack()?.as_secs_f64();
        pairs.push([compiled, compiled / ours, packed / ours]);
    }
    let middle = |column: usize| {
        let mut values: Vec<f64> = pairs.iter().map(|pair| pair[column]).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };

    rows.extend([
        row(
            "warm build of node, registry form, dev profile",
            milliseconds(duration),
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
    ]);
    Ok(())
}

/// The peer of a build. esbuild, started as users start it, compiles the same modules and bundles
/// the vendored packages. TypeScript generates the declarations of our modules, and npm packs the
/// result.
struct Peer {
    project: Project,
    folder: PathBuf,
    /// Beside the sources: TypeScript would take its own declarations for some of them.
    out: PathBuf,
    modules: Vec<PathBuf>,
    /// The vendored packages.
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
        let out = folder.with_file_name("templates-to-bench-out");
        Ok(Self { project, folder, out, modules, vendored })
    }

    fn compile(&self) -> Result<Duration> {
        let out = self.out.display();
        let mut esbuild = self.project.tools().esbuild();
        esbuild.current_dir(&self.folder).args(&self.modules).args([
            &format!("--outdir={out}"),
            "--outbase=..",
            "--target=node20",
            "--format=esm",
            "--log-level=error",
        ]);
        let mut bundle = self.project.tools().esbuild();
        bundle.current_dir(&self.folder).arg("--bundle").arg(&self.vendored).args([
            "--platform=node",
            &format!("--outfile={out}/vendored.js"),
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
            &out.to_string(),
        ]);
        Ok(time(&mut esbuild)? + time(&mut bundle)? + time(&mut tsc)?)
    }

    /// Packs the compiled modules.
    fn pack(&self) -> Result<Duration> {
        fs::write(
            self.out.join("package.json"),
            "{ \"name\": \"peer\", \"version\": \"0.0.0\" }\n",
        )?;
        time(self.project.tools().npm().current_dir(&self.out).args(["pack", "--silent"]))
    }
}

/// The number of crates in the command line, its own included.
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

/// Measures the first `cargo xtask build` on a new machine. The crate sources are already
/// downloaded.
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
