//! Real Astro projects: folders of `tests/projects/`, installed with the pinned Astro and a built
//! adapter.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use bring_tools::lock;
use semver::Version;
use serde::Deserialize;
use serde_json::json;

use crate::adapter::Adapter;
use crate::floor::{self, Manifest};
use crate::installation::Installation;
use crate::tools::{Tools, run};
use crate::{locations, vendored};

/// Selects the Astro major for the suites; set by `cargo xtask test --astro`.
const MAJOR: &str = "TEST_ASTRO";

/// A folder of built packages, laid out like `adapters/`. The suites test them instead of ours.
const PACKAGES: &str = "TEST_PACKAGES";

/// A release of the official adapter, for example `@astrojs/node@11.1.4`.
const OFFICIAL: &str = "TEST_OFFICIAL";

/// Overrides the `as-of` day of every release line.
const AS_OF: &str = "TEST_AS_OF";

/// The project with the pages, middleware and public files that all runtimes share.
const SITE: &str = "site";

/// The project of the sites with the official adapters: a page, and the files that each runtime
/// needs.
const OFFICIAL_SITES: &str = "official";

/// An installed project: only `node_modules`, shared by its apps.
pub struct Project {
    /// The source folders. Later ones override earlier ones.
    sources: Vec<PathBuf>,
    folder: PathBuf,
    /// The vendored packages of the adapter.
    vendored: PathBuf,
    tools: Tools,
}

/// An installation by npm.
struct Order<'o> {
    /// The prefix of the folder's name.
    prefix: String,
    manifest: String,
    /// Packages from the registry.
    packages: &'o [String],
    /// The tarball that `cargo xtask build` made.
    tarball: Option<PathBuf>,
    arguments: &'o [&'o str],
}

/// A root to build or to serve. Astro 7 allows one dev server per root.
pub struct App {
    root: PathBuf,
    tools: Tools,
    /// Makes other test processes wait for this root.
    _lock: File,
}

impl Project {
    /// Installs `tests/projects/<name>` with the adapter of that name, as the suites need it. Equal
    /// inputs are installed once.
    pub fn install(name: &str) -> Result<Self> {
        Self::install_by(name, Installation::main())
    }

    /// Installs the project in the given way.
    pub fn install_by(name: &str, installation: Installation) -> Result<Self> {
        let newest = format!("astro@{}", major()?);
        let order = Order {
            prefix: match installation {
                Installation::Pinned => name.to_owned(),
                other => format!("{other}-{name}"),
            },
            manifest: manifest(&BTreeMap::new())?,
            packages: &[],
            tarball: None,
            arguments: &[],
        };
        match installation {
            Installation::Pinned => {
                let manifest = vendored::manifest(&source(name))?;
                let packages = &[format!("astro@{}", pinned()?.astro)];
                let tarball = Some(tarball(name)?);
                Self::make(name, &Order { manifest, packages, tarball, ..order })
            }
            Installation::Plain => {
                let (packages, tarball) = (&[newest], Some(tarball(name)?));
                Self::make(name, &Order { packages, tarball, ..order })
            }
            Installation::Floor => {
                let tarball = tarball(name)?;
                let manifest = floor_manifest(&tarball.with_file_name("package.json"))?;
                let project =
                    Self::make(name, &Order { manifest, tarball: Some(tarball), ..order })?;
                let tools = project.tools.clone().with_node_of(&project.folder)?;
                Ok(Self { tools, ..project })
            }
            Installation::Official => {
                let packages = &[official(name)?, newest];
                let project = Self::make(name, &Order { packages, ..order })?;
                let sources = ["site", name].map(|folder| source(OFFICIAL_SITES).join(folder));
                Ok(Self { sources: sources.into(), ..project })
            }
        }
    }

    /// Installs only Astro and the adapter, in pnpm's layout: each package is a link to a folder
    /// from which it finds only its own dependencies.
    pub fn install_isolated(name: &str) -> Result<Self> {
        let order = Order {
            prefix: format!("isolated-{name}"),
            manifest: manifest(&BTreeMap::new())?,
            packages: &[format!("astro@{}", pinned()?.astro)],
            tarball: Some(tarball(name)?),
            arguments: &["--install-strategy=linked"],
        };
        Self::make(name, &order)
    }

