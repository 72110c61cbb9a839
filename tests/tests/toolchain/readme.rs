//! Tests every command and code block on the pages for users.
//!
//! The first comment of a block names its file. The test writes the block to that file, in a new
//! site beside a copy of this repository, and follows the steps of the page.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tests::checkout::Checkout;
use tests::client::{Request, Response};
use tests::locations::{repository, target};
use tests::pins::{Pin, last_moment, pinned};
use tests::server::Server;
use tests::tools::{Tools, run};

pub const README: &str = "README.md";
pub const PUBLISHING: &str = "docs/publishing.md";
const ARCHITECTURE: &str = "ARCHITECTURE.md";
const COMMANDS: &str = "docs/commands.md";
const PATCHES: &str = "docs/patches.md";
const ADDING_A_RUNTIME: &str = "docs/adding-a-runtime.md";
const VERSIONS: &str = "docs/versions.md";
const NODE: &str = "adapters/node/README.md";
const CLOUDFLARE: &str = "adapters/cloudflare/README.md";
const PROXIES: &str = tests::proxy::PAGE;

/// The pages whose commands are run, in this order. `contributing.rs` runs those of `CONTRIBUTING.md`.
const FOR_MAINTAINERS: [&str; 8] = [
    README,
    COMMANDS,
    "docs/testing.md",
    "docs/upstream-releases.md",
    PUBLISHING,
    "docs/ci.md",
    PATCHES,
    ADDING_A_RUNTIME,
];

/// Lines of the README. A newcomer reads it to the end.
const MOST_LINES: usize = 150;

/// Columns of a line of a page, as in the code.
const MOST_COLUMNS: usize = 120;

/// What the first comment of a block ends with that is for one of the older Astros.
const ON_OLDER: [&str; 2] = [", on Astro 5", ", on Astro 4"];

/// A proxy's own configuration, which the suite of Node runs.
const OF_PROXIES: [&str; 3] = ["nginx", "caddyfile", "haproxy"];

/// A fenced code block.
pub struct Block {
    pub language: String,
    pub text: String,
}

impl Block {
    /// The file named by the first comment.
    pub fn file(&self) -> Result<&str> {
        let first = self.text.lines().next().unwrap_or_default();
        let name = first.strip_prefix("// ").or_else(|| first.strip_prefix("# "));
        name.with_context(|| format!("a block without the name of its file:\n{}", self.text))
    }

    fn is_for_an_older_astro(&self) -> bool {
        self.file().is_ok_and(|file| ON_OLDER.iter().any(|end| file.ends_with(end)))
    }
}

