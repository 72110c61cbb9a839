//! Wrong addresses and settings of an engine: the server says what is wrong, and what to do.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::json;
use tests::engine::jetstream::JetStream;
use tests::engine::{Engine, Product};
use tests::patience::{PATIENCE, at_last};
use tests::realtime::Client;
use tests::realtime::client::Join;
use tests::server::Server;

use super::{Case, cases, on_products};
use crate::hosts::Sites;

pub const CASES: &[Case] = cases![
    a_wrong_address_stops_the_start,
    tls_to_a_plain_port_stops_the_start,
    a_user_of_redis_needs_the_keys_of_the_prefix_alone,
    a_user_of_nats_needs_the_subjects_of_the_prefix_alone,
    a_prefix_of_another_site_stops_the_start,
    data_of_a_newer_version_stops_the_start,
    an_engine_that_is_not_there_yet_is_told_and_joined_later,
    an_engine_that_may_drop_its_data_is_told,
];

pub const CASES_OF_PRODUCTS: &[Case] = on_products![
    an_engine_without_an_address_stops_the_start,
    a_wrong_password_stops_the_start_and_is_not_printed,
    a_certificate_that_nobody_knows_stops_the_start,
    a_server_of_something_else_is_told,
];

/// Starts a process with this address. It must not start, and print all of this. Returns what it
/// prints.
fn does_not_start(sites: &Sites, product: Product, url: &str, expected: &[&str]) -> Result<String> {
    let mut command = sites.process(product)?;
    if !url.is_empty() {
        command.env(product.variable(), url);
    }
    let output = Server::output_of(&mut command, Duration::from_secs(30))?;
    for part in expected {
        ensure!(output.contains(part), "`{part}` is not in what it prints with {url}: {output}");
    }
    Ok(output)
}

fn an_engine_without_an_address_stops_the_start(sites: &Sites, product: Product) -> Result<()> {
    let variable = product.variable();
    let example =
        format!("{variable}={}", if product == Product::Nats { "nats://" } else { "redis://" });
    does_not_start(sites, product, "", &[&format!("{variable} is not set"), &example]).map(drop)
}

fn a_wrong_address_stops_the_start(sites: &Sites) -> Result<()> {
    for url in ["127.0.0.1", "http://127.0.0.1:6379", "redis://127.0.0.1/sessions", "redis://"] {
        does_not_start(
            sites,
            Product::Valkey,
            url,
            &["REDIS_URL", "redis://user:password@host:6379/0"],
        )?;
    }
    Ok(())
}

fn a_wrong_password_stops_the_start_and_is_not_printed(
    sites: &Sites,
    product: Product,
) -> Result<()> {
    let (options, user): (&[&str], _) = match product {
        Product::Valkey | Product::Redis => (&["--requirepass", "the right one"], "default"),
        Product::Nats => (&["--user", "ada", "--pass", "the right one"], "ada"),
    };
    let engine = Engine::start(product, options)?;
    // The URL with a login, which is empty or ends with `@`.
    let with = |login: &str| engine.url().replace("://", &format!("://{login}"));
    for login in ["", ":swordfish@", "ada:swordfish@"] {
        let expected = ["refuses the user", "password", "hint"];
        let told = does_not_start(sites, product, &with(login), &expected)?;
        ensure!(!told.contains("swordfish"), "the password is printed: {told}");
    }
    let url = with(&format!("{user}:the%20right%20one@"));
    joins(&Server::start(sites.process(product)?.env(product.variable(), &url))?)
}

/// A plain port waits for more of what looks like a long command.
fn tls_to_a_plain_port_stops_the_start(sites: &Sites) -> Result<()> {
    let engine = Engine::valkey()?;
    let url = format!("rediss://{}", engine.address());
    does_not_start(sites, Product::Valkey, &url, &["does not speak TLS", "`redis:`"]).map(drop)
}

/// Waits until a server has printed all of this.
fn tells(server: &Server, expected: &[&str]) -> Result<()> {
    server.wait_for_output(PATIENCE, |printed| {
        expected.iter().all(|part| printed.contains(part)).then_some(())
    })
}

