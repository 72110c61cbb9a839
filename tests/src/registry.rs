//! A real registry on loopback: verdaccio with one user.

use std::fs::{self, File};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use bring_tools::{lock, machine_npm};
use serde_json::Value;

use crate::client::Request;
use crate::locations::{repository, target};
use crate::pins::last_moment;
use crate::server::Server;
use crate::tools::Tools;

/// The user's name and password. The password has the minimum length of verdaccio.
const USER: &str = "publisher";
const PASSWORD: &str = "not a secret";

/// A registry that is empty when it starts.
pub struct Registry {
    server: Server,
    token: String,
    /// Makes other test processes wait for the folder.
    _lock: File,
}

impl Registry {
    /// Starts the registry. Its clock stands on the day before `first`, so that published packages
    /// are older than each of the days. From upstream it offers only releases up to `last`.
    pub fn start(tools: &Tools, first: &str, last: &str) -> Result<Self> {
        let folder = target().join("registry");
        let lock = lock::exclusive(&folder)?;
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        let projects = repository().join("tests/projects");
        let mut command = tools.node();
        command.arg("--import").arg(projects.join("leash.mjs")).arg(projects.join("registry.mjs"));
        command.arg(tools.modules()).arg(&folder).arg(configured()?);
        command.arg(first).arg(last_moment(last));
        let server = Server::start(&mut command)?;
        let token = token(&server)?;
        Ok(Self { server, token, _lock: lock })
    }

    /// The server.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The user's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The metadata of a package, or `None` if there is none.
    pub fn metadata(&self, package: &str) -> Result<Option<Value>> {
        let response = self.server.get(&format!("/{package}"))?;
        if response.status == 404 {
            return Ok(None);
        }
        ensure!(response.status == 200, "the registry answers {package} with {}", response.status);
        Ok(Some(serde_json::from_str(&response.text())?))
    }
}

/// The registry that npm is configured for.
fn configured() -> Result<String> {
    let mut npm: Command = machine_npm();
    let output = npm.current_dir(repository()).args(["config", "get", "registry"]).output()?;
    ensure!(output.status.success(), "npm does not tell its registry");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// Creates the user, as `npm adduser` does.
fn token(server: &Server) -> Result<String> {
    let body = format!(r#"{{"name":"{USER}","password":"{PASSWORD}"}}"#);
    let request = Request::put(&format!("/-/user/org.couchdb.user:{USER}"), &body);
    let answer: Value = serde_json::from_str(&server.fetch(&request)?.text())?;
    let token = answer["token"].as_str().with_context(|| format!("no token: {answer}"))?;
    Ok(token.to_owned())
}