/// The fenced code blocks of a page.
pub fn blocks(page: &str) -> Result<Vec<Block>> {
    let text = fs::read_to_string(repository().join(page))?;
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => {
                open = Some(Block { language: language.to_owned(), text: String::new() })
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    Ok(blocks)
}

/// The commands between backticks, inside and outside of blocks.
pub fn commands(page: &str, program: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(repository().join(page))?;
    let in_blocks = text.lines().filter(|line| line.starts_with(program)).map(str::to_owned);
    let inline = text.split('`').filter(|span| span.starts_with(program)).map(str::to_owned);
    Ok(in_blocks.chain(inline).collect())
}

/// Commands that these tests do not run, and the place where they run instead. The tests still
/// check that they exist and accept the arguments on the page.
pub const NOT_RUN: [(&str, &str); 5] = [
    ("test", "it would run these tests again: CI runs every suite"),
    ("lint", "it compiles everything once more for Clippy: CI runs it as a step of its own"),
    ("publish", "it needs a registry to write to: the module `published` publishes to one"),
    (
        "follow",
        "it needs releases newer than the pins: `xtask/tests/commands/follow.rs` makes some",
    ),
    ("canary", "it installs what is newest today: `xtask/tests/commands/canary.rs` has it run"),
];

/// Whether these tests run a command of `cargo xtask`.
pub fn is_run(name: &str) -> bool {
    !NOT_RUN.iter().any(|(other, _)| *other == name)
}

#[test]
fn every_toolchain_command_on_the_pages_works() -> Result<()> {
    let checkout = Checkout::copy("readme-commands")?;
    let mut seen = 0;
    for command in commands_for_maintainers()? {
        let words: Vec<&str> = command.split_whitespace().skip(2).collect();
        if command.contains('[') {
            has_the_options(&checkout, &words).with_context(|| command.clone())?;
        } else {
            let help = (!is_run(words[0])).then_some("--help");
            run(&mut checkout.xtask(words.iter().copied().chain(help)))
                .with_context(|| command.clone())?;
        }
        seen += 1;
    }
    ensure!(seen > 10, "only {seen} commands were found");
    Ok(())
}

fn commands_for_maintainers() -> Result<Vec<String>> {
    let mut all = Vec::new();
    for page in FOR_MAINTAINERS {
        all.extend(commands(page, "cargo xtask ")?);
    }
    Ok(all)
}

/// Whether a command takes the options of a form such as `status [--check]`.
fn has_the_options(checkout: &Checkout, form: &[&str]) -> Result<()> {
    let output = checkout.xtask([form[0], "--help"]).output()?;
    let help = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{}", output.status);
    let words = form.iter().map(|word| word.trim_matches(['[', ']']));
    for option in words.filter(|word| word.starts_with("--")) {
        ensure!(help.contains(option), "`{}` has no option `{option}`:\n{help}", form[0]);
    }
    Ok(())
}

#[test]
fn every_command_that_is_not_run_is_on_a_page() -> Result<()> {
    let mut named = commands_for_maintainers()?;
    named.extend(commands("CONTRIBUTING.md", "cargo xtask ")?);
    for (name, _) in NOT_RUN {
        let start = format!("cargo xtask {name}");
        ensure!(named.iter().any(|command| command.starts_with(&start)), "nowhere: `{start}`");
    }
    Ok(())
}

#[test]
fn the_patch_on_the_page_is_one_of_ours() -> Result<()> {
    let mut seen = 0;
    for block in blocks(PATCHES)?.iter().filter(|block| block.language == "toml") {
        let file = fs::read_to_string(repository().join(block.file()?))?;
        let (_, edit) = block.text.split_once('\n').context("a block without an edit")?;
        ensure!(edit.contains("[[edit]]"), "no edit:\n{edit}");
        ensure!(file.contains(edit), "not in {}:\n{edit}", block.file()?);
        seen += 1;
    }
    ensure!(seen > 0, "{PATCHES} shows no patch");
    Ok(())
}

/// The text between backticks in the first cells of the table below this heading.
fn first_cells(page: &str, heading: &str) -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(repository().join(page))?;
    let (_, table) = text.split_once(heading).with_context(|| format!("no `{heading}`"))?;
    let rows = table.lines().skip(2).take_while(|line| line.starts_with("| "));
    let cells = rows.filter_map(|row| row.strip_prefix("| ")?.split(" | ").next());
    Ok(cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect())
}

/// The keys that a reader expects in place of one that it does not know. It lists them in its error.
fn known_keys(output: &Output) -> Result<BTreeSet<String>> {
    let told = String::from_utf8_lossy(&output.stderr);
    let (_, known) = told
        .split_once("unknown field `no-such-key`, expected ")
        .with_context(|| format!("no list of the keys: {told}"))?;
    let known = known.lines().next().unwrap_or_default();
    Ok(known.split('`').skip(1).step_by(2).map(str::to_owned).collect())
}

#[test]
fn the_table_of_keys_is_what_a_patch_file_may_hold() -> Result<()> {
    let checkout = Checkout::copy("readme-keys")?;
    let patch = checkout.root().join("patches/node/no-such-module.toml");
    fs::write(patch, "[[edit]]\nno-such-key = 1\n")?;
    let keys = known_keys(&checkout.xtask(["check", "node"]).output()?)?;
    let named = first_cells(PATCHES, "| key | meaning |")?;
    ensure!(named == keys, "{PATCHES} names {named:?}, a patch file may hold {keys:?}");
    Ok(())
}

#[test]
fn the_table_of_keys_is_what_the_description_of_a_runtime_may_hold() -> Result<()> {
    let checkout = Checkout::copy("readme-adapter-keys")?;
    let path = checkout.root().join("adapters/node/adapter.toml");
    let description = fs::read_to_string(&path)?;
    let keys_with = |text: String| -> Result<BTreeSet<String>> {
        fs::write(&path, text)?;
        known_keys(&checkout.xtask(["check", "node"]).output()?)
    };
    let mut keys = BTreeSet::new();
    for table in keys_with(format!("no-such-key = 1\n{description}"))? {
        let heading = [format!("\n[{table}]\n"), format!("\n[[{table}]]\n")]
            .into_iter()
            .find(|heading| description.contains(heading.as_str()))
            .with_context(|| format!("the description of Node has no `{table}` to try"))?;
        let wrong = description.replacen(&heading, &format!("{heading}no-such-key = 1\n"), 1);
        keys.extend(keys_with(wrong)?.into_iter().map(|key| format!("{table}.{key}")));
    }
    let named = first_cells(ADDING_A_RUNTIME, "| key | meaning |")?;
    ensure!(named == keys, "{ADDING_A_RUNTIME} names {named:?}, the file may hold {keys:?}");
    Ok(())
}

