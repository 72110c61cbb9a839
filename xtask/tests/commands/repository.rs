//! A checkout that is ready to publish: committed, built, and tested.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use crate::{
    checkout::{COMMIT, Checkout},
    fake_registry::{FakeRegistry, line},
    server::{Answer, Asked, Server},
    tarball,
};

/// Uncommitted files: the toolchain's output, and files of the tests in the checkout.
const IGNORED: &str = "/adapters/*/pkg/\n/cache/\n/home/\n/target/\n";

/// A registry that accepts packages: it has the toy's releases, and the uploads.
#[derive(Clone, Default)]
pub struct Press {
    packages: Arc<Mutex<Value>>,
}

impl Press {
    /// Stores an upload of npm.
    pub fn take(&self, body: &[u8]) {
        let sent: Value = serde_json::from_slice(body).unwrap();
        let mut packages = self.packages.lock().unwrap();
        let name = sent["name"].as_str().unwrap();
        for key in ["versions", "dist-tags"] {
            for (entry, value) in sent[key].as_object().unwrap() {
                packages[name][key][entry] = value.clone();
            }
        }
        for version in sent["versions"].as_object().unwrap().keys() {
            let earlier = packages[name]["time"].as_object().map_or(0, |times| times.len());
            packages[name]["time"][version] = json!(format!("2026-12-24T00:00:{earlier:02}.000Z"));
        }
    }

    /// The answer to requests that a test does not cover.
    pub fn answer(&self, asked: &Asked, toys: &FakeRegistry) -> Answer {
        let path = asked.line.split_once(' ').map_or("", |(_, path)| path);
        if let Some(package) = self.packages.lock().unwrap().get(path.trim_start_matches('/'))
            && asked.line.starts_with("GET ")
        {
            let mut package = package.clone();
            // npm's short form has no publication times.
            if asked.headers.iter().any(|header| header.contains("vnd.npm.install-v1+json")) {
                package.as_object_mut().unwrap().remove("time");
            }
            return Answer::found(package.to_string());
        }
        match asked.line.split_once(' ') {
            Some(("PUT", path)) if path.starts_with("/-/package/") => self.tag(path, &asked.body),
            Some(("PUT", _)) => {
                self.take(&asked.body);
                Answer::Status(201, b"{}".to_vec())
            }
            // npm asks for existing tags before it sets one.
            Some(("GET", path)) if path.ends_with("/dist-tags") => {
                let packages = self.packages.lock().unwrap();
                Answer::found(packages["our-toy"]["dist-tags"].to_string())
            }
            _ => toys.answer(path),
        }
    }

    /// `PUT /-/package/our-toy/dist-tags/latest`.
    fn tag(&self, path: &str, body: &[u8]) -> Answer {
        let version: Value = serde_json::from_slice(body).unwrap();
        let mut parts = path.split('/').skip(3);
        let (package, tag) = (parts.next().unwrap(), parts.nth(1).unwrap());
        self.packages.lock().unwrap()[package]["dist-tags"][tag] = version;
        Answer::found("{}")
    }

    /// The published versions and the tags, in name order.
    pub fn holds(&self) -> Value {
        let packages = self.packages.lock().unwrap();
        let toy = &packages["our-toy"];
        let versions: Vec<&String> = toy["versions"].as_object().unwrap().keys().collect();
        json!({ "versions": versions, "tags": toy["dist-tags"] })
    }

    /// Removes a tag.
    pub fn untag(&self, tag: &str) {
        self.packages.lock().unwrap()["our-toy"]["dist-tags"].as_object_mut().unwrap().remove(tag);
    }

    /// Publishes a version of ours in advance, with this sha512.
    pub fn has(&self, version: &str, tag: &str, integrity: &str) {
        let (astro, _) = version.rsplit_once('-').unwrap();
        let manifest =
            json!({ "dist": { "integrity": integrity }, "upstream": { "astro": astro } });
        self.has_manifest(version, tag, &manifest);
    }

    /// Publishes a version from another toolchain in advance, with this in its `package.json`.
    pub fn has_foreign(&self, version: &str, tag: &str, mut manifest: Value) {
        manifest["dist"] = json!({ "integrity": "sha512-FOREIGN" });
        self.has_manifest(version, tag, &manifest);
    }