fn a_certificate_that_nobody_knows_stops_the_start(sites: &Sites, product: Product) -> Result<()> {
    // Valkey's wheel has no TLS.
    let product = if product == Product::Valkey { Product::Redis } else { product };
    let (_engine, address, certificate) = Engine::with_tls(product)?;
    let plain = product.url(address);
    let url = match product {
        Product::Nats => format!("tls://{address}"),
        Product::Valkey | Product::Redis => format!("rediss://{address}"),
    };
    does_not_start(sites, product, &url, &["certificate", "NODE_EXTRA_CA_CERTS"])?;
    let start = |url: &str| {
        let mut command = sites.process(product)?;
        command.env(product.variable(), url).env("NODE_EXTRA_CA_CERTS", &certificate);
        Server::start(&mut command)
    };
    joins(&start(&url)?)?;
    match product {
        // The server says that it wants TLS.
        Product::Nats => does_not_start(sites, product, &plain, &["certificate"]).map(drop),
        // Without TLS at the port for it.
        Product::Valkey | Product::Redis => tells(&start(&plain)?, &["cannot be reached"]),
    }
}

fn a_user_of_redis_needs_the_keys_of_the_prefix_alone(sites: &Sites) -> Result<()> {
    let engine = marked(sites)?;
    let key = mark(&engine)?;
    let prefix = key.trim_start_matches('{').split(':').next().context("no prefix")?;
    engine.ask(&["FLUSHALL"])?;
    let (keys, subjects) = (format!("~{{{prefix}:*"), format!("&{prefix}@*"));
    let rules = ["ACL", "SETUSER", "ada", "on", ">secret", &keys, &subjects, "+@all", "-@admin"];
    engine.ask(&rules)?;
    let url = format!("redis://ada:secret@{}", engine.address());
    let server = Server::start(sites.process(Product::Valkey)?.env("REDIS_URL", &url))?;
    let mut ada = Client::connect(&server, "ada")?;
    let hers = ada.join(&Join::of("rooms", "room", "input"))?;
    ada.ask(&hers, "say", json!({ "text": "hello" }))?;
    ensure!(ada.event(&hers)?.data.json()["text"] == "hello");

    engine.ask(&["ACL", "SETUSER", "ada", "resetkeys", "~other:*"])?;
    does_not_start(sites, Product::Valkey, &url, &["may not run a command", "prefix"]).map(drop)
}

/// A server of NATS whose user has exactly these permissions.
fn with_permissions(permissions: &str) -> Result<(tempfile::TempDir, Engine)> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("nats.conf");
    let user = format!("{{ user: ada, password: secret, permissions: {{ {permissions} }} }}");
    fs::write(&file, format!("authorization {{ users: [{user}] }}\n"))?;
    let engine = Engine::start(Product::Nats, &["--config", &file.display().to_string()])?;
    Ok((folder, engine))
}

/// As the page on npm says.
fn a_user_of_nats_needs_the_subjects_of_the_prefix_alone(sites: &Sites) -> Result<()> {
    let prefix = {
        let engine = Engine::nats()?;
        joins(&Server::start(&mut sites.process_on(engine.product(), engine.address())?)?)?;
        let streams = JetStream::connect(engine.address())?.streams()?;
        let name = streams.first().context("no stream")?;
        let name = name.trim_start_matches("realtime_");
        name.rsplit_once('_').context("no prefix")?.0.to_owned()
    };
    let api: Vec<String> = ["log", "state"]
        .iter()
        .map(|end| format!("realtime_{prefix}_{end}"))
        .flat_map(|stream| {
            [format!("$JS.API.*.*.{stream}"), format!("$JS.API.STREAM.MSG.GET.{stream}")]
        })
        .collect();
    let own = format!("realtime.{prefix}.>");
    let publish = format!("\"{own}\", \"$JS.API.INFO\", \"{}\"", api.join("\", \""));
    let subscribe = format!("\"{own}\", \"_INBOX.>\"");
    let (_folder, engine) =
        with_permissions(&format!("publish: [{publish}], subscribe: [{subscribe}]"))?;
    let url = engine.url().replace("://", "://ada:secret@");
    let server = Server::start(sites.process(Product::Nats)?.env("NATS_URL", &url))?;
    let mut ada = Client::connect(&server, "ada")?;
    let hers = ada.join(&Join::of("rooms", "room", "input"))?;
    ada.ask(&hers, "say", json!({ "text": "hello" }))?;
    ensure!(ada.event(&hers)?.data.json()["text"] == "hello");

    let (_folder, engine) = with_permissions("publish: [\"other.>\"], subscribe: [\">\"]")?;
    let url = engine.url().replace("://", "://ada:secret@");
    does_not_start(sites, Product::Nats, &url, &["may not use a subject", "subjects"]).map(drop)
}