#[test]
fn the_tables_of_options_name_them_all() -> Result<()> {
    let declared = fs::read_to_string(repository().join("templates/options/options.ts"))?;
    let (_, declared) =
        declared.split_once("export interface WebSocketOptions {").context("no options")?;
    let (declared, _) = declared.split_once("\n}").context("no end of the options")?;
    let names =
        declared.lines().filter_map(|line| line.trim().split_once("?:").map(|(name, _)| name));
    let names: Vec<&str> = names.collect();
    ensure!(!names.is_empty(), "no options");
    for page in [NODE, CLOUDFLARE] {
        let text = fs::read_to_string(repository().join(page))?;
        // The first column of a table: one option, or several that share a row.
        let cells = text.lines().filter_map(|line| line.strip_prefix("| ")?.split(" | ").next());
        let told: Vec<&str> = cells.flat_map(|cell| cell.split(", ")).collect();
        for name in &names {
            ensure!(told.contains(&format!("`{name}`").as_str()), "{page} does not name `{name}`");
        }
    }
    Ok(())
}

#[test]
fn the_exact_version_is_installed_by_the_same_command_on_every_page() -> Result<()> {
    let command = "npm install --save-exact zastro-websockets-node@latest";
    for page in [VERSIONS, NODE] {
        ensure!(!commands(page, command)?.is_empty(), "{page} does not name `{command}`");
    }
    let other = command.replace("-node@", "-cloudflare@");
    ensure!(!commands(CLOUDFLARE, &other)?.is_empty(), "{CLOUDFLARE} does not name `{other}`");
    Ok(())
}

/// The suite of Cloudflare serves it.
#[test]
fn the_worker_on_the_page_for_astro_4_is_that_of_the_tests() -> Result<()> {
    let project = "tests/projects/cloudflare-before-6/worker.mjs";
    let worker = fs::read_to_string(repository().join(project))?;
    let blocks = blocks(CLOUDFLARE)?;
    let mut named = blocks
        .iter()
        .filter(|block| block.file().is_ok_and(|file| file.starts_with("worker.mjs,")));
    let told = &named.next().with_context(|| format!("{CLOUDFLARE} has no worker.mjs"))?.text;
    let code = |text: &str| text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>();
    ensure!(code(told) == code(&worker), "{project} differs from the page:\n{told}");
    Ok(())
}

#[test]
fn the_page_of_the_node_package_names_the_versions_of_other_runtimes_that_are_tested() -> Result<()>
{
    let text = fs::read_to_string(repository().join("tests/tools/runtimes/package.json"))?;
    let manifest: Value = serde_json::from_str(&text)?;
    let page = fs::read_to_string(repository().join(NODE))?;
    for (runtime, package) in [("Bun", "@oven/bun-linux-x64"), ("Deno", "@deno/linux-x64-glibc")] {
        let version = manifest["optionalDependencies"][package].as_str().context("no version")?;
        let (minor, _) = version.rsplit_once('.').context("no patch version")?;
        ensure!(
            page.contains(&format!("{runtime} {minor}")),
            "{NODE} does not name {runtime} {minor}"
        );
    }
    Ok(())
}

/// A new site beside a checkout, created with the commands of the page.
struct Site {
    folder: PathBuf,
    tools: Tools,
    pin: Pin,
}