    /// Installs the pins of this manifest instead of the project's own.
    pub fn install_with(name: &str, prefix: &str, manifest: &str) -> Result<Self> {
        let order = Order {
            prefix: prefix.to_owned(),
            manifest: manifest.to_owned(),
            packages: &[format!("astro@{}", pinned()?.astro)],
            tarball: Some(tarball(name)?),
            arguments: &[],
        };
        Self::make(name, &order)
    }

    fn make(name: &str, order: &Order<'_>) -> Result<Self> {
        let Order { prefix, manifest, packages, tarball, arguments } = order;
        let tools = Tools::get()?;
        let as_of = as_of()?;
        let bytes = tarball.as_ref().map_or(Ok(Vec::new()), fs::read)?;
        let asked = packages.join(" ");
        let prefix = format!("{prefix}-{LINE}{}", major()?);
        let inputs = [manifest.as_bytes(), &bytes, asked.as_bytes(), as_of.as_bytes()];
        let fingerprint = lock::fingerprint(inputs);
        let folder = locations::target().join("projects").join(format!("{prefix}-{fingerprint}"));
        lock::folder_once(&folder, |unfinished| {
            remove_other_installations(&folder, &prefix)?;
            fs::write(unfinished.join("package.json"), manifest)?;
            let mut install = npm_install(&tools, unfinished, &as_of);
            run(install.args(*arguments).args(*packages).args(tarball)).with_context(|| {
                format!("no release after {as_of} is installed: is {asked} younger?")
            })
        })?;
        let vendored = tarball.as_ref().unwrap_or(&folder).with_file_name("dist/websocket/vendor");
        let sources = vec![source(SITE), source(name)];
        Ok(Self { sources, folder, vendored, tools })
    }

    /// A root below the shared `node_modules`, with the site that all projects share and the
    /// current sources of the project. It keeps earlier builds: `App::build` decides whether they
    /// are still valid.
    pub fn app(&self, name: &str) -> Result<App> {
        self.app_from(&self.sources, name)
    }

    /// A root with only the sources of `tests/projects/<path>`, below the same `node_modules`.
    pub fn app_of(&self, path: &str, name: &str) -> Result<App> {
        self.app_from(&[source(path)], name)
    }

