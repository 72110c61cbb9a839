//! The notifications.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::{Examples, example, is_open, needs_astro};
use crate::browser::Page;
use crate::chat::{Place, SOON};
use crate::client::Request;
use crate::patience::{at_last, within};
use crate::realtime::client::Join;
use crate::realtime::{Client, Identity};
use crate::server::Server;

/// The texts in the inbox of a page, newest first.
const TEXTS: &str = "[...document.querySelectorAll('li span')].map((text) => text.textContent)";

/// Sends the form of Ada's page as a browser without scripts does, and returns the page.
fn notify(server: &Server, to: &str, text: &str, minutes: f64) -> Result<String> {
    let request =
        Request::post("/?_action=notify", &format!("to={to}&text={text}&minutes={minutes}"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Origin", &server.origin())
            .header("Cookie", "name=Ada");
    let page = server.fetch(&request)?;
    ensure!(page.status == 200, "{page}");
    Ok(page.text())
}

/// Waits until the newest notification of a page is this one.
fn newest_is(page: &mut Page, text: &str) -> Result<()> {
    page.until(SOON, &format!("{TEXTS}[0] === '{text}'")).with_context(|| format!("no {text}"))
}

/// Bob has a browser. Ada's is a program.
pub fn an_action_and_a_schedule_notify_users<H: Examples>(host: &H) -> Result<()> {
    needs_astro(6, "servers of Astro 5 refuse forms without `security.allowedDomains`")?;
    let place = Place::new()?;
    let server = host.start_at(&example(host, "notifications")?, &place)?;
    let mut bob = host.browser()?.tab(&server.origin())?;
    bob.until(SOON, "document.querySelector('[name=name]') !== null")?;
    bob.evaluate(
        "document.querySelector('[name=name]').value = 'Bob';
         document.querySelector('form').requestSubmit()",
    )?;
    is_open(&mut bob, "notification-inbox")?;
    let mut ada = Client::connect_with(&server, Identity::by_header("Cookie", "name=Ada"))?;
    ada.join_refused(&Join::of("inbox", "user", "Bob"))?;

    notify(&server, "Bob", "lunch", 0.0)?;
    newest_is(&mut bob, "lunch")?;
    bob.until(SOON, "document.title === '(1) Notifications'")?;
    bob.evaluate("document.querySelector('li button').click()")?;
    bob.until(SOON, "document.title === 'Notifications'")?;
    let told = ada.inbox()?;
    ensure!(*told.json() == json!({ "reader": "Bob", "text": "lunch" }), "{told:?}");
    // A page tells that it is there a moment after its channel is open.
    at_last(|| {
        let page = notify(&server, "Bob,Eve", "hello", 0.0)?;
        ensure!(page.contains("Online now: Bob."), "{page}");
        Ok(())
    })?;

    // What came while he was away.
    bob.navigate("about:blank")?;
    notify(&server, "Bob", "dinner", 0.0)?;
    bob.navigate(&server.origin())?;
    is_open(&mut bob, "notification-inbox")?;
    newest_is(&mut bob, "dinner")?;
    let read = bob.evaluate("document.querySelector('li:last-child').dataset.read")?;
    ensure!(read == "true", "he has read the first one: {read}");

    // Less than a second, which the form itself does not offer.
    notify(&server, "Bob", "breakfast", 0.01)?;
    within(SOON, || {
        host.run_schedule(&server)?;
        let texts = bob.evaluate(TEXTS)?;
        ensure!(texts[0] == "breakfast", "{texts}");
        Ok(())
    })?;
    // It is sent once, and the page sends as well.
    host.run_schedule(&server)?;
    bob.evaluate(
        "document.querySelector('[name=text]').value = 'supper';
         document.querySelector('form').requestSubmit()",
    )?;
    newest_is(&mut bob, "supper")?;
    let texts = bob.evaluate(TEXTS)?;
    ensure!(texts[1] == "breakfast" && texts[2] == "dinner", "{texts}");
    Ok(())
}