impl Site {
    /// Creates a site with the package for this runtime.
    fn new(name: &str, runtime: &str) -> Result<Self> {
        let tools = Tools::get()?;
        let beside = target().join("sites").join(name);
        if beside.exists() {
            fs::remove_dir_all(&beside)?;
        }
        let folder = beside.join("site");
        fs::create_dir_all(folder.join("src/pages"))?;
        symlink(repository(), beside.join("zastro-websockets"))?;
        fs::write(
            folder.join("package.json"),
            "{ \"name\": \"site\", \"private\": true, \"type\": \"module\" }\n",
        )?;
        fs::write(
            folder.join("src/pages/index.astro"),
            "<script is:inline src=\"/client.js\"></script>\n",
        )?;
        let site = Self { folder, tools, pin: pinned()? };
        run(&mut site.shell(&format!("npm install astro@{}", site.pin.astro)))?;
        for block in blocks(README)?.iter().filter(|block| block.language == "sh") {
            for line in block.text.lines().filter(|line| line.starts_with("npm ")) {
                // The page uses one of the packages as its example.
                run(&mut site
                    .shell(&line.replace("adapters/node/", &format!("adapters/{runtime}/"))))?;
            }
        }
        Ok(site)
    }

    /// Writes every file of a page. Returns its configurations instead, to be tried one by one.
    fn write_all(&self, page: &str) -> Result<Vec<Block>> {
        let mut configurations = Vec::new();
        for block in blocks(page)? {
            match block.language.as_str() {
                // The suite of Cloudflare runs them, on that Astro.
                "js" | "ts" if block.is_for_an_older_astro() => {}
                "js" if block.file()? == "astro.config.mjs" => configurations.push(block),
                "js" | "ts" | "jsonc" => self.write(&block)?,
                // `published` runs it, with a registry that has the package.
                "sh" => {}
                other => bail!("nobody has said how a block of `{other}` is tested"),
            }
        }
        ensure!(configurations.len() == 2, "{} configurations", configurations.len());
        Ok(configurations)
    }

    /// Runs a shell line with the pinned Node in front.
    fn shell(&self, line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.current_dir(&self.folder).env("PATH", self.tools.path()).args(["-c", line]);
        shell
            .env("npm_config_before", last_moment(&self.pin.as_of))
            // Releases from before that day do not change.
            .env("npm_config_prefer_offline", "true")
            .env("npm_config_ignore_scripts", "true");
        shell.env("npm_config_audit", "false").env("npm_config_fund", "false");
        shell
    }

    fn write(&self, block: &Block) -> Result<()> {
        let path = self.folder.join(block.file()?);
        fs::create_dir_all(path.parent().unwrap_or(&self.folder))?;
        Ok(fs::write(path, &block.text)?)
    }

    fn node(&self, script: &str) -> Command {
        let mut node = self.tools.node();
        node.current_dir(&self.folder).env("ASTRO_TELEMETRY_DISABLED", "1").arg(script);
        node
    }

    fn build(&self) -> Result<()> {
        run(self.node("node_modules/astro/bin/astro.mjs").arg("build"))
    }

    /// Starts the site in one of the three ways on the page.
    fn start(&self, way: Way) -> Result<Server> {
        let mut command = match way {
            Way::Standalone => self.node("dist/server/entry.mjs"),
            Way::Dev | Way::Preview => self.node("node_modules/astro/bin/astro.mjs"),
        };
        match way {
            Way::Standalone => command.env("HOST", "127.0.0.1").env("PORT", "0"),
            Way::Dev => command.args(["dev", "--port", "0"]),
            Way::Preview => command.args(["preview", "--port", "0"]),
        };
        Server::start(&mut command).with_context(|| format!("{way:?}"))
    }
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Dev,
    Preview,
    Standalone,
}

#[test]
fn the_thirty_seconds_of_a_site_builder_are_enough() -> Result<()> {
    let site = Site::new("thirty-seconds", "node")?;
    for block in blocks(README)? {
        match block.language.as_str() {
            "js" | "ts" => site.write(&block)?,
            // Run above, or compared with the repository.
            "sh" | "toml" => {}
            other => bail!("nobody has said how a block of `{other}` is tested"),
        }
    }
    site.build()?;
    for way in [Way::Dev, Way::Preview, Way::Standalone] {
        let server = site.start(way)?;
        let mut socket =
            server.open(&Request::upgrade("/echo")).with_context(|| format!("{way:?}"))?;
        socket.send("hello")?;
        ensure!(socket.text()? == "hello", "{way:?} does not echo");
        let plain = server.get("/echo")?;
        tells_to_upgrade(&plain).with_context(|| format!("{way:?}"))?;
        ensure!(
            server.get("/client.js")?.text().contains("/echo"),
            "{way:?} does not serve the script"
        );
    }
    Ok(())
}