    fn has_manifest(&self, version: &str, tag: &str, manifest: &Value) {
        let sent = json!({
            "name": "our-toy",
            "versions": { version: manifest },
            "dist-tags": { tag: version },
        });
        self.take(sent.to_string().as_bytes());
    }
}

/// Releases of the toy for two Astro majors.
fn toys() -> FakeRegistry {
    FakeRegistry::default().toy("1.2.3", "6.4.8").toy("2.0.0", "7.2.4").toy("2.0.1", "7.2.4")
}

/// The checkout with built and tested packages, and its registry. `answer` is asked first.
pub fn ready(
    answer: impl Fn(&Asked, &Press) -> Option<Answer> + Send + Sync + 'static,
) -> (Checkout, Server, Press) {
    let (press, toys) = (Press::default(), toys());
    let own = press.clone();
    let server = Server::with(move |asked, _| {
        answer(asked, &own).unwrap_or_else(|| own.answer(asked, &toys))
    });
    let token = format!("npm_config_//127.0.0.1:{}/:_authToken", server.port);
    let checkout = Checkout::new(&tarball::good(), &server)
        .with(&token, "secret")
        .with("CARGO_TARGET_DIR", &target().display().to_string())
        .hide(&target().display().to_string(), "TARGET");
    pins(&checkout, "2.0.0", "");
    checkout.write(".gitignore", IGNORED);
    git(&checkout, &["init", "--quiet"]);
    commit(&checkout);
    checkout.build_well(&[]);
    for (line, upstream) in [("astro6", "1.2.3"), ("astro7", "2.0.0")] {
        pass(&checkout, line, upstream, "toolchain");
        pass(&checkout, line, upstream, "toy");
    }
    // The real registry of npm, from this machine's configuration.
    bring_tools::Node::bring(&target()).unwrap();
    (checkout, server, press)
}

/// Pins the toy for two Astro majors, the newer one at this release.
pub fn pins(checkout: &Checkout, toy: &str, more: &str) {
    let six = line("6.4.8", &"6".repeat(40).replace("66666", "666a6"), "1.2.3", "");
    let seven = line("7.2.4", COMMIT, toy, &format!("tag = \"latest\"\n{more}"));
    checkout.write("upstream/upstream.toml", &format!("{seven}\n{six}"));
}

/// Commits all changes.
pub fn commit(checkout: &Checkout) {
    git(checkout, &["add", "."]);
    git(checkout, &["commit", "--quiet", "--message", "as it is"]);
}

/// Records, as `xtask test` does, that the built packages passed a suite.
fn pass(checkout: &Checkout, line: &str, upstream: &str, suite: &str) {
    let folder = checkout.path("adapters/toy/pkg");
    let (tarball, version) = built(&folder.join(line));
    let tested = json!({
        "release": format!("our-toy@{version}"),
        "upstream": format!("@upstream/toy@{upstream}"),
        "integrity": tarball::integrity(&tarball),
    });
    fs::write(folder.join(format!("{line}.passed-{suite}.json")), tested.to_string()).unwrap();
}

/// The tarball in a folder, and the version in its name.
fn built(folder: &Path) -> (Vec<u8>, String) {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let path = paths.into_iter().find(|path| path.extension().is_some_and(|end| end == "tgz"));
    let path = path.unwrap();
    let name = path.file_stem().unwrap().to_str().unwrap();
    (fs::read(&path).unwrap(), name.trim_start_matches("our-toy-").to_owned())
}

fn git(checkout: &Checkout, arguments: &[&str]) {
    let status = Command::new("git")
        .current_dir(checkout.root())
        .args(["-c", "user.name=A", "-c", "user.email=a@example.invalid"])
        .args(arguments)
        .status()
        .unwrap();
    assert!(status.success(), "git {arguments:?}");
}

/// Cargo's own target folder, with the tools shared by all tests.
pub fn target() -> PathBuf {
    Path::new(env!("CARGO_BIN_EXE_xtask")).ancestors().nth(2).unwrap().to_owned()
}
