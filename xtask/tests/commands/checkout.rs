//! A checkout with one runtime, in a temporary folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::{server::Server, tarball};

/// The pinned commit of tests without a clone.
pub const COMMIT: &str = "8a31cba625a23d886614172e1d3b02b8eb896a18";

/// The path of the built package.
pub const PACKAGE: &str = "adapters/toy/pkg/astro7";

/// The one patch file.
pub const PATCH: &str = "patches/toy/index.toml";

pub const FOLDER: &str = "packages/integrations/toy";

/// The pins.
pub const PINS: &str = "upstream/upstream.toml";

/// 2026-12-24, in seconds, for `SOURCE_DATE_EPOCH`.
pub const TODAY: &str = "1798070400";

pub struct Checkout {
    folder: TempDir,
    environment: Vec<(String, String)>,
    /// Texts that differ between runs, and their placeholders.
    changing: Vec<(String, String)>,
}

/// The result of running the command line.
pub struct Outcome {
    pub code: Option<i32>,
    /// stderr, with texts that differ between runs replaced.
    pub text: String,
}

impl Checkout {
    /// A checkout that pins this tarball and uses this registry.
    pub fn new(tarball: &[u8], server: &Server) -> Self {
        let checkout = Self::without_registry(tarball);
        checkout
            .with("npm_config_registry", &server.url())
            .hide(&format!("127.0.0.1:{}", server.port), "127.0.0.1:PORT")
    }

    /// A checkout that pins this tarball, in an environment without a registry setting.
    pub fn without_registry(tarball: &[u8]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let checkout = Self { folder, environment: Vec::new(), changing: Vec::new() };
        checkout.pin(COMMIT, &tarball::integrity(tarball));
        checkout.write("adapters/toy/README.md", "# Toy\n");
        checkout.write("LICENSE", "MIT License\n");
        checkout.write(
            "adapters/toy/adapter.toml",
            &format!(
                "[upstream]\npackage = \"@upstream/toy\"\nfolder = \"{FOLDER}\"\n[package]\nname = \"our-toy\"\ndescription = \"A toy\"\n"
            ),
        );
        checkout.write(
            PATCH,
            "[[edit]]\nid = \"play\"\nwhy = \"A toy is played with.\"\nin = \"function createToy\"\npattern = \"return $TOY\"\nrewrite = \"return [$TOY]\"\n",
        );
        fs::create_dir_all(checkout.path("templates")).unwrap();
        fs::create_dir_all(checkout.path("home")).unwrap();
        let home = checkout.path("home").display().to_string();
        let cache = checkout.path("cache").display().to_string();
        let root = checkout.root().display().to_string();
        checkout
            .with("PATH", &std::env::var("PATH").unwrap_or_default())
            .with("HOME", &home)
            .with("USERPROFILE", &home)
            .with("ZASTRO_CACHE", &cache)
            .with("NO_COLOR", "1")
            .hide(&root, "ROOT")
    }

    pub fn pin(&self, commit: &str, integrity: &str) {
        self.write(
            "upstream/upstream.toml",
            &format!(
                "[astro7]\nastro = \"7.2.4\"\ncommit = \"{commit}\"\n[astro7.packages]\n\"@upstream/toy\" = {{ version = \"1.2.3\", integrity = \"{integrity}\" }}\n"
            ),
        );
    }

    /// Sets an environment variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Replaces a text by `name` in the output.
    pub fn hide(mut self, text: &str, name: &str) -> Self {
        self.changing.push((text.to_owned(), name.to_owned()));
        self
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Appends to a file.
    pub fn add(&self, path: &str, text: &str) {
        let before = fs::read_to_string(self.path(path)).unwrap();
        self.write(path, &format!("{before}{text}"));
    }

    /// Makes the toy's package export a template, for example `toy/play`.
    pub fn export(&self, template: &str) {
        let name = template.rsplit('/').next().unwrap();
        let path = "adapters/toy/adapter.toml";
        self.add(
            path,
            &format!("[package.exports]\n\"./{name}\" = \"./dist/websocket/{template}.js\"\n"),
        );
    }

    /// The tarballs in the cache.
    pub fn cached(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.path("cache")) else { return Vec::new() };
        let files = entries.map(|entry| entry.unwrap().path());
        files.filter(|path| path.is_file()).collect()
    }