#[test]
fn the_examples_on_the_page_of_the_node_package_work() -> Result<()> {
    let site = Site::new("node-page", "node")?;
    let configurations = site.write_all(NODE)?;
    for configuration in configurations {
        site.write(&configuration)?;
        site.build()?;
        let standalone = site.start(Way::Standalone)?;
        tells_to_upgrade(&standalone.get("/chat")?)?;
        echo(&standalone)?;
        chat(&standalone)?;
        operate(&standalone)?;
        is_limited(&standalone, &configuration)?;
    }

    let middleware = fs::read_to_string(site.folder.join("astro.config.mjs"))?
        .replace("'standalone'", "'middleware'");
    fs::write(site.folder.join("astro.config.mjs"), middleware)?;
    site.build()?;
    run(&mut site.shell("npm install ws"))?;
    for host in ["server.mjs", "routed.mjs", "shared.mjs"] {
        let server = Server::start(site.node(host).env("PORT", "0"))?;
        chat(&server).context(host)?;
        if host == "shared.mjs" {
            ensure!(server.open(&Request::upgrade("/game"))?.text()? == "game on");
        }
    }
    Ok(())
}

#[test]
fn the_configuration_on_the_page_about_proxies_is_taken() -> Result<()> {
    let site = Site::new("proxies-page", "node")?;
    for block in blocks(PROXIES)? {
        match block.language.as_str() {
            "js" => site.write(&block)?,
            language if OF_PROXIES.contains(&language) => {}
            other => bail!("nobody has said how a block of `{other}` is tested"),
        }
    }
    site.build()?;
    let server = site.start(Way::Standalone)?;
    ensure!(server.get("/")?.status == 200);
    Ok(())
}

