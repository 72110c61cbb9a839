//! HTTP beside WebSocket: this adapter behaves as the official one.

use crate::client::Request;
use anyhow::{Result, ensure};

use crate::cases;
use crate::cases::NO_FILES;
use crate::site::Site;
use crate::suite::{Case, not_applicable};

pub(super) const CASES: &[Case<Site>] = cases! {
    "HTTP, as the official adapter serves it" => [
        serves_a_page,
        answers_404_for_an_unknown_route,
        answers_500_for_a_route_that_throws,
        keeps_the_connection_alive_between_requests,
    ],
    "Prerendered pages and public files" => [
        serves_a_prerendered_page,
        serves_a_prerendered_endpoint,
        serves_a_public_file,
        sets_is_upgrade_request_to_false_in_prerendered_routes,
    ],
    "HTTP and WebSocket on one route" => [
        serves_plain_http_on_a_route_that_also_upgrades,
        serves_a_post_on_a_route_that_also_upgrades,
        serves_a_page_that_upgrades_in_its_frontmatter,
    ],
    "Beside Vite's own WebSocket" => [
        keeps_the_hot_module_socket_of_vite,
    ],
};

pub(super) const VITAL: &[Case<Site>] = cases![serves_a_page];

fn serves_a_page(site: &Site) -> Result<()> {
    let response = site.server.get("/")?;
    ensure!(response.status == 200 && response.text().contains("<h1>Home</h1>"), "{response}");
    Ok(())
}

fn serves_a_prerendered_page(site: &Site) -> Result<()> {
    if !site.host.serves_files() {
        return not_applicable(NO_FILES);
    }
    let response = site.server.get("/prerendered/")?;
    ensure!(
        response.status == 200 && response.text().contains("A prerendered page."),
        "{response}"
    );
    Ok(())
}

fn serves_a_prerendered_endpoint(site: &Site) -> Result<()> {
    if !site.host.serves_files() {
        return not_applicable(NO_FILES);
    }
    let response = site.server.get("/prerendered.json")?;
    ensure!(response.status == 200 && response.text() == r#"{"prerendered":true}"#, "{response}");
    Ok(())
}

fn serves_a_public_file(site: &Site) -> Result<()> {
    if !site.host.serves_files() {
        return not_applicable(NO_FILES);
    }
    let response = site.server.get("/public.txt")?;
    ensure!(response.status == 200 && response.text() == "A public file.\n", "{response}");
    Ok(())
}

/// A build renders the page without a server that adds locals. In dev it is rendered for each
/// request.
fn sets_is_upgrade_request_to_false_in_prerendered_routes(site: &Site) -> Result<()> {
    if !site.host.serves_files() {
        return not_applicable(NO_FILES);
    }
    let response = site.server.get("/prerendered-locals.txt")?;
    let says = "false The route \"/prerendered-locals.txt\" is prerendered, so it cannot accept";
    ensure!(response.status == 200 && response.text().starts_with(says), "{response}");
    Ok(())
}

fn answers_404_for_an_unknown_route(site: &Site) -> Result<()> {
    let response = site.server.get("/nowhere")?;
    ensure!(response.status == 404, "{response}");
    Ok(())
}

fn answers_500_for_a_route_that_throws(site: &Site) -> Result<()> {
    let response = site.server.get("/throws")?;
    ensure!(response.status == 500, "{response}");
    Ok(())
}

fn serves_plain_http_on_a_route_that_also_upgrades(site: &Site) -> Result<()> {
    let response = site.server.get("/both")?;
    ensure!(response.status == 200 && response.text() == "plain", "{response}");
    let mut socket = site.server.open(&Request::upgrade("/both"))?;
    socket.send("upgraded")?;
    ensure!(socket.text()? == "upgraded");
    Ok(())
}

fn serves_a_post_on_a_route_that_also_upgrades(site: &Site) -> Result<()> {
    let response = site.server.fetch(&Request::post("/both", "a body"))?;
    ensure!(response.status == 201 && response.text() == "false a body", "{response}");
    Ok(())
}

fn serves_a_page_that_upgrades_in_its_frontmatter(site: &Site) -> Result<()> {
    let response = site.server.get("/frontmatter")?;
    ensure!(response.status == 200 && response.text().contains("An ordinary page."), "{response}");
    Ok(())
}

fn keeps_the_connection_alive_between_requests(site: &Site) -> Result<()> {
    let mut connection = site.server.connection()?;
    for _ in 0..2 {
        connection.write(&Request::get("/both").to_bytes(&site.server.address().to_string()))?;
        ensure!(connection.response("GET")?.text() == "plain");
    }
    Ok(())
}

fn keeps_the_hot_module_socket_of_vite(site: &Site) -> Result<()> {
    if !site.host.is_dev() {
        return not_applicable("only the dev server has one");
    }
    let request = Request::upgrade("/").header("Sec-WebSocket-Protocol", "vite-hmr");
    let mut socket = site.server.open(&request)?;
    ensure!(socket.headers.get("sec-websocket-protocol") == Some("vite-hmr"));
    let greeting = socket.text()?;
    ensure!(greeting.contains(r#""type":"connected""#), "{greeting}");
    Ok(())
}
