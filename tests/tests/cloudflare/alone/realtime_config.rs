//! The configuration of a Worker with channels: what a site gets by itself, and what it is told to
//! paste where that cannot be.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tests::app::App;
use tests::installation::Installation;
use tests::locations::{files_ending_with, repository};
use tests::pins::major;
use tests::suite::{Sites as _, not_applicable};
use tests::tools::run;

use super::{Case, cases};
use crate::hosts::{NO_CHANNELS, Sites, configuration, is_before_workerd, wrangler_dev};

pub const CASES: &[Case] = cases![
    channels_need_no_configuration,
    migrations_that_do_not_name_the_class_are_told_the_lines_to_paste,
    an_older_wrangler_is_told_to_be_updated_or_the_lines_to_paste,
    the_class_stays_when_the_last_channel_is_gone,
    a_site_without_channels_has_nothing_of_them,
    channels_are_refused_before_astro_6,
];

/// A site with objects, a queue and a schedule of its own, and with a channel.
const SITE: &str = "objects";

/// The names that only a site with channels has in its Worker.
const NAMES: [&str; 3] = ["ZastroRealtime", "ZASTRO_REALTIME", "zastro-realtime"];

const MIGRATIONS: &str = r#""migrations": [{ "tag": "v1", "new_sqlite_classes": ["Counter"] }],"#;
const EXPORTS: &str =
    r#""exports": { "Counter": { "type": "durable-object", "storage": "sqlite" } },"#;

fn site(sites: &Sites, name: &str) -> Result<App> {
    sites.project()?.app_of(SITE, name)
}

fn channels_need_no_configuration(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let app = site(sites, "objects-by-themselves")?;
    app.edit("wrangler.jsonc", MIGRATIONS, EXPORTS)?;
    // Environments inherit no bindings.
    app.build(&[("CLOUDFLARE_ENV", "staging")])?;
    let built: Value =
        serde_json::from_str(&fs::read_to_string(app.root().join(configuration()?))?)?;
    let ours = json!({ "name": "ZASTRO_REALTIME", "class_name": "ZastroRealtime" });
    let own = json!({ "name": "COUNTERS", "class_name": "Counter" });
    ensure!(built["name"] == "site-staging", "{built:#}");
    ensure!(built["durable_objects"]["bindings"] == json!([ours, own]), "{built:#}");
    ensure!(built["previews"]["durable_objects"]["bindings"] == json!([ours]), "{built:#}");
    let sqlite = json!({ "type": "durable-object", "storage": "sqlite" });
    let classes = json!({ "Counter": sqlite, "ZastroRealtime": sqlite });
    ensure!(built["exports"] == classes, "{built:#}");

    let deployed = printed(&app, &["deploy", "--dry-run"])?;
    for binding in ["env.ZASTRO_REALTIME (ZastroRealtime)", "env.COUNTERS (Counter)"] {
        ensure!(deployed.contains(binding), "{deployed}");
    }
    // The site's own configuration is as it was.
    run(&mut app.wrangler(["types"]))?;
    let types = fs::read_to_string(app.root().join("worker-configuration.d.ts"))?;
    ensure!(types.contains("COUNTERS") && !types.contains("ZASTRO_REALTIME"), "{types}");
    counts(&app)
}