    fn app_from(&self, sources: &[PathBuf], name: &str) -> Result<App> {
        let root = self.folder.join(name);
        let lock = lock::exclusive(&root)?;
        let mut sources = sources.to_vec();
        if let Some(last) = sources.last() {
            sources.extend(earlier(last)?);
        }
        mirror(&sources, &root)?;
        // A killed dev server leaves this file, and another process may have its id by now.
        match fs::remove_file(root.join(DEV_SERVER)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        // npm has added Astro and the adapter to it, and Astro reads there which packages to
        // bundle.
        fs::copy(self.folder.join("package.json"), root.join("package.json"))?;
        Ok(App { root, tools: self.tools.clone(), _lock: lock })
    }

    /// A copy of `templates/` whose imports resolve to the packages of the project.
    pub fn templates(&self, name: &str) -> Result<PathBuf> {
        let copy = self.folder.join(name);
        mirror(&[locations::repository().join("templates")], &copy)?;
        // The packages come from the project, and their types from the tools: the nearest folder
        // wins.
        let types = copy.join("node_modules/@types");
        if !types.exists() {
            fs::create_dir_all(copy.join("node_modules"))?;
            symlink(self.tools.modules().join("@types"), types)?;
        }
        // Vendored packages are tested as bundled in the package, under the name that templates
        // import.
        for module in files(&self.vendored)? {
            let package = copy.join("node_modules").join(module.with_extension(""));
            fs::create_dir_all(&package)?;
            fs::write(package.join("package.json"), r#"{"type":"module","exports":"./index.js"}"#)?;
            fs::copy(self.vendored.join(&module), package.join("index.js"))?;
        }
        Ok(copy)
    }

    /// The folder that holds `node_modules`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The tools that installed the project.
    pub fn tools(&self) -> &Tools {
        &self.tools
    }
}

/// A manifest that depends on the lowest versions declared by a package, and on a Node.js that runs
/// them all.
fn floor_manifest(package: &Path) -> Result<String> {
    let built = fs::read_to_string(package)?;
    // The floor depends only on the manifest, and finding it takes many requests to the registry.
    let kept = locations::target().join("floors").join(lock::fingerprint([built.as_bytes()]));
    lock::folder_once(&kept, |unfinished| {
        let package: Manifest = serde_json::from_str(&built)?;
        let floor = floor::of(&package, &Tools::get()?)
            .with_context(|| format!("what is the floor of {}?", package.name))?;
        anyhow::Ok(fs::write(unfinished.join("package.json"), manifest(&floor)?)?)
    })?;
    Ok(fs::read_to_string(kept.join("package.json"))?)
}

/// A project manifest with these dependencies and nothing else.
fn manifest(dependencies: &BTreeMap<String, Version>) -> Result<String> {
    let manifest = json!({
        "name": "project",
        "private": true,
        "type": "module",
        "dependencies": dependencies,
    });
    Ok(serde_json::to_string_pretty(&manifest)?)
}

/// The official adapter to test beside ours: the pinned release unless `TEST_OFFICIAL` names
/// another.
fn official(name: &str) -> Result<String> {
    if let Ok(named) = std::env::var(OFFICIAL) {
        return Ok(named);
    }
    let package = Adapter::read(name)?.upstream.package;
    let pin = pinned()?.packages.remove(&package);
    let PinnedPackage { version, .. } = pin.with_context(|| format!("{package} is not pinned"))?;
    Ok(format!("{package}@{version}"))
}

/// npm installs no release younger than this day.
fn as_of() -> Result<String> {
    match std::env::var(AS_OF) {
        Ok(day) => Ok(day),
        Err(_) => Ok(pinned()?.as_of),
    }
}

fn source(name: &str) -> PathBuf {
    locations::repository().join("tests/projects").join(name)
}

/// The overrides of a project for the Astro major under test: the folders `<name>-before-<major>`
/// of later majors, ending with the earliest.
fn earlier(source: &Path) -> Result<Vec<PathBuf>> {
    let major = major()?;
    let Some((parent, name)) = source.parent().zip(source.file_name()) else {
        return Ok(Vec::new());
    };
    let start = format!("{}-before-", name.to_string_lossy());
    let mut found = Vec::new();
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        let file_name = entry.file_name();
        let before = file_name.to_str().and_then(|name| name.strip_prefix(&start));
        match before.and_then(|before| before.parse::<u64>().ok()) {
            Some(before) if major < before => found.push((before, entry.path())),
            _ => {}
        }
    }
    found.sort_by(|one, other| other.cmp(one));
    Ok(found.into_iter().map(|(_, folder)| folder).collect())
}

/// Installs the dependencies of `tests/projects/<name>`, which is not a site, beside a copy of its
/// sources. Returns the folder.
pub fn install_plain(name: &str) -> Result<PathBuf> {
    let tools = Tools::get()?;
    let source = source(name);
    let manifest = vendored::manifest(&source)?;
    let as_of = as_of()?;
    let fingerprint = lock::fingerprint([manifest.as_bytes(), as_of.as_bytes()]);
    let folder = locations::target().join("projects").join(format!("{name}-{fingerprint}"));
    lock::folder_once(&folder, |unfinished| {
        fs::write(unfinished.join("package.json"), &manifest)?;
        run(&mut npm_install(&tools, unfinished, &as_of))
    })?;
    for file in files(&source)?.iter().filter(|file| *file != Path::new("package.json")) {
        fs::copy(source.join(file), folder.join(file))?;
    }
    Ok(folder)
}

fn npm_install(tools: &Tools, folder: &Path, as_of: &str) -> Command {
    let mut install = tools.npm();
    install
        .current_dir(folder)
        .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact"])
        .arg(format!("--before={}", last_moment(as_of)));
    if std::env::var_os(AS_OF).is_none() {
        // Releases from before the day of a pin do not change.
        install.arg("--prefer-offline");
    }
    install
}

/// Astro's command line, relative to a root.
const ASTRO: &str = "../node_modules/astro/bin/astro.mjs";

/// The same up to Astro 5.
const EARLIER_ASTRO: &str = "../node_modules/astro/astro.js";

/// Wrangler's command line, relative to a root. Its `bin` starts a second process.
const WRANGLER: &str = "../node_modules/wrangler/wrangler-dist/cli.js";

/// The file in which `astro dev` records that it serves a root, to prevent a second server.
const DEV_SERVER: &str = ".astro/dev.json";

/// The outputs of Astro, Vite and wrangler in a root.
const OUTPUTS: [&str; 4] = [".astro", ".wrangler", "dist", "node_modules"];

impl App {
    /// The folder of this root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Runs `astro <arguments>` to its end.
    pub fn astro<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = self.node();
        command.arg(self.command_line()).args(arguments);
        command
    }

