//! npm's own client. It handles login and provenance.

use std::{
    env,
    process::{Command, Stdio},
};

use bring_tools::Node;
use camino::Utf8Path;
use serde::Deserialize;

use super::PublishError;
use crate::{
    checkout,
    pipeline::Package,
    upstream::{Registry, UpstreamError},
};

/// npm, configured for one registry.
pub struct Npm<'r> {
    node: Node,
    root: &'r Utf8Path,
    registry: &'r Registry,
}

/// npm's error.
#[derive(Debug, Default, Deserialize)]
pub struct Refusal {
    /// For example `E403`; empty if the registry gave no answer.
    #[serde(default)]
    code: String,
    #[serde(default)]
    summary: String,
}

/// npm's output with `--json`.
#[derive(Deserialize)]
struct Answer {
    error: Refusal,
}

impl<'r> Npm<'r> {
    /// Installs npm, unless it is already installed.
    pub fn bring(root: &'r Utf8Path, registry: &'r Registry) -> Result<Self, PublishError> {
        let node = Node::bring(checkout::target(root).as_std_path())
            .map_err(|error| PublishError::NoNpm { reason: error.to_string() })?;
        Ok(Self { node, root, registry })
    }

    /// Uploads a tarball under a tag.
    pub fn publish(
        &self,
        package: &Package,
        tarball: &Utf8Path,
        tag: &str,
        provenance: Option<&str>,
    ) -> Result<Result<(), Refusal>, UpstreamError> {
        let mut npm = self.npm("publish", package)?;
        npm.arg(tarball).args([
            "--access=public",
            "--ignore-scripts",
            "--dry-run=false",
            "--force=false",
        ]);
        npm.arg(format!("--tag={tag}")).args(provenance.map(|_| "--provenance"));
        Ok(run(npm))
    }

    /// Points a tag to a published version.
    pub fn tag(&self, package: &Package, tag: &str) -> Result<Result<(), Refusal>, UpstreamError> {
        let mut npm = self.npm("dist-tag", package)?;
        npm.args(["add", &package.release(), tag]);
        Ok(run(npm))
    }

    fn npm(&self, command: &str, package: &Package) -> Result<Command, UpstreamError> {
        let mut npm = self.node.npm();
        npm.current_dir(self.root).env("PATH", self.node.path()).stdin(Stdio::null());
        let url = self.registry.url(&package.name)?;
        npm.args([command, "--json"]).arg(format!("--registry={url}"));
        if let Some((scope, _)) = package.name.split_once('/') {
            // The registry of a scope, in the user's configuration, would win.
            npm.arg(format!("--{scope}:registry={url}"));
        }
        // Don't repeat an upload without an answer: ask the registry first.
        npm.arg("--fetch-retries=0");
        Ok(npm)
    }
}

fn run(mut npm: Command) -> Result<(), Refusal> {
    match npm.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(Refusal::read(&output.stdout, &output.stderr)),
        Err(error) => Err(Refusal { code: String::new(), summary: error.to_string() }),
    }
}

impl Refusal {
    fn read(stdout: &[u8], stderr: &[u8]) -> Self {
        if let Ok(Answer { error }) = serde_json::from_slice(stdout) {
            return error;
        }
        // Errors without a code are plain text only.
        let text = String::from_utf8_lossy(stderr);
        let said = text.lines().find_map(|line| line.strip_prefix("npm error "));
        Self { code: String::new(), summary: said.unwrap_or_default().to_owned() }
    }

    /// npm's message, with its code if present.
    pub fn reason(&self) -> String {
        let summary = self.summary.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.code.is_empty() { summary } else { format!("{summary} ({})", self.code) }
    }

    /// The matching error; `None` if a retry may succeed.
    pub fn error(&self, package: &Package, registry: &str) -> Option<PublishError> {
        let (release, registry) = (package.release(), registry.to_owned());
        let reason = self.reason();
        // Registries report an existing version in different ways, so the caller asks for the
        // published versions.
        if ["E409", "EPUBLISHCONFLICT"].contains(&self.code.as_str())
            || self.summary.contains("previously published")
        {
            return None;
        }
        match self.code.as_str() {
            "ENEEDAUTH" => {
                let (_, key) = registry.split_at(registry.find("//").unwrap_or(0));
                Some(PublishError::NotLoggedIn { key: key.to_owned(), registry })
            }
            "EOTP" => Some(PublishError::OneTimePassword { release }),
            "E401" => Some(PublishError::BadCredentials { release, registry, reason }),
            "E403" | "E404" => {
                let package = package.name.clone();
                Some(PublishError::NotAllowed { release, package, registry, reason })
            }
            // An HTTP status, or no code at all: the network.
            "E408" | "E425" | "E429" => None,
            code if code.starts_with("E5") => None,
            code if is_of_the_network(code) => None,
            code => Some(PublishError::Refused {
                release,
                npm_code: if code.is_empty() { "no code".to_owned() } else { code.to_owned() },
                reason: self.summary.clone(),
            }),
        }
    }
}

/// Sources: Node's `errors.html#common-system-errors`, and `minipass-fetch`.
fn is_of_the_network(code: &str) -> bool {
    [
        "ECONNRESET",
        "ECONNREFUSED",
        "ECONNABORTED",
        "EPIPE",
        "ETIMEDOUT",
        "ENOTFOUND",
        "EAI_AGAIN",
        "EHOSTUNREACH",
        "ENETUNREACH",
        "ERR_SOCKET_TIMEOUT",
        "ERR_STREAM_PREMATURE_CLOSE",
        "FETCH_ERROR",
        "Z_BUF_ERROR",
    ]
    .contains(&code)
}

/// The CI that provides provenance for a package, if there is one. The registry must be public, and
/// npm's configuration must not turn provenance off.
pub fn provenance(registry: &Registry, url: &str) -> Result<Option<&'static str>, UpstreamError> {
    if !url.starts_with("https://") || registry.setting("provenance")? == Some("false") {
        return Ok(None);
    }
    Ok(proving_ci(|name| env::var_os(name).is_some_and(|value| !value.is_empty())))
}

/// The CI that provides this job with a signing identity.
///
/// Source: <https://docs.npmjs.com/generating-provenance-statements>.
fn proving_ci(is_set: impl Fn(&str) -> bool) -> Option<&'static str> {
    if is_set("GITHUB_ACTIONS") && is_set("ACTIONS_ID_TOKEN_REQUEST_URL") {
        Some("GitHub Actions")
    } else if is_set("GITLAB_CI") && is_set("SIGSTORE_ID_TOKEN") {
        Some("GitLab CI")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::proving_ci;

    #[test]
    fn provenance_needs_a_job_with_a_signing_identity() {
        let with = |set: &[&str]| proving_ci(|name| set.contains(&name));
        assert_eq!(
            with(&["GITHUB_ACTIONS", "ACTIONS_ID_TOKEN_REQUEST_URL"]),
            Some("GitHub Actions")
        );
        assert_eq!(with(&["GITLAB_CI", "SIGSTORE_ID_TOKEN"]), Some("GitLab CI"));
        // A job without `id-token: write`, variables of another job, a developer's machine.
        assert_eq!(with(&["GITHUB_ACTIONS"]), None);
        assert_eq!(with(&["SIGSTORE_ID_TOKEN"]), None);
        assert_eq!(with(&[]), None);
    }
}