    pub fn build(&self, options: &[&str]) -> Outcome {
        let output = self.run(&[&["build", "toy"], options].concat());
        Outcome { code: output.status.code(), text: self.steady(output.stderr) }
    }

    /// The whole output of a command, and its exit code.
    pub fn shown(&self, arguments: &[&str]) -> String {
        self.shown_by(self.command(arguments))
    }

    /// The same for a prepared command.
    pub fn shown_by(&self, mut command: Command) -> String {
        let output = command.output().unwrap();
        let code = output.status.code().unwrap();
        let (stdout, stderr) = (self.steady(output.stdout), self.steady(output.stderr));
        format!("exit code {code}\n── stdout\n{stdout}── stderr\n{stderr}")
    }

    /// A text with everything that differs between runs replaced.
    pub fn steady(&self, bytes: Vec<u8>) -> String {
        let mut text = String::from_utf8(bytes).unwrap();
        for (changing, name) in &self.changing {
            text = text.replace(changing.as_str(), name);
        }
        let without_time = |line: &str| match line.strip_suffix(" ms") {
            Some(start) => {
                format!("{}N ms\n", start.trim_end_matches(|c: char| c.is_ascii_digit()))
            }
            None => format!("{line}\n"),
        };
        text.lines().map(without_time).collect()
    }

    /// Runs git in this checkout, at a fixed time, and returns its output.
    pub fn git(&self, arguments: &[&str]) -> String {
        let day = "2026-12-24T00:00:00Z";
        let mut git = Command::new("git");
        git.current_dir(self.root()).env_clear().arg("-c").arg("init.defaultBranch=main");
        git.envs(self.environment.iter().map(|(name, value)| (name, value)));
        for role in ["AUTHOR", "COMMITTER"] {
            git.env(format!("GIT_{role}_NAME"), "A").env(format!("GIT_{role}_DATE"), day);
            git.env(format!("GIT_{role}_EMAIL"), "a@example.invalid");
        }
        let output = git.args(arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {arguments:?}: {told}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A shell script that precedes all other programs on PATH.
    pub fn program(&self, name: &str, script: &str) -> PathBuf {
        let path = format!("bin/{name}");
        self.write(&path, &format!("#!/bin/sh\n{script}"));
        let program = self.path(&path);
        Command::new("chmod").arg("+x").arg(&program).status().unwrap();
        program
    }

    /// The list of error codes, one per line.
    pub fn list_codes(&self) -> String {
        String::from_utf8(self.run(&["explain"]).stdout).unwrap()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// An invocation of the command line in this checkout.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(arguments).current_dir(self.root()).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// All files of the built package.
    pub fn package(&self) -> BTreeMap<String, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.path(PACKAGE)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(self.path(PACKAGE)).unwrap();
                    files.insert(name.display().to_string(), fs::read(&path).unwrap());
                }
            }
        }
        files
    }

    /// The toy's module after the patch.
    pub fn patch_to(&self, rewrite: &str) {
        let patch = fs::read_to_string(self.path(PATCH)).unwrap();
        let lines = patch.lines().map(|line| {
            if line.starts_with("rewrite") {
                format!("rewrite = \"{rewrite}\"\n")
            } else {
                format!("{line}\n")
            }
        });
        self.write(PATCH, &lines.collect::<String>());
    }

    /// A build that must succeed.
    pub fn build_well(&self, options: &[&str]) {
        let outcome = self.build(options);
        assert_eq!(outcome.code, Some(0), "{}", outcome.text);
    }

    /// The output of a build that must fail because upstream is not available.
    pub fn fail(&self, options: &[&str]) -> String {
        let outcome = self.build(options);
        assert_eq!(outcome.code, Some(3), "{}", outcome.text);
        assert!(!self.path(PACKAGE).exists(), "something was written");
        outcome.text
    }
}