    /// `astro <arguments>` for `Server::start`. It uses neither a shell nor npm: the started
    /// process must be the one to kill.
    pub fn astro_server<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = self.node_server(self.command_line());
        command.args(arguments);
        command
    }

    /// Runs `wrangler <arguments>` to its end.
    pub fn wrangler<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Command {
        let mut command = self.node();
        command.arg(WRANGLER).args(arguments);
        command
    }

    /// `wrangler <arguments>` for `Server::start`.
    pub fn wrangler_server<I: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = I>,
    ) -> Command {
        let mut command = self.node_server(WRANGLER);
        command.args(arguments);
        command
    }

    fn command_line(&self) -> &'static str {
        if self.root.join(ASTRO).exists() { ASTRO } else { EARLIER_ASTRO }
    }

    /// `node <script>` for `Server::start`.
    pub fn node_server(&self, script: &str) -> Command {
        let mut command = self.node();
        // The server ends with the test process, even if that is killed.
        command.arg("--require").arg(locations::repository().join("tests/projects/leash.cjs"));
        command.arg(script);
        command
    }

    /// The same on another runtime. Its command must take a preload module next.
    pub fn server_on(&self, runtime: Command, script: &str) -> Command {
        let mut command = in_root(runtime, &self.tools, &self.root);
        command.arg(locations::repository().join("tests/projects/leash.mjs")).arg(script);
        command
    }

    /// Runs `node <script>` to its end.
    pub fn node_script(&self, script: &str) -> Command {
        let mut command = self.node();
        command.arg(script);
        command
    }

    /// Replaces `old` with `new` in one of this root's own copies of the sources.
    pub fn edit(&self, file: &str, old: &str, new: &str) -> Result<()> {
        let path = self.root.join(file);
        let text = fs::read_to_string(&path)?;
        ensure!(text.contains(old), "not in {}: {old}", path.display());
        Ok(fs::write(path, text.replace(old, new))?)
    }

    fn node(&self) -> Command {
        node_in(&self.tools, &self.root)
    }

    /// Runs `astro build` with these environment variables, unless the last build had the same
    /// sources.
    pub fn build(&self, variables: &[(&str, &str)]) -> Result<()> {
        let mut inputs = Vec::new();
        for file in files(&self.root)? {
            inputs.push(file.as_os_str().as_encoded_bytes().to_vec());
            inputs.push(fs::read(self.root.join(file))?);
        }
        inputs.push(format!("{variables:?}").into_bytes());
        let fingerprint = lock::fingerprint(inputs.iter().map(Vec::as_slice));
        let stamp = self.root.join("dist/.built-from");
        if fs::read_to_string(&stamp).is_ok_and(|built| built == fingerprint) {
            return Ok(());
        }
        run(self.astro(["build"]).envs(variables.iter().copied()))?;
        fs::write(stamp, fingerprint)?;
        Ok(())
    }
}

/// Node in the root of a site.
pub fn node_in(tools: &Tools, root: &Path) -> Command {
    in_root(tools.node(), tools, root)
}

/// A runtime in the root of a site. The environment holds only variables that every machine has:
/// Astro behaves differently in CI, on a terminal, and when it detects an agent.
fn in_root(mut command: Command, tools: &Tools, root: &Path) -> Command {
    command
        .current_dir(root)
        .env_clear()
        .env("PATH", tools.path())
        .env("ASTRO_TELEMETRY_DISABLED", "1")
        .env("NO_COLOR", "1")
        // Wrangler's registry of local servers, and its log.
        .env("XDG_CONFIG_HOME", root.join(".wrangler/config"))
        .env("WRANGLER_SEND_METRICS", "false")
        // Deno's cache of compiled code. The value below disables the update check.
        .env("DENO_DIR", locations::target().join("deno"))
        .env("DENO_NO_UPDATE_CHECK", "1")
        // Uses a placeholder for `request.cf` instead of fetching it.
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false");
    if let Some(home) = std::env::var_os("HOME") {
        command.env("HOME", home);
    }
    command
}

/// Removes the installations of earlier builds, except those that a test process still uses. Each
/// takes about 200 MB, and each build of the adapter needs a new one.
fn remove_other_installations(folder: &Path, name: &str) -> Result<()> {
    let Some(parent) = folder.parent() else { return Ok(()) };
    for entry in fs::read_dir(parent)? {
        let other = entry?.path();
        let is_installation = other.is_dir()
            && other.extension().is_none()
            && other.file_name().and_then(OsStr::to_str).is_some_and(|other| {
                other.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'))
            });
        if is_installation && other != folder && !lock::is_any_held(&other)? {
            fs::remove_dir_all(&other)?;
        }
    }
    Ok(())
}

