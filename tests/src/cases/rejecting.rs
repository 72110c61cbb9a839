//! A rejected client gets the response of the route.

use crate::client::Request;
use anyhow::{Result, ensure};

use crate::cases;
use crate::cases::NO_FILES;
use crate::patience::PATIENCE;
use crate::site::Site;
use crate::suite::{Case, not_applicable};

pub(super) const CASES: &[Case<Site>] = cases! {
    "Refusals with status, headers, cookies and body" => [
        sends_the_body_the_headers_and_the_cookies_of_a_rejection,
        rejects_a_client_without_the_cookie,
        sends_a_rejection_without_a_body,
        streams_a_rejection_that_is_larger_than_the_buffers,
        rejects_in_middleware,
        answers_an_upgrade_of_an_ordinary_page_with_the_page,
        answers_an_upgrade_of_an_unknown_route_with_404,
        answers_an_upgrade_of_a_malformed_path,
        answers_500_to_an_upgrade_of_a_route_that_throws,
        answers_500_when_a_route_throws_after_the_upgrade,
        rejects_when_a_component_returns_the_response,
        closes_the_socket_whose_response_was_not_returned,
    ],
    "Prerendered pages and public files" => [
        answers_an_upgrade_of_a_prerendered_page_with_the_page,
        answers_an_upgrade_of_a_prerendered_endpoint_with_its_body,
        does_not_upgrade_on_a_prerendered_route,
        answers_an_upgrade_of_a_public_file_with_the_file,
        answers_an_upgrade_of_a_file_that_is_larger_than_the_buffers,
    ],
    "Wrong calls throw an error that explains them" => [
        explains_an_upgrade_of_an_ordinary_request,
        refuses_a_second_upgrade_of_the_same_request,
        refuses_a_subprotocol_that_was_not_offered,
    ],
    "Origin check" => [
        refuses_another_origin,
        refuses_an_origin_of_another_scheme,
        refuses_an_opaque_origin,
    ],
    "Locals and guards of the host application" => [
        lets_the_application_refuse,
    ],
};

pub(super) const VITAL: &[Case<Site>] =
    cases![sends_the_body_the_headers_and_the_cookies_of_a_rejection];

fn sends_the_body_the_headers_and_the_cookies_of_a_rejection(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/reject"))?;
    ensure!(response.status == 401 && response.text() == "who are you?", "{response}");
    ensure!(response.headers.get("x-reason") == Some("anonymous"), "{response}");
    ensure!(response.headers.cookie("by-context") == Some("one"), "{response}");
    Ok(())
}

fn rejects_a_client_without_the_cookie(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/authenticated"))?;
    ensure!(response.status == 401 && response.text() == "no token", "{response}");
    Ok(())
}

fn sends_a_rejection_without_a_body(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/empty"))?;
    ensure!(response.status == 404, "{response}");
    Ok(())
}

fn streams_a_rejection_that_is_larger_than_the_buffers(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/streamed"))?;
    ensure!(response.status == 403, "{response}");
    ensure!(response.body.len() == 8 * 1024 * 1024, "{} bytes came", response.body.len());
    Ok(())
}

fn rejects_in_middleware(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/middleware/refuse"))?;
    ensure!(response.status == 403 && response.text() == "refused by the middleware", "{response}");
    Ok(())
}

fn answers_an_upgrade_of_an_ordinary_page_with_the_page(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/"))?;
    ensure!(response.status == 200 && response.text().contains("<h1>Home</h1>"), "{response}");
    Ok(())
}

fn answers_an_upgrade_of_an_unknown_route_with_404(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/nowhere"))?;
    ensure!(response.status == 404, "{response}");
    Ok(())
}

fn answers_an_upgrade_of_a_prerendered_page_with_the_page(site: &Site) -> Result<()> {
    if !site.host.serves_files() {
        return not_applicable(NO_FILES);
    }
    let response = site.server.reject(&Request::upgrade("/prerendered/"))?;
    ensure!(
        response.status == 200 && response.text().contains("A prerendered page."),
        "{response}"
    );
    Ok(())
}

