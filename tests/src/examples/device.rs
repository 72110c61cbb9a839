//! The device.

use anyhow::{Result, ensure};

use super::{Examples, example, is_open, needs_astro, open, reads, reads_within};
use crate::app::App;
use crate::browser::Page;
use crate::chat::{BACK, Place, SOON};
use crate::client::Request;
use crate::server::Server;

/// The program of the device.
fn start_device(app: &App, server: &Server) -> Result<Server> {
    let mut command = app.node_server("scripts/device.mjs");
    command.args([&server.origin(), "boiler"]).env("DEVICE_TOKEN", "of-the-boiler");
    // The port is that of the site: a device listens nowhere.
    Server::start_on(server.address().port(), &mut command)
}

/// Waits until the device has this target.
fn obeys(device: &Server, target: &str) -> Result<()> {
    let line = format!("target {target}\n");
    device.wait_for_output(BACK, |text| text.contains(&line).then_some(()))
}

/// Sets a target on the page.
fn set(page: &mut Page, target: &str) -> Result<()> {
    page.evaluate(&format!(
        "document.querySelector('[name=celsius]').value = '{target}';
         document.querySelector('form').requestSubmit()"
    ))?;
    Ok(())
}

/// It continues after a restart of the server.
pub fn a_device_without_a_browser_measures_and_obeys<H: Examples>(host: &H) -> Result<()> {
    needs_astro(5, "Astro 4 has no `astro:env`")?;
    let app = example(host, "device")?;
    let place = Place::new()?;
    let server = host.start_at(&app, &place)?;
    for (token, status) in [("unknown", 401), ("of-the-cellar", 404)] {
        let handshake = Request::upgrade("/_realtime/devices/boiler")
            .header("Authorization", &format!("Bearer {token}"));
        let refused = server.reject(&handshake)?.status;
        ensure!(refused == status, "{token}: {refused}");
    }
    let mut page = open(host, &server, "/devices/boiler", "device-panel")?;
    set(&mut page, "21.5")?;
    reads(&mut page, "[data-name=target]", "21.5")?;
    // It asks for what was set before it came.
    let device = start_device(&app, &server)?;
    obeys(&device, "21.5")?;
    reads(&mut page, "[role=status]", "The device heats.")?;
    page.until(SOON, "document.querySelector('[data-name=celsius]').textContent > '18'")?;
    page.until(SOON, "document.querySelector('polyline').points.length > 1")?;
    set(&mut page, "15")?;
    obeys(&device, "15")?;
    reads(&mut page, "[role=status]", "The device is warm enough.")?;

    if let Some(draining) = host.end(server)? {
        draining.wait_for_end(SOON)?;
    }
    let _server = host.start_at(&app, &place)?;
    // A page whose server has lost the channel loads again.
    let kept = if H::KEEPS_MESSAGES { "15.0" } else { "–" };
    reads_within(BACK, &mut page, "[data-name=target]", kept)?;
    is_open(&mut page, "device-panel")?;
    set(&mut page, "22")?;
    obeys(&device, "22")
}