/// The tarball of an adapter that `cargo xtask build` made.
fn tarball(adapter: &str) -> Result<PathBuf> {
    let line = format!("{LINE}{}", major()?);
    let folder = match std::env::var_os(PACKAGES) {
        Some(packages) => PathBuf::from(packages).join(adapter).join(line),
        None => locations::repository().join("adapters").join(adapter).join("pkg").join(line),
    };
    let found: Vec<PathBuf> = fs::read_dir(&folder)
        .map(|entries| {
            entries
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.extension() == Some(OsStr::new("tgz")))
                .collect()
        })
        .unwrap_or_default();
    match found.as_slice() {
        [tarball] => Ok(tarball.clone()),
        [] => bail!(
            "there is no built package in {}: run `cargo xtask build {adapter}`",
            folder.display()
        ),
        _ => bail!(
            "there is more than one tarball in {}: delete it and run `cargo xtask build {adapter}`",
            folder.display()
        ),
    }
}

/// The pins in `upstream/upstream.toml` of the release line under test.
#[derive(Deserialize)]
pub struct Pin {
    /// The exact version of Astro.
    pub astro: String,
    /// The commit of that release, if it is known.
    pub commit: Option<String>,
    /// npm installs no release younger than this day, so that transitive dependencies stay the same
    /// between runs. A lockfile would do the same. But it would repeat the version of Astro and the
    /// integrity of the tarball, which change with every pin and every build.
    #[serde(rename = "as-of")]
    pub as_of: String,
    /// The official adapters, by name.
    pub packages: BTreeMap<String, PinnedPackage>,
}

/// An official adapter.
#[derive(Deserialize)]
pub struct PinnedPackage {
    /// The exact version.
    pub version: String,
    /// The sha512 of its tarball.
    pub integrity: String,
}

/// The last moment of a day, the cutoff for installed releases: the pinned release may be from the
/// day of the pin.
#[must_use]
pub fn last_moment(day: &str) -> String {
    format!("{day}T23:59:59.999Z")
}

/// The Astro major under test: the newest pinned one, unless another is requested.
pub fn major() -> Result<u64> {
    match std::env::var(MAJOR) {
        Ok(major) => major.parse().with_context(|| format!("`{MAJOR}` is no number: {major}")),
        Err(_) => newest_major(),
    }
}

/// Whether the newest Astro major is under test.
pub fn is_newest() -> Result<bool> {
    Ok(major()? == newest_major()?)
}

fn newest_major() -> Result<u64> {
    let majors = pins()?.into_keys().filter_map(|line| line.strip_prefix(LINE)?.parse().ok());
    majors.max().context("nothing is pinned")
}

/// The prefix of a release line's name, before its major.
const LINE: &str = "astro";

/// Reads the pin of the release line under test.
pub fn pinned() -> Result<Pin> {
    let line = format!("{LINE}{}", major()?);
    pins()?.remove(&line).with_context(|| format!("no `[{line}]` among the pins"))
}

/// The pins of all release lines, by name.
pub fn pins() -> Result<BTreeMap<String, Pin>> {
    let path = locations::repository().join("upstream/upstream.toml");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read: {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("not a table of pins: {}", path.display()))
}

/// Makes `target` equal to the sources, where later ones override earlier ones. Leaves outputs
/// alone.
fn mirror(sources: &[PathBuf], target: &Path) -> Result<()> {
    fs::create_dir_all(target)?;
    for entry in fs::read_dir(target)? {
        let entry = entry?;
        if OUTPUTS.iter().any(|output| entry.file_name() == *output) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    for source in sources {
        for file in files(source)? {
            let copy = target.join(&file);
            if let Some(parent) = copy.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::copy(source.join(&file), copy)?;
        }
    }
    Ok(())
}

/// The files below `folder`, sorted, as paths relative to it. Outputs are left out.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    fn walk(folder: &Path, prefix: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            if OUTPUTS.iter().any(|output| name == *output) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                walk(&entry.path(), &prefix.join(name), found)?;
            } else {
                found.push(prefix.join(name));
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    walk(folder, Path::new(""), &mut found)?;
    found.sort();
    Ok(found)
}