fn answers_an_upgrade_of_a_prerendered_endpoint_with_its_body(site: &Site) -> Result<()> {
    if !site.host.serves_files() {
        return not_applicable(NO_FILES);
    }
    let response = site.server.reject(&Request::upgrade("/prerendered.json"))?;
    ensure!(response.status == 200 && response.text() == r#"{"prerendered":true}"#, "{response}");
    Ok(())
}

/// Neither the route nor middleware upgrades: at the time of the handshake there is only a file.
fn does_not_upgrade_on_a_prerendered_route(site: &Site) -> Result<()> {
    if !site.host.serves_files() {
        return not_applicable(NO_FILES);
    }
    for (path, text) in [
        ("/prerendered-upgrade.txt", "This is a WebSocket endpoint."),
        ("/middleware/prerendered.txt", "A file."),
    ] {
        let response = site.server.reject(&Request::upgrade(path))?;
        ensure!(response.status == 200 && response.text() == text, "{path}: {response}");
    }
    if site.host.is_dev() {
        let warning = "The route \"/prerendered-upgrade.txt\" is prerendered";
        site.server.wait_for_output(PATIENCE, |printed| printed.contains(warning).then_some(()))?;
    }
    Ok(())
}

fn answers_an_upgrade_of_a_public_file_with_the_file(site: &Site) -> Result<()> {
    if !site.host.serves_files() {
        return not_applicable(NO_FILES);
    }
    let response = site.server.reject(&Request::upgrade("/public.txt"))?;
    ensure!(response.status == 200 && response.text() == "A public file.\n", "{response}");
    Ok(())
}

fn answers_an_upgrade_of_a_file_that_is_larger_than_the_buffers(site: &Site) -> Result<()> {
    if !site.host.serves_files() {
        return not_applicable(NO_FILES);
    }
    let response = site.server.reject(&Request::upgrade("/large.txt"))?;
    ensure!(response.status == 200, "{}", response.status);
    ensure!(response.body.len() == 1024 * 1024, "{} bytes came", response.body.len());
    Ok(())
}

fn answers_an_upgrade_of_a_malformed_path(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/%"))?;
    ensure!(response.status >= 400, "{response}");
    Ok(())
}

fn answers_500_to_an_upgrade_of_a_route_that_throws(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/throws"))?;
    ensure!(response.status == 500, "{response}");
    Ok(())
}

fn answers_500_when_a_route_throws_after_the_upgrade(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/throws-after?journal=throws-after"))?;
    ensure!(response.status == 500, "{response}");
    let code = site.journal("throws-after", "1006")?;
    ensure!(code == "1006", "{code}");
    Ok(())
}

/// The page has begun by the time its components render. Upstream then throws `ResponseSentError`,
/// too late for the status of a streamed page.
fn rejects_when_a_component_returns_the_response(site: &Site) -> Result<()> {
    let mut connection = site.server.connection()?;
    connection
        .write(&Request::upgrade("/in-component").to_bytes(&site.server.address().to_string()))?;
    // The head is enough: the body may be cut off.
    let response = connection.response("HEAD")?;
    ensure!(matches!(response.status, 200 | 500), "{response}");
    connection.ended()?;
    site.check_echo()
}

fn closes_the_socket_whose_response_was_not_returned(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/abandoned?journal=abandoned"))?;
    ensure!(response.status == 403 && response.text() == "changed its mind", "{response}");
    let events = site.journal("abandoned", "1006")?;
    ensure!(events == "error 1006", "{events}");
    Ok(())
}

fn explains_an_upgrade_of_an_ordinary_request(site: &Site) -> Result<()> {
    let response = site.server.get("/unconditional")?;
    ensure!(response.status == 426, "{response}");
    ensure!(
        response.text()
            == "The request must be an upgrade request to upgrade the connection to a WebSocket.",
        "{response}"
    );
    Ok(())
}

fn refuses_a_second_upgrade_of_the_same_request(site: &Site) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/twice"))?;
    ensure!(response.status == 409 && response.text() != "no error", "{response}");
    Ok(())
}

fn refuses_a_subprotocol_that_was_not_offered(site: &Site) -> Result<()> {
    let request =
        Request::upgrade("/protocol?choose=three").header("Sec-WebSocket-Protocol", "one, two");
    let response = site.server.reject(&request)?;
    ensure!(response.status == 409 && response.text().contains("three"), "{response}");
    Ok(())
}

fn refuses_another_origin(site: &Site) -> Result<()> {
    for origin in [
        "https://evil.example",
        "https://one.example",
        "https://any.of.one.example",
        "https://evilmany.example",
        "ionic://localhost",
        "chrome-extension://qrstuvwxyzabcdef",
    ] {
        refuses_with_403(site, origin)?;
    }
    Ok(())
}

fn refuses_with_403(site: &Site, origin: &str) -> Result<()> {
    let response = site.server.reject(&Request::upgrade("/echo").header("Origin", origin))?;
    ensure!(response.status == 403, "{origin}: {response}");
    Ok(())
}

/// Pages over `http` and `https` have different origins: anyone on the network can change the
/// former.
fn refuses_an_origin_of_another_scheme(site: &Site) -> Result<()> {
    if site.host.is_workerd_itself() {
        return not_applicable("wrangler rewrites the scheme of an `Origin` of its own host");
    }
    let own = site.server.origin();
    let other = match own.strip_prefix("https") {
        Some(rest) => format!("http{rest}"),
        None => own.replacen("http", "https", 1),
    };
    refuses_with_403(site, &other)
}

/// A sandboxed frame sends this origin.
fn refuses_an_opaque_origin(site: &Site) -> Result<()> {
    refuses_with_403(site, "null")
}

fn lets_the_application_refuse(site: &Site) -> Result<()> {
    if !site.host.is_application() {
        return not_applicable("there is no host application");
    }
    let response = site.server.reject(&Request::upgrade("/guarded"))?;
    ensure!(response.status == 403 && response.text() == "guarded by the host", "{response}");
    ensure!(response.headers.get("x-guard") == Some("host"), "{response}");
    Ok(())
}