fn migrations_that_do_not_name_the_class_are_told_the_lines_to_paste(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let app = site(sites, "objects-with-migrations")?;
    remove(&app, "dist")?;
    let told = refusal(&app)?;
    ensure!(told.contains("the `migrations` of wrangler.jsonc do not name it"), "{told}");
    ensure!(!app.root().join(configuration()?).exists(), "it can be deployed in part");
    let [entry, exports] = blocks(&told)?;
    let page = fs::read_to_string(repository().join("docs/realtime.md"))?;
    ensure!(page.contains(&format!("`{entry}`")), "the page has other lines to paste than {entry}");
    app.edit("wrangler.jsonc", r#"["Counter"] }"#, &format!(r#"["Counter"] }}, {entry}"#))?;
    counts(&app)?;
    let deployed = printed(&app, &["deploy", "--dry-run"])?;
    ensure!(deployed.contains("env.ZASTRO_REALTIME (ZastroRealtime)"), "{deployed}");

    let app = site(sites, "objects-with-exports")?;
    app.edit("wrangler.jsonc", MIGRATIONS, &format!("{exports},"))?;
    counts(&app)
}

fn an_older_wrangler_is_told_to_be_updated_or_the_lines_to_paste(_: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    if major()? > 6 {
        return not_applicable("the lowest Wrangler that the package allows reads `exports`");
    }
    let sites = Sites::installed(Installation::Floor);
    let app = site(&sites, "objects")?;
    app.edit("wrangler.jsonc", MIGRATIONS, "")?;
    app.edit("wrangler.jsonc", "2026-04-15", &sites.date_of_workerd()?)?;
    let told = refusal(&app)?;
    ensure!(told.contains("it does not know `exports`"), "{told}");
    let [commands, migrations] = blocks(&told)?;
    ensure!(commands.contains("npm install wrangler@"), "{commands}");
    let own = format!(
        "{},",
        migrations.replace("[\n", r#"[{ "tag": "v1", "new_sqlite_classes": ["Counter"] }, "#)
    );
    app.edit("wrangler.jsonc", r#""main""#, &format!("{own}\n\"main\""))?;
    counts(&app)
}

fn the_class_stays_when_the_last_channel_is_gone(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let app = site(sites, "objects-left")?;
    fs::remove_dir_all(app.root().join("src/realtime"))?;
    app.edit("wrangler.jsonc", r#"["Counter"]"#, r#"["Counter", "ZastroRealtime"]"#)?;
    // An object of a class that the Worker does not export would end workerd.
    counts(&app)?;
    let printed = printed(&app, &["deploy", "--dry-run"])?;
    ensure!(!printed.contains("env.ZASTRO_REALTIME"), "{printed}");
    let entry = fs::read_to_string(app.root().join("dist/server/entry.mjs"))?;
    ensure!(entry.contains("ZastroRealtime"), "the Worker does not export the class");
    Ok(())
}

fn a_site_without_channels_has_nothing_of_them(sites: &Sites) -> Result<()> {
    if is_before_workerd()? {
        return not_applicable(NO_CHANNELS);
    }
    let app = site(sites, "objects-alone")?;
    fs::remove_dir_all(app.root().join("src/realtime"))?;
    app.build(&[])?;
    let files = files_ending_with(&app.root().join("dist"), "")?;
    ensure!(!files.is_empty(), "nothing was built");
    for file in files {
        let text = String::from_utf8_lossy(&fs::read(&file)?).into_owned();
        let found = NAMES.iter().find(|name| text.contains(**name));
        ensure!(found.is_none(), "{found:?} is in {}", file.display());
    }
    Ok(())
}

fn channels_are_refused_before_astro_6(sites: &Sites) -> Result<()> {
    if !is_before_workerd()? {
        return not_applicable("a site has channels");
    }
    let app = sites.app("objects-early")?;
    fs::create_dir_all(app.root().join("src/realtime"))?;
    fs::write(app.root().join("src/realtime/lobby.ts"), "")?;
    let told = refusal(&app)?;
    ensure!(told.contains("run on Cloudflare since Astro 6"), "{told}");
    Ok(())
}

/// Builds the Worker and calls its own object.
fn counts(app: &App) -> Result<()> {
    app.build(&[])?;
    let server = wrangler_dev(app, configuration()?)?;
    ensure!(server.get("/count")?.text() == "1" && server.get("/count")?.text() == "2", "{server}");
    Ok(())
}

/// What is printed by a build that fails.
fn refusal(app: &App) -> Result<String> {
    let error = app.build(&[]).err().context("it was built")?;
    Ok(format!("{error:#}"))
}

/// The indented blocks between the sentences of a hint, without their indentation.
fn blocks<const COUNT: usize>(told: &str) -> Result<[String; COUNT]> {
    let (_, hint) = told.split_once("Hint:\n").context("there is no hint")?;
    let (hint, _) = hint.split_once("Stack trace:").context("the hint has no end")?;
    let paragraphs: Vec<String> = hint
        .split("\n    \n")
        .map(|paragraph| paragraph.replace("\n    ", "\n").trim().to_owned())
        .filter(|paragraph| !paragraph.ends_with(':'))
        .collect();
    paragraphs.try_into().map_err(|other| anyhow::anyhow!("{other:#?}\nof {told}"))
}

/// Removes an output of an earlier run.
fn remove(app: &App, folder: &str) -> Result<()> {
    let path = app.root().join(folder);
    if path.exists() {
        fs::remove_dir_all(path)?;
    }
    Ok(())
}

/// What `wrangler` prints.
fn printed(app: &App, arguments: &[&str]) -> Result<String> {
    let output = app.wrangler(arguments).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{text}{errors}");
    Ok(text)
}