/// Tests the page's claims about its connection manager.
fn operate(server: &Server) -> Result<()> {
    let mut player = server.open(&Request::upgrade("/room"))?;
    player.send("play")?;
    ensure!(player.text()? == "play", "a player does not hear of the game");
    let listed = server.get("/operator")?.text();
    ensure!(listed.contains(r#""tags":["room","players"]"#), "{listed}");
    let curl = commands(NODE, "curl -X DELETE")?.pop().context("no `curl -X DELETE`")?;
    let (name, value) = ("Content-Type", "application/json");
    ensure!(curl.contains(&format!("-H '{name}: {value}'")), "{curl}");
    let closing = || Request::new("DELETE", "/operator?tag=room");
    ensure!(server.fetch(&closing())?.status == 403, "Astro does not check the origin");
    for closing in [closing().header("Origin", &server.origin()), closing().header(name, value)] {
        let closed = server.fetch(&closing)?.text();
        // Nobody has been idle for that long.
        ensure!(closed == r#"{"closed":0}"#, "{closed}");
    }
    let metrics = server.get("/metrics")?.text();
    ensure!(metrics.contains("\nwebsocket_connections_limit 5000\n"), "{metrics}");
    ensure!(metrics.contains("\nwebsocket_messages_total{direction=\"received\"} "), "{metrics}");
    Ok(())
}

#[test]
fn the_examples_on_the_page_of_the_cloudflare_package_work() -> Result<()> {
    let site = Site::new("cloudflare-page", "cloudflare")?;
    fs::write(
        site.folder.join("src/pages/login.ts"),
        "import type { APIRoute } from 'astro';\n\
         export const GET: APIRoute = ({ session, url }) => {\n\
           session?.set('user', url.searchParams.get('user'));\n\
           return new Response('logged in');\n\
         };\n",
    )?;
    for configuration in site.write_all(CLOUDFLARE)? {
        site.write(&configuration)?;
        site.build()?;
        let preview = site.start(Way::Preview)?;
        echo(&preview)?;
        chat(&preview)?;
        is_limited(&preview, &configuration)?;
        enter(&preview)?;
    }
    type_checks(&site)?;

    // A custom Worker without the room, and a prerendered page.
    fs::remove_dir_all(site.folder.join("src/pages/rooms"))?;
    fs::write(
        site.folder.join("src/pages/about.astro"),
        "---\nexport const prerender = true;\n---\n<h1>About</h1>\n",
    )?;
    let option = "prerenderEnvironment: 'node'";
    let page = fs::read_to_string(repository().join(CLOUDFLARE))?;
    ensure!(page.contains(&format!("`{option}`")), "{CLOUDFLARE} does not name `{option}`");
    let configuration = site.folder.join("astro.config.mjs");
    let with_option = fs::read_to_string(&configuration)?
        .replace("cloudflare({", &format!("cloudflare({{ {option},"));
    fs::write(&configuration, with_option)?;
    fs::write(
        site.folder.join("wrangler.jsonc"),
        r#"{ "name": "site", "main": "./src/composed.ts", "compatibility_date": "2026-04-15" }"#,
    )?;
    site.build()?;
    let preview = site.start(Way::Preview)?;
    ensure!(preview.get("/about/")?.text().contains("About"), "no prerendered page");
    chat(&preview).context("composed.ts")
}

/// Tests the page's claims about its room.
fn enter(server: &Server) -> Result<()> {
    let room = "/rooms/one";
    ensure!(server.reject(&Request::upgrade(room))?.status == 401, "anybody is let in");
    let mut guests = Vec::new();
    for user in ["ada", "eve"] {
        let login = server.get(&format!("/login?user={user}"))?;
        let session = login.headers.cookie("astro-session").context("no session")?;
        let request = Request::upgrade(room).header("Cookie", &format!("astro-session={session}"));
        // The claimed user name does not count.
        guests.push(server.open(&request.header("X-User", "mallory"))?);
    }
    let [ada, eve] = guests.as_mut_slice() else { bail!("two were let in") };
    eve.send("hello")?;
    let heard = ada.text()?;
    ensure!(heard == "eve: hello", "the room does not pass messages on: {heard}");
    ensure!(eve.text()? == "eve: hello", "the room forgets who sent");
    eve.close_without_code()?;
    let heard = ada.text()?;
    ensure!(heard == "eve left", "the others do not hear who leaves: {heard}");
    Ok(())
}

/// Type-checks the site with the types that the page tells users to generate. Also checks for other
/// errors that an editor would show.
fn type_checks(site: &Site) -> Result<()> {
    let command = "npx wrangler types";
    ensure!(!commands(CLOUDFLARE, command)?.is_empty(), "{CLOUDFLARE} does not name `{command}`");
    run(&mut site.shell(command))?;
    fs::write(
        site.folder.join("tsconfig.json"),
        r#"{
            "extends": "astro/tsconfigs/strict",
            "compilerOptions": { "noEmit": true },
            "include": [".astro/types.d.ts", "worker-configuration.d.ts", "src"]
        }"#,
    )?;
    run(site.tools.tsc().current_dir(&site.folder).args(["--pretty", "false", "-p", "."]))
}

/// Checks the message size limit of a configuration on the page.
fn is_limited(server: &Server, configuration: &Block) -> Result<()> {
    let limit = if configuration.text.contains("maxPayload") { 64 * 1024 } else { 1024 * 1024 };
    let mut socket = server.open(&Request::upgrade("/chat").header("Cookie", "user=me"))?;
    ensure!(socket.text()? == "welcome", "no welcome");
    for (size, is_let_in) in [(limit, true), (limit + 1, false)] {
        socket.send(&"x".repeat(size))?;
        if is_let_in {
            ensure!(socket.text()?.len() == size, "a message of {size} bytes is not echoed");
        } else {
            ensure!(socket.closed()?.0 == 1009, "a message of {size} bytes is accepted");
        }
    }
    Ok(())
}

/// RFC 9110, section 15.5.22, and RFC 6455, section 4.4.
fn tells_to_upgrade(response: &Response) -> Result<()> {
    ensure!(response.headers.get("upgrade") == Some("websocket"), "{response}");
    tells_the_version(response)
}

/// The same without the hop-by-hop header, which Cloudflare's plugin for Vite leaves out.
fn tells_the_version(response: &Response) -> Result<()> {
    ensure!(response.status == 426, "a plain request is not told to upgrade: {response}");
    ensure!(response.headers.get("sec-websocket-version") == Some("13"), "{response}");
    Ok(())
}

/// What the first example of a page says, and the script that connects to it.
fn echo(server: &Server) -> Result<()> {
    tells_the_version(&server.get("/echo")?)?;
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    socket.send("hello")?;
    ensure!(socket.text()? == "hello", "no echo");
    ensure!(server.get("/client.js")?.text().contains("new URL('/echo', "), "no client");
    Ok(())
}

/// What the page says of its chat.
fn chat(server: &Server) -> Result<()> {
    tells_the_version(&server.get("/chat")?)?;
    let refused = server.reject(&Request::upgrade("/chat"))?;
    ensure!(
        refused.status == 401 && refused.text() == "Log in first.",
        "without a cookie: {}",
        refused.status
    );
    let mut socket = server.open(&Request::upgrade("/chat").header("Cookie", "user=me"))?;
    ensure!(socket.text()? == "welcome", "no welcome");
    socket.send("hello")?;
    ensure!(socket.text()? == "hello", "no echo");
    Ok(())
}

/// Every page of the repository, by its path.
fn pages() -> Result<Vec<String>> {
    let files = Command::new("git")
        .current_dir(repository())
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "*.md"])
        .output()?;
    let files = String::from_utf8(files.stdout)?;
    // The test projects have pages of other people's.
    let pages = files.lines().filter(|file| !file.starts_with("tests/"));
    Ok(pages.filter(|file| repository().join(file).exists()).map(str::to_owned).collect())
}

