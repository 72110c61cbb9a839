//! Compares the Cloudflare adapter with a bare Worker in the same workerd, and its size with that
//! of the official adapter.
//!
//! For the method, see `node.rs`.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use load::Echo;
use serde::Deserialize;
use tests::app::App;
use tests::locations::files_ending_with;
use tests::pins::pinned;
use tests::project::Project;
use tests::server::Server;
use tests::tools::run;

use crate::Row;
use crate::node::{ROUND, ROUNDS, clock, median, on_core};

const OURS: &str = "zastro-websockets-cloudflare";
const STOCK: &str = "@astrojs/cloudflare";

/// Enables every option, but raises the limit that would stop such a busy client.
const OPTIONS: &str = r#"{ "maxMessagesPerSecond": 1000000000 }"#;

/// The unit of a ratio.
pub const OF_BARE: &str = "of bare";

pub fn measure() -> Result<Vec<Row>> {
    let project = Project::install("cloudflare")?;
    let ours = project.app("bench")?;
    without_own_worker(&ours)?;
    ours.build(&[("WEBSOCKET", OPTIONS)])?;
    let mut rows = speed(&project, &ours)?;
    rows.extend(size(&ours, &with_stock(&project)?)?);
    Ok(rows)
}

/// Uses the adapter's own entrypoint, so that the two builds differ only in the adapter.
fn without_own_worker(app: &App) -> Result<()> {
    let configuration = r#"{ "name": "site", "compatibility_date": "2026-04-15" }"#;
    Ok(fs::write(app.root().join("wrangler.jsonc"), configuration)?)
}

fn speed(project: &Project, app: &App) -> Result<Vec<Row>> {
    on_core(0)?;
    let server = start(project, app)?;
    on_core(1)?;
    let contenders = [(address(&server, "bare")?, "/"), (address(&server, "site")?, "/bench")];
    let mut rows = Vec::new();
    for (in_flight, size, is_binary, what) in [
        (1, 64, false, "echo, 64 B text, 1 under way"),
        (32, 64, false, "echo, 64 B text, 32 under way"),
        (1, 16 * 1024, true, "echo, 16 KiB binary, 1 under way"),
    ] {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let mut round = Vec::new();
            for (address, target) in contenders {
                let load = Echo {
                    address,
                    target: target.to_owned(),
                    connections: 64,
                    in_flight,
                    size,
                    is_binary,
                };
                let measured = load
                    .run(ROUND, || clock(&server))
                    .with_context(|| format!("{target}\n{server}"))?;
                round.push(measured.rates.per_processor_second);
            }
            rounds.push(round);
        }
        let bare = median(rounds.iter().map(|round| round[0] / 1000.0));
        rows.push(row(format!("{what}: bare Worker"), bare, "k/s", None));
        let ratio = median(rounds.iter().map(|round| round[1] / round[0]));
        rows.push(row(format!("{what}: {OURS}"), ratio, OF_BARE, Some("at least 0.9")));
    }
    Ok(rows)
}

/// Starts workerd without Miniflare in front of the Workers, with one socket for each.
fn start(project: &Project, app: &App) -> Result<Server> {
    let built = app.root().join("dist/server");
    let mut modules = Vec::new();
    for file in files_ending_with(&built, ".mjs")? {
        let name = file.strip_prefix(&built)?.display().to_string();
        modules.push((name == "entry.mjs", name));
    }
    // workerd starts a Worker at its first module.
    modules.sort_by_key(|(is_main, _)| !is_main);
    let modules: Vec<String> = modules.iter().map(|(_, name)| module(name, name)).collect();
    let configuration = format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         const config :Workerd.Config = (\n\
         services = [{}, {}],\n\
         sockets = [{}, {}],\n);\n",
        service("site", &modules.join(", ")),
        service("bare", &module("bare.mjs", "../../hosts/bare.mjs")),
        socket("site"),
        socket("bare"),
    );
    let path = built.join("bench.capnp");
    fs::write(&path, configuration)?;
    let mut command = Command::new(workerd(project)?);
    Server::start(command.args(["serve", "--control-fd=1"]).arg(&path))
}

fn module(name: &str, path: &str) -> String {
    format!("(name = \"{name}\", esModule = embed \"{path}\")")
}

