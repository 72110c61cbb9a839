//! npm's handling of stamps as versions, as described in the README for site builders.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    repository::target,
    server::{Answer, Server},
    tarball,
};

const OLDER: &str = "7.2.4-8a31cba";
/// An adapter released alone: it sorts before the other.
const NEWER: &str = "7.2.4-1f00baa";
const NEXT: &str = "7.3.0-0000aaa";
/// The same Astro as the first two, before its commit was known.
const TARBALL: &str = "7.2.4-npm.0f3a2b1";

/// A site, and a registry with `latest` at a version.
struct Site {
    folder: TempDir,
    server: Server,
}

impl Site {
    fn new(latest: &'static str) -> Self {
        Self::with(latest, &[OLDER, NEWER, NEXT])
    }

    /// Adds these versions to the registry.
    fn with(latest: &'static str, versions: &'static [&'static str]) -> Self {
        let server = Server::start(move |path, _| {
            let version = path.strip_prefix("/our-toy-").and_then(|rest| rest.strip_suffix(".tgz"));
            match version {
                Some(version) => Answer::found(package(version)),
                None => Answer::found(metadata(latest, versions)),
            }
        });
        let site = Self { folder: tempfile::tempdir().unwrap(), server };
        fs::write(site.folder.path().join("package.json"), "{}").unwrap();
        site
    }

    /// Runs `npm install`. Returns whether npm found a matching version.
    fn install(&self, arguments: &[&str]) -> bool {
        let mut npm = bring_tools::Node::bring(&target()).unwrap().npm();
        npm.current_dir(self.folder.path());
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts"]).args(arguments);
        npm.env("npm_config_registry", self.server.url());
        npm.env("npm_config_cache", self.folder.path().join("cache"));
        let output = npm.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() || told.contains("ETARGET"), "{told}");
        output.status.success()
    }

    /// The version installed for a site with this dependency.
    fn gets(&self, wanted: &str) -> Option<String> {
        self.install(&[&format!("our-toy@{wanted}")]).then(|| {
            self.read("node_modules/our-toy/package.json")["version"].as_str().unwrap().to_owned()
        })
    }

    fn read(&self, path: &str) -> Value {
        serde_json::from_slice(&fs::read(self.folder.path().join(path)).unwrap()).unwrap()
    }

    /// The dependency that npm wrote into the site's manifest.
    fn wants(&self) -> String {
        self.read("package.json")["dependencies"]["our-toy"].as_str().unwrap().to_owned()
    }
}

fn package(version: &str) -> Vec<u8> {
    let manifest = json!({ "name": "our-toy", "version": version }).to_string();
    tarball::of(&[("package/package.json", manifest.as_bytes())])
}

fn metadata(latest: &str, versions: &[&str]) -> String {
    let version = |version: &str| {
        let integrity = tarball::integrity(&package(version));
        let dist = json!({ "tarball": format!("/our-toy-{version}.tgz"), "integrity": integrity });
        (version.to_owned(), json!({ "name": "our-toy", "version": version, "dist": dist }))
    };
    let versions: serde_json::Map<String, Value> =
        versions.iter().map(|name| version(name)).collect();
    json!({ "name": "our-toy", "dist-tags": { "latest": latest }, "versions": versions })
        .to_string()
}

#[test]
fn a_dist_tag_installs_its_version_and_is_saved_as_a_range_by_default() {
    let site = Site::new(NEWER);
    assert_eq!(site.gets("latest").as_deref(), Some(NEWER));
    assert_eq!(site.wants(), format!("^{NEWER}"));
    site.install(&["--save-exact", "our-toy@latest"]);
    assert_eq!(site.wants(), NEWER);
}

#[test]
fn a_range_of_a_stamp_compares_commits_as_text_and_may_go_back() {
    let before = Site::new(NEWER);
    assert_eq!(before.gets(&format!("^{NEWER}")).as_deref(), Some(NEWER));
    assert_eq!(before.gets(&format!("^{OLDER}")).as_deref(), Some(OLDER));
    let after = Site::new(NEXT);
    assert_eq!(after.gets(&format!("^{NEWER}")).as_deref(), Some(OLDER));
}

#[test]
fn a_range_of_a_tarball_stamp_matches_no_commit_stamp() {
    let site = Site::with(NEWER, &[NEWER, TARBALL]);
    assert_eq!(site.gets(&format!("^{TARBALL}")).as_deref(), Some(TARBALL));
    assert_eq!(site.gets(&format!("^{OLDER}")).as_deref(), Some(TARBALL));
    assert_eq!(site.gets("latest").as_deref(), Some(NEWER));
}

#[test]
fn a_range_without_a_commit_matches_nothing() {
    let site = Site::new(NEWER);
    assert_eq!(site.gets("^7.2.4"), None);
    assert_eq!(site.gets("7"), None);
}