/// The targets of a page's links.
fn links(page: &str) -> Result<Vec<String>> {
    let text = fs::read_to_string(repository().join(page))?;
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    Ok(links.map(str::to_owned).collect())
}

/// Links to files of this repository lead somewhere.
#[test]
fn links_between_the_pages_lead_somewhere() -> Result<()> {
    for page in pages()? {
        let path = repository().join(&page);
        let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
        for link in links(&page)?.iter().filter(|link| !link.starts_with("http")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { folder.join(file) };
            ensure!(target.exists(), "{page} links to {link}");
            let is_there = anchor.is_empty() || anchors(&target)?.contains(anchor);
            ensure!(is_there, "{page} links to {link}, and there is no such heading");
        }
    }
    Ok(())
}

#[test]
fn every_page_is_two_links_away_from_the_readme() -> Result<()> {
    let mut near: BTreeSet<PathBuf> = BTreeSet::from([PathBuf::from(README)]);
    for _ in 0..2 {
        let mut next = near.clone();
        for page in near.iter().filter(|page| page.extension().is_some_and(|end| end == "md")) {
            let folder = page.parent().unwrap_or(Path::new(""));
            for link in links(&page.display().to_string())? {
                let file = link.split('#').next().unwrap_or_default();
                if !file.is_empty() && !file.starts_with("http") {
                    next.insert(plain(&folder.join(file)));
                }
            }
        }
        near = next;
    }
    for page in pages()?.iter().filter(|page| !page.starts_with(".github/")) {
        ensure!(near.contains(Path::new(page)), "{page} is more than two links from {README}");
    }
    let accepting = "templates/node/handshake/accept.ts";
    ensure!(near.contains(Path::new(accepting)), "{accepting} is more than two links away");
    Ok(())
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        if part == Component::ParentDir {
            plain.pop();
        } else {
            plain.push(part);
        }
    }
    plain
}

#[test]
fn the_readme_is_short_and_the_lines_of_the_pages_are_too() -> Result<()> {
    let readme = fs::read_to_string(repository().join(README))?.lines().count();
    ensure!(readme <= MOST_LINES, "{README} has {readme} lines");
    for page in pages()? {
        for (number, line) in fs::read_to_string(repository().join(&page))?.lines().enumerate() {
            let columns = line.chars().count();
            ensure!(columns <= MOST_COLUMNS, "{page}:{} has {columns} columns", number + 1);
        }
    }
    Ok(())
}

/// `cargo xtask lint` holds the imports of the code against the same list.
#[test]
fn the_rooms_on_the_page_are_those_of_the_list_in_its_order() -> Result<()> {
    let text = fs::read_to_string(repository().join(ARCHITECTURE))?;
    let (_, table) = text.split_once("| room | contents | door |").context("no rooms")?;
    let rows = table.lines().skip(2).map_while(|row| row.strip_prefix("| `")?.split('`').next());
    let named: Vec<&str> = rows.collect();
    let list: toml::Table =
        toml::from_str(&fs::read_to_string(repository().join("xtask/rooms.toml"))?)?;
    let listed = list["templates"]["order"].as_array().context("no list of rooms")?;
    // The page begins below, where nothing is imported.
    let listed: Vec<&str> = listed.iter().rev().filter_map(toml::Value::as_str).collect();
    ensure!(named == listed, "{ARCHITECTURE} names {named:?}, the list has {listed:?}");
    Ok(())
}

/// What the headings of a page are linked by, as GitHub makes it of their text.
fn anchors(page: &Path) -> Result<BTreeSet<String>> {
    let text = fs::read_to_string(page)?;
    let headings = text.lines().filter(|line| line.starts_with('#'));
    Ok(headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept =
                heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect())
}
