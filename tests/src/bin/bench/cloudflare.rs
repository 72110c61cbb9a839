//! Compares the Cloudflare adapter with a bare Worker in the same workerd, and its size with that
//! of the official adapter.
//!
//! For the method, see `node.rs`.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use load::Echo;
use tests::app::App;
use tests::locations::files_ending_with;
use tests::pins::pinned;
use tests::project::Project;
use tests::tools::run;

use crate::node::{ROUND, ROUNDS, clock, median, on_core};
use crate::rows::{Row, Rows};
use crate::workerd::{Worker, address, start, without_channels, without_own_worker};

const OURS: &str = "zastro-websockets-cloudflare";
const STOCK: &str = "@astrojs/cloudflare";

/// Enables every option, but raises the limit that would stop such a busy client.
const OPTIONS: &str = r#"{ "maxMessagesPerSecond": 1000000000 }"#;

/// The unit of a ratio.
pub const OF_BARE: &str = "of bare";

pub fn measure(rows: &mut Rows) -> Result<()> {
    let project = Project::install("cloudflare")?;
    let ours = project.app("bench")?;
    without_own_worker(ours.root())?;
    without_channels(ours.root())?;
    ours.build(&[("WEBSOCKET", OPTIONS)])?;
    speed(&project, &ours, rows)?;
    rows.extend(size(&ours, &with_stock(&project)?)?);
    Ok(())
}

fn speed(project: &Project, app: &App, rows: &mut Rows) -> Result<()> {
    on_core(0)?;
    let workers = [Worker::of_site(app, "site")?, Worker::of_host("bare")];
    let (server, _storage) = start(project, app, &workers)?;
    on_core(1)?;
    let contenders = [(address(&server, "bare")?, "/"), (address(&server, "site")?, "/bench")];
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
    Ok(())
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
    without_own_worker(stock.root())?;
    without_channels(stock.root())?;
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
pub fn uploaded(app: &App, arguments: &[&str]) -> Result<f64> {
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