fn a_server_of_something_else_is_told(sites: &Sites, product: Product) -> Result<()> {
    if product == Product::Nats {
        // It waits for the client to begin, as the client does for it.
        let engine = Engine::valkey()?;
        let url = product.url(engine.address());
        let server = Server::start(sites.process(product)?.env(product.variable(), url))?;
        return tells(&server, &["cannot be reached", "no answer", "check the address"]);
    }
    let engine = Engine::nats()?;
    let expected = ["does not speak the protocol of Redis", "port"];
    does_not_start(sites, product, &product.url(engine.address()), &expected).map(drop)
}

/// The mark of the only site on a server.
fn mark(engine: &Engine) -> Result<String> {
    let keys = engine.ask(&["KEYS", "*:mark"])?;
    let [key] = keys.list()? else { anyhow::bail!("not one mark: {keys:?}") };
    Ok(key.text()?.to_owned())
}

/// Starts a process once, so that the engine has its mark.
fn marked(sites: &Sites) -> Result<Engine> {
    let engine = Engine::valkey()?;
    let server = Server::start(&mut sites.process_on(engine.product(), engine.address())?)?;
    joins(&server)?;
    Ok(engine)
}

fn a_prefix_of_another_site_stops_the_start(sites: &Sites) -> Result<()> {
    let engine = marked(sites)?;
    engine.ask(&["HSET", &mark(&engine)?, "site", "another-shop"])?;
    let expected = ["belongs to the site `another-shop`", "`realtime.prefix`"];
    does_not_start(sites, Product::Valkey, &engine.url(), &expected).map(drop)
}

fn data_of_a_newer_version_stops_the_start(sites: &Sites) -> Result<()> {
    let engine = marked(sites)?;
    engine.ask(&["HSET", &mark(&engine)?, "format", "99"])?;
    does_not_start(sites, Product::Valkey, &engine.url(), &["newer version", "Update the package"])
        .map(drop)
}

fn joins(server: &Server) -> Result<()> {
    Client::connect(server, "ada")?.join(&Join::of("rooms", "room", "input"))?;
    Ok(())
}

fn an_engine_that_is_not_there_yet_is_told_and_joined_later(sites: &Sites) -> Result<()> {
    let engine = Engine::valkey()?;
    engine.kill()?;
    let server = Server::start(&mut sites.process_on(engine.product(), engine.address())?)?;
    tells(&server, &["does not work", "cannot be reached", "ECONNREFUSED"])?;
    // The rest of the site works.
    let response = server.get("/")?;
    ensure!(response.status == 200, "{response}");
    engine.restart()?;
    at_last(|| joins(&server))?;
    let printed = server.wait_for_output(PATIENCE, |printed| {
        printed.contains("works again").then(|| printed.to_owned())
    })?;
    ensure!(printed.matches("does not work").count() == 1, "{printed}");
    Ok(())
}

fn an_engine_that_may_drop_its_data_is_told(sites: &Sites) -> Result<()> {
    let engine = Engine::start(Product::Valkey, &["--maxmemory-policy", "allkeys-lru"])?;
    let server = Server::start(&mut sites.process_on(engine.product(), engine.address())?)?;
    tells(&server, &["`maxmemory-policy`", "`allkeys-lru`", "noeviction"])?;
    joins(&server)
}