fn service(name: &str, modules: &str) -> String {
    format!(
        "(name = \"{name}\", worker = (modules = [{modules}], compatibilityDate = \"2026-04-15\"))"
    )
}

fn socket(name: &str) -> String {
    format!("(name = \"{name}\", address = \"127.0.0.1:0\", http = (), service = \"{name}\")")
}

/// The workerd binary from the package for this platform.
fn workerd(project: &Project) -> Result<PathBuf> {
    let packages = project.folder().join("node_modules/@cloudflare");
    for entry in fs::read_dir(&packages)? {
        let binary = entry?.path().join("bin/workerd");
        if binary.is_file() {
            return Ok(binary);
        }
    }
    bail!("no workerd in {}", packages.display())
}

/// A line of workerd's control file.
#[derive(Deserialize)]
struct Listening {
    socket: String,
    port: u16,
}

fn address(server: &Server, socket: &str) -> Result<SocketAddr> {
    let port = server.wait_for_output(Duration::from_secs(20), |printed| {
        let lines = printed.lines().filter_map(|line| serde_json::from_str::<Listening>(line).ok());
        lines.filter(|line| line.socket == socket).map(|line| line.port).next()
    })?;
    Ok((Ipv4Addr::LOCALHOST, port).into())
}

/// Measures the code that the adapter adds to the deployed Worker: as built, and after `wrangler
/// deploy --bundle --minify`. The target applies to the minified size, the usual measure of size.
fn size(ours: &App, stock: &App) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (how, arguments, target) in [
        ("", [].as_slice(), None),
        // Wrangler does not process Vite's output unless it is told to bundle it again.
        (", minified", ["--bundle", "--minify"].as_slice(), Some("at most 6")),
    ] {
        let (with, without) = (uploaded(ours, arguments)?, uploaded(stock, arguments)?);
        rows.push(row(format!("Worker of the site{how}, gzipped: {STOCK}"), without, "KB", None));
        rows.push(row(format!("added by {OURS}{how}, gzipped"), with - without, "KB", target));
    }
    Ok(rows)
}

/// The same site with the official adapter.
fn with_stock(project: &Project) -> Result<App> {
    let stock = project.app("bench-stock")?;
    without_own_worker(&stock)?;
    stock.edit("astro.config.mjs", OURS, STOCK)?;
    unpack_stock(project, stock.root())?;
    stock.build(&[("WEBSOCKET", OPTIONS)])?;
    Ok(stock)
}

/// Puts the official adapter where only this root finds it. Its dependencies are already installed.
fn unpack_stock(project: &Project, root: &Path) -> Result<()> {
    let folder = root.join("node_modules").join(STOCK);
    if folder.is_dir() {
        return Ok(());
    }
    let packed = root.join("node_modules/.packed");
    fs::create_dir_all(&packed)?;
    let package = format!("{STOCK}@{}", version_of_stock()?);
    run(project
        .tools()
        .npm()
        .args(["pack", "--silent", &package, "--pack-destination"])
        .arg(&packed))?;
    let tarballs = files_ending_with(&packed, ".tgz")?;
    let tarball = tarballs.first().context("npm packed nothing")?;
    run(Command::new("tar").arg("-xzf").arg(tarball).arg("-C").arg(&packed))?;
    fs::create_dir_all(folder.parent().context("no parent")?)?;
    Ok(fs::rename(packed.join("package"), folder)?)
}

fn version_of_stock() -> Result<String> {
    let package = pinned()?.packages.remove(STOCK);
    Ok(package.with_context(|| format!("{STOCK} is not pinned"))?.version)
}

/// The compressed upload in kilobytes, as reported by wrangler.
fn uploaded(app: &App, arguments: &[&str]) -> Result<f64> {
    let output = app
        .wrangler(["deploy", "--dry-run"])
        .args(arguments)
        .output()
        .context("cannot run wrangler")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout)?;
    let (_, size) = printed.split_once("gzip: ").with_context(|| format!("no size: {printed}"))?;
    let (size, _) = size.split_once(" KiB").with_context(|| format!("no unit: {printed}"))?;
    Ok(size.parse::<f64>()? * 1.024)
}

fn row(what: String, median: f64, unit: &'static str, target: Option<&str>) -> Row {
    Row { suite: "cloudflare", what, median, unit, target: target.map(str::to_owned) }
}
