//! The adapters as other integrations see them, and the output of a site's build.

use std::fs;

use anyhow::{Context, Result, ensure};
use tests::app::App;
use tests::client::Request;
use tests::pins::major;
use tests::project::Project;
use tests::server::Server;
use tests::tools::run;

/// The adapters, and the names of the official ones.
const ADAPTERS: [(&str, &str); 2] =
    [("node", "@astrojs/node"), ("cloudflare", "@astrojs/cloudflare")];

/// An integration that checks where the site will run.
const ASKING: &str = "
const asking = {
	name: 'asking',
	hooks: {
		'astro:config:setup': ({ config }) => console.log('in setup:', config.adapter?.name),
		'astro:config:done': ({ config }) => console.log('when done:', config.adapter?.name),
	},
};

export default defineConfig({
	integrations: [asking],";

#[test]
fn other_integrations_find_the_name_of_the_official_adapter_and_the_log_has_ours() -> Result<()> {
    for (name, official) in ADAPTERS {
        let project = Project::install(name)?;
        let app = project.app("asking")?;
        app.edit("astro.config.mjs", "\nexport default defineConfig({", ASKING)?;
        let printed = build(&app)?;
        for expected in [
            format!("in setup: {official}"),
            format!("when done: {official}"),
            format!("adapter: zastro-websockets-{name}"),
        ] {
            ensure!(printed.contains(&expected), "not there: {expected}\n{printed}");
        }
    }
    Ok(())
}

#[test]
fn a_build_warns_of_prerendered_routes_that_upgrade() -> Result<()> {
    for (name, _) in ADAPTERS {
        let project = Project::install(name)?;
        let printed = build(&project.app("warned")?)?;
        let warning = "The route \"/prerendered-upgrade.txt\" is prerendered, so it cannot accept a \
                       WebSocket handshake. Export `prerender = false` from \
                       src/pages/prerendered-upgrade.txt.ts, or set `output: 'server'`";
        ensure!(printed.contains(warning), "{printed}");
        ensure!(!printed.contains("The route \"/prerendered.json\""), "{printed}");
    }
    Ok(())
}

/// The integration checks the adapter's name. If it mistook the adapter for another, the server
/// would not start.
#[test]
fn a_server_starts_beside_an_integration_that_asks_for_the_adapter() -> Result<()> {
    if major()? < 5 {
        eprintln!("skipped: with Astro 4 this integration fails beside the official adapter, too");
        return Ok(());
    }
    let manifest = r#"{ "name": "varlock", "private": true, "type": "module", "dependencies": {
        "@varlock/astro-integration": "1.4.2", "varlock": "1.20.0" } }"#;
    let project = Project::install_with("node", "varlock", manifest)?;
    let app = project.app("varlock")?;
    fs::remove_dir_all(app.root().join("src"))?;
    fs::create_dir_all(app.root().join("src/pages"))?;
    fs::write(
        app.root().join(".env.schema"),
        "# @defaultSensitive=false\n# ---\nGREETING=hello\n",
    )?;
    let page = "import { ENV } from 'varlock/env';
export const GET = () => new Response(ENV.GREETING);
";
    fs::write(app.root().join("src/pages/greeting.ts"), page)?;
    app.edit("astro.config.mjs", "\nexport default defineConfig({", VARLOCK)?;
    run(&mut app.astro(["build"]))?;
    let mut command = app.node_server("dist/server/entry.mjs");
    let server = Server::start(command.env("HOST", "127.0.0.1").env("PORT", "0"))?;
    let response = server.fetch(&Request::get("/greeting"))?;
    ensure!(response.status == 200 && response.text() == "hello", "{response}");
    server.check_alive()
}

const VARLOCK: &str = "
import varlock from '@varlock/astro-integration';

export default defineConfig({
	integrations: [varlock()],";

/// Tests of integrations use a configuration with only the fields that the official adapter
/// requires.
#[test]
fn a_configuration_without_integrations_can_be_set_up() -> Result<()> {
    let project = Project::install("node")?;
    let app = project.app("mocked")?;
    fs::write(app.root().join("mocked.mjs"), MOCKED)?;
    let output = app.node_script("mocked.mjs").output().context("cannot run Node")?;
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success() && printed == "set up\n", "{output:?}");
    Ok(())
}

const MOCKED: &str = "
import node from 'zastro-websockets-node';

const config = {
	build: {},
	cacheDir: new URL('cache/', import.meta.url),
	image: { endpoint: {} },
	server: {},
};
const logger = { info() {}, warn() {} };
await node({ mode: 'standalone' }).hooks['astro:config:setup']({
	command: 'build',
	config,
	logger,
	updateConfig() {},
});
console.log('set up');
";

/// The output of a build.
fn build(app: &App) -> Result<String> {
    let output = app.astro(["build"]).output().context("cannot run Astro")?;
    let printed = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    ensure!(output.status.success(), "{printed}");
    Ok(printed)
}
