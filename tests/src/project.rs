//! Real Astro projects: folders of `tests/projects/`, installed with an Astro and a built adapter.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use bring_tools::lock;
use semver::Version;
use serde_json::json;

use crate::adapter::Adapter;
use crate::app::{App, files, mirror};
use crate::floor::{self, Floor, Manifest};
use crate::installation::Installation;
use crate::pins::{LINE, Pin, PinnedPackage, last_moment, line, major, pinned};
use crate::tools::{Tools, run};
use crate::{locations, vendored};

/// A folder of built packages, laid out like `adapters/`. The suites test them instead of ours.
const PACKAGES: &str = "TEST_PACKAGES";

/// A release of the official adapter, for example `@astrojs/node@11.1.4`.
const OFFICIAL: &str = "TEST_OFFICIAL";

/// Overrides the `as-of` day of every release line.
const AS_OF: &str = "TEST_AS_OF";

/// The project with the pages, middleware and public files that all runtimes share.
const SITE: &str = "site";

/// The project with the channels, and the pages that use them, of all runtimes that have channels.
const CHANNELS: &str = "channels";

/// The project with the page that evicts the objects of channels from the memory of workerd.
const EVICTIONS: &str = "evictions";

/// The project of the sites with the official adapters: a page, and the files that each runtime
/// needs.
const OFFICIAL_SITES: &str = "official";

/// The manifest of a new site.
const EMPTY_SITE: &str = r#"{ "name": "site", "private": true, "type": "module" }"#;

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
        let prefix = format!("{prefix}-{}", line()?);
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
        let sources = sources(name)?;
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

    /// The same with several sources, as paths from the root of the repository. Later ones override
    /// earlier ones.
    pub fn app_of_all(&self, paths: &[&str], name: &str) -> Result<App> {
        let sources: Vec<_> = paths.iter().map(|path| locations::repository().join(path)).collect();
        self.app_from(&sources, name)
    }

    fn app_from(&self, sources: &[PathBuf], name: &str) -> Result<App> {
        let root = self.folder.join(name);
        let mut sources = sources.to_vec();
        if let Some(last) = sources.last() {
            sources.extend(earlier(last)?);
        }
        let app = App::open(root, &sources, &self.tools)?;
        // npm has added Astro and the adapter to it. Astro reads there which packages to bundle.
        fs::copy(self.folder.join("package.json"), app.root().join("package.json"))?;
        Ok(app)
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
    kept_floor(package, "all", floor::of)
}

/// A copy of `templates/` whose imports resolve to the lowest versions of these peers of a package.
pub fn templates_with_lowest(name: &str, peers: &[&str]) -> Result<PathBuf> {
    let package = tarball(name)?.with_file_name("package.json");
    let of_peers = |package: &Manifest, tools: &Tools| floor::of_each(package, peers, tools);
    let manifest = kept_floor(&package, &peers.join(" "), of_peers)?;
    let copy = install_manifest("lowest-peers", &manifest)?.join("templates");
    mirror(&[locations::repository().join("templates")], &copy)?;
    Ok(copy)
}

