//! Opens pages in Chromium.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use rustix::process::{Pid, Signal, kill_process_group};

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::client::{Request, Socket, connection_to};
use crate::locations;
use crate::patience::{at_last, within};

/// Why a case in a browser is skipped.
pub const NO_CHROMIUM: &str = "there is no Chromium";

/// The program names used by different systems.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// A browser with one page and its own profile. Dropping it closes the browser.
pub struct Browser {
    process: Child,
    profile: PathBuf,
}

/// The Chromium of this machine.
fn program() -> Option<&'static str> {
    NAMES.into_iter().find(|name| {
        let version = Command::new(name).arg("--version").stderr(Stdio::null()).output();
        version.is_ok_and(|version| version.status.success())
    })
}

impl Browser {
    /// Whether Chromium is installed. Check it before starting a server for it.
    pub fn is_there() -> bool {
        program().is_some()
    }

    /// Opens a page. Returns `None` on a machine without Chromium. Every name under `.example`
    /// resolves to this machine.
    pub fn open(name: &str, url: &str) -> Result<Option<Self>> {
        let Some(program) = program() else {
            return Ok(None);
        };
        let profile = locations::target().join("browsers").join(name);
        if profile.exists() {
            fs::remove_dir_all(&profile)?;
        }
        fs::create_dir_all(&profile)?;
        let process = Command::new(program)
            .args([
                "--headless",
                // The pages are ours, and a container may lack the namespaces that the sandbox
                // needs.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-extensions",
                "--disable-sync",
                "--no-first-run",
                "--no-proxy-server",
                "--host-resolver-rules=MAP *.example 127.0.0.1",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            // Without a debugging port, headless Chromium may exit as soon as the page has loaded.
            .arg("--remote-debugging-port=0")
            .arg(url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start: {program}"))?;
        Ok(Some(Self { process, profile }))
    }
}

impl Browser {
    /// Controls the first opened page.
    pub fn page(&self) -> Result<Page> {
        let address = self.address()?;
        let target = at_last(|| {
            let targets: Vec<Target> = Self::ask(address, &Request::get("/json/list"))?;
            let page = targets.into_iter().find(|target| target.kind == "page");
            page.context("there is no page")
        })?;
        target.control(address)
    }

    /// Opens another page, and controls it. It is visible, like those that were opened before.
    pub fn tab(&self, url: &str) -> Result<Page> {
        let address = self.address()?;
        let request = Request::new("PUT", &format!("/json/new?{url}"));
        let mut page = Self::ask::<Target>(address, &request)?.control(address)?;
        page.stay_visible()?;
        Ok(page)
    }

    /// Where the browser is controlled.
    fn address(&self) -> Result<SocketAddr> {
        at_last(|| {
            let text = fs::read_to_string(self.profile.join("DevToolsActivePort"))?;
            let port = text.lines().next().context("no port")?.parse()?;
            Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        })
    }

    fn ask<T: DeserializeOwned>(address: SocketAddr, request: &Request) -> Result<T> {
        let mut connection = connection_to(address)?;
        let request = request.clone().header("Connection", "close");
        connection.write(&request.to_bytes(&address.to_string()))?;
        Ok(serde_json::from_str(&connection.response("GET")?.text())?)
    }
}

/// A debugging target of the browser.
#[derive(Deserialize)]
struct Target {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

impl Target {
    fn control(&self, address: SocketAddr) -> Result<Page> {
        let mut connection = connection_to(address)?;
        let request = Request::upgrade(&format!("/devtools/page/{}", self.id));
        connection.write(&request.to_bytes(&address.to_string()))?;
        Ok(Page { socket: connection.accepted()?, commands: 0 })
    }
}

/// A page, controlled by the DevTools protocol.
pub struct Page {
    socket: Socket,
    commands: u64,
}

impl Page {
    /// Evaluates an expression in the page.
    pub fn evaluate(&mut self, expression: &str) -> Result<Value> {
        let result = self.command(
            "Runtime.evaluate",
            &json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }),
        )?;
        ensure!(result.get("exceptionDetails").is_none(), "{expression}: {result:#}");
        Ok(result["result"]["value"].clone())
    }

    /// Opens another page in this tab.
    pub fn navigate(&mut self, url: &str) -> Result<()> {
        let result = self.command("Page.navigate", &json!({ "url": url }))?;
        ensure!(result.get("errorText").is_none(), "{url}: {result:#}");
        Ok(())
    }

    /// Waits until an expression is true. A page that is being replaced evaluates none.
    pub fn until(&mut self, limit: Duration, expression: &str) -> Result<()> {
        within(limit, || {
            let value = self.evaluate(expression)?;
            ensure!(value == true, "{expression} is {value}");
            Ok(())
        })
    }

    /// Presses a key, by its name in `KeyboardEvent.key`.
    pub fn press(&mut self, key: &str) -> Result<()> {
        // Behind other pages, it would get no keys.
        self.stay_visible()?;
        // The code of Windows, and the text that the key types.
        let (code, text) = match key {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "Escape" => (27, ""),
            "ArrowDown" => (40, ""),
            typed => (0, typed),
        };
        let down = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
        let mut event = json!({ "type": down, "key": key, "text": text });
        if code > 0 {
            event["windowsVirtualKeyCode"] = code.into();
        }
        self.command("Input.dispatchKeyEvent", &event)?;
        event["type"] = "keyUp".into();
        self.command("Input.dispatchKeyEvent", &event)?;
        Ok(())
    }

    /// Types a text where the focus is.
    pub fn type_text(&mut self, text: &str) -> Result<()> {
        self.command("Input.insertText", &json!({ "text": text }))?;
        Ok(())
    }

    /// Takes the network away from the page, or gives it back.
    pub fn set_offline(&mut self, is_offline: bool) -> Result<()> {
        self.command("Network.enable", &json!({}))?;
        let conditions = json!({
            "offline": is_offline,
            "latency": 0,
            "downloadThroughput": -1,
            "uploadThroughput": -1,
        });
        self.command("Network.emulateNetworkConditions", &conditions)?;
        Ok(())
    }

    /// Hides the page and freezes it, as a browser does with a tab that was long in the background.
    pub fn freeze(&mut self) -> Result<()> {
        self.command("Page.setWebLifecycleState", &json!({ "state": "frozen" }))?;
        Ok(())
    }

    /// Thaws the page and shows it.
    pub fn show(&mut self) -> Result<()> {
        self.command("Page.setWebLifecycleState", &json!({ "state": "active" }))?;
        self.stay_visible()
    }

    /// Without a window, nothing else makes a page visible behind another one.
    fn stay_visible(&mut self) -> Result<()> {
        self.command("Emulation.setFocusEmulationEnabled", &json!({ "enabled": true }))?;
        Ok(())
    }

    /// Gives the page a size in pixels.
    pub fn resize(&mut self, width: u32, height: u32) -> Result<()> {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.command("Emulation.setDeviceMetricsOverride", &metrics)?;
        Ok(())
    }

    /// A screenshot as a PNG.
    pub fn screenshot(&mut self) -> Result<Vec<u8>> {
        let result = self.command("Page.captureScreenshot", &json!({ "format": "png" }))?;
        let data = result["data"].as_str().context("no picture")?;
        Ok(BASE64_STANDARD.decode(data)?)
    }

    fn command(&mut self, method: &str, parameters: &Value) -> Result<Value> {
        self.commands += 1;
        let command = json!({ "id": self.commands, "method": method, "params": parameters });
        self.socket.send(&command.to_string())?;
        loop {
            let answer: Value = serde_json::from_str(&self.socket.text()?)?;
            if answer["id"] == self.commands {
                ensure!(answer.get("error").is_none(), "{method}: {answer:#}");
                return Ok(answer["result"].clone());
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Kills the whole group: Chromium runs as many processes.
        if let Some(pid) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}