/// A manifest that depends on a floor of a package. It depends only on the manifest of the package,
/// and finding it takes many requests to the registry.
fn kept_floor(
    package: &Path,
    what: &str,
    find: impl FnOnce(&Manifest, &Tools) -> Result<Floor>,
) -> Result<String> {
    let built = fs::read_to_string(package)?;
    let fingerprint = lock::fingerprint([built.as_bytes(), what.as_bytes()]);
    let kept = locations::target().join("floors").join(fingerprint);
    lock::folder_once(&kept, |unfinished| {
        let package: Manifest = serde_json::from_str(&built)?;
        let floor = find(&package, &Tools::get()?)
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

/// The sources of a project, where later ones override earlier ones.
fn sources(name: &str) -> Result<Vec<PathBuf>> {
    let channels: &[&str] = match name {
        "node" => &[CHANNELS],
        "cloudflare" if major()? >= 6 => &[CHANNELS, EVICTIONS],
        _ => &[],
    };
    Ok([SITE].iter().chain(channels).chain([&name]).map(|name| source(name)).collect())
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
    let source = source(name);
    let folder = install_manifest(name, &vendored::manifest(&source)?)?;
    for file in files(&source)?.iter().filter(|file| *file != Path::new("package.json")) {
        fs::copy(source.join(file), folder.join(file))?;
    }
    Ok(folder)
}

/// As `install_plain`, with `templates/` beside the sources. Returns the folder of the sources,
/// which is below that of `node_modules`.
pub fn install_with_templates(name: &str) -> Result<PathBuf> {
    let source = source(name);
    let copy = install_manifest(name, &vendored::manifest(&source)?)?.join("sources");
    mirror(&[source], &copy)?;
    mirror(&[locations::repository().join("templates")], &copy.join("templates"))?;
    Ok(copy)
}

/// Installs packages that `tests/projects/<name>` pins for an app of any project. They take a
/// fraction of the time of a whole project with these pins.
pub fn add_pinned(app: &App, name: &str, packages: &[&str]) -> Result<()> {
    let pins: Manifest = serde_json::from_str(&vendored::manifest(&source(name))?)?;
    let mut dependencies = BTreeMap::new();
    for package in packages {
        let pin = pins.dependencies.get(*package);
        let pin = pin.with_context(|| format!("{name} does not pin {package}"))?;
        dependencies.insert((*package).to_owned(), pin.parse()?);
    }
    let folder = install_manifest(&format!("pins-of-{name}"), &manifest(&dependencies)?)?;
    for package in packages {
        let own = app.root().join("node_modules").join(package);
        if own.symlink_metadata().is_ok() {
            fs::remove_file(&own)?;
        }
        fs::create_dir_all(own.parent().unwrap_or(app.root()))?;
        symlink(folder.join("node_modules").join(package), own)?;
    }
    Ok(())
}

/// Installs a manifest once, and returns the folder.
fn install_manifest(prefix: &str, manifest: &str) -> Result<PathBuf> {
    let tools = Tools::get()?;
    let as_of = as_of()?;
    let fingerprint = lock::fingerprint([manifest.as_bytes(), as_of.as_bytes()]);
    let folder = locations::target().join("projects").join(format!("{prefix}-{fingerprint}"));
    lock::folder_once(&folder, |unfinished| {
        fs::write(unfinished.join("package.json"), manifest)?;
        run(&mut npm_install(&tools, unfinished, &as_of))
    })?;
    Ok(folder)
}

/// A configuration whose server opens no port for debuggers. Cloudflare's plugin for Vite looks for a
/// free port and opens it later, and a site of another test may be faster.
pub fn without_debugger(configuration: &str) -> String {
    configuration
        .replace("cloudflare()", "cloudflare({})")
        .replace("cloudflare({", "cloudflare({ inspectorPort: false,")
}

/// Makes a folder a new site with only Astro, as `npm install astro@VERSION` does in a site with
/// an empty manifest. Each version is installed once: npm takes most of its time to write
/// thousands of files, and sites of one version begin the same.
pub fn begin_site(folder: &Path, pin: &Pin) -> Result<()> {
    let tools = Tools::get()?;
    let Pin { astro, as_of, .. } = pin;
    let (major, _) = astro.split_once('.').context("no major")?;
    let prefix = format!("begun-{LINE}{major}");
    let inputs = [EMPTY_SITE.as_bytes(), astro.as_bytes(), as_of.as_bytes()];
    let begun = format!("{prefix}-{}", lock::fingerprint(inputs));
    let begun = locations::target().join("projects").join(begun);
    lock::folder_once(&begun, |unfinished| {
        remove_other_installations(&begun, &prefix)?;
        fs::write(unfinished.join("package.json"), EMPTY_SITE)?;
        let mut npm = tools.npm();
        npm.current_dir(unfinished).args([
            "install",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ]);
        npm.args(["--prefer-offline".to_owned(), format!("--before={}", last_moment(as_of))]);
        run(npm.arg(format!("astro@{astro}")))
    })?;
    let copy = |how: &str| {
        let mut copy = Command::new("cp");
        run(copy.arg(how).arg(begun.join("node_modules")).arg(folder))
    };
    // Packages are read, replaced or removed, but not written to, so sites can share their files.
    // The folder may be on another file system, where links are not possible.
    if copy("-al").is_err() {
        copy("-a")?;
    }
    // npm writes to these files.
    for file in ["package.json", "package-lock.json", "node_modules/.package-lock.json"] {
        let own = folder.join(file);
        if own.exists() {
            fs::remove_file(&own)?;
        }
        fs::copy(begun.join(file), own)?;
    }
    Ok(())
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
    let line = line()?;
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
