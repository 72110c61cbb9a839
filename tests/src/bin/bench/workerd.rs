//! workerd without Miniflare in front of the Workers, with a socket for each.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Result, bail};
use serde::Deserialize;
use tempfile::TempDir;
use tests::app::App;
use tests::locations::files_ending_with;
use tests::project::Project;
use tests::server::Server;

const DATE: &str = "2026-04-15";

/// A Worker and its socket.
pub struct Worker {
    pub name: &'static str,
    /// The names of its modules, and their paths relative to the built Worker. It starts at the
    /// first one.
    pub modules: Vec<(String, String)>,
    /// The class of its objects, and the name of the binding to it.
    pub objects: Option<(&'static str, &'static str)>,
}

impl Worker {
    /// The Worker of a built site.
    pub fn of_site(app: &App, name: &'static str) -> Result<Self> {
        let mut modules = Vec::new();
        for file in files_ending_with(&built(app), ".mjs")? {
            let module = file.strip_prefix(built(app))?.display().to_string();
            modules.push((module.clone(), module));
        }
        modules.sort_by_key(|(module, _)| module != "entry.mjs");
        Ok(Self { name, modules, objects: None })
    }

    /// A Worker of one module, in the folder `hosts` of the project.
    pub fn of_host(name: &'static str) -> Self {
        let modules = vec![(format!("{name}.mjs"), format!("../../hosts/{name}.mjs"))];
        Self { name, modules, objects: None }
    }

    pub fn with_objects(self, class: &'static str, binding: &'static str) -> Self {
        Self { objects: Some((class, binding)), ..self }
    }

    fn service(&self) -> String {
        let Self { name, modules, objects } = self;
        let modules: Vec<String> = modules
            .iter()
            .map(|(module, path)| format!("(name = \"{module}\", esModule = embed \"{path}\")"))
            .collect();
        let objects = objects.map(|(class, binding)| {
            format!(
                ", compatibilityFlags = [\"nodejs_als\"], \
                 bindings = [(name = \"{binding}\", durableObjectNamespace = \"{class}\")], \
                 durableObjectNamespaces = [(className = \"{class}\", uniqueKey = \"{name}\", \
                 enableSql = true)], durableObjectStorage = (localDisk = \"storage\")"
            )
        });
        format!(
            "(name = \"{name}\", worker = (modules = [{}], compatibilityDate = \"{DATE}\"{}))",
            modules.join(", "),
            objects.unwrap_or_default(),
        )
    }

    fn socket(&self) -> String {
        let name = self.name;
        format!("(name = \"{name}\", address = \"127.0.0.1:0\", http = (), service = \"{name}\")")
    }
}

/// The folder of a site's built Worker.
fn built(app: &App) -> PathBuf {
    app.root().join("dist/server")
}

/// A file system in memory, where the system has one: a disk would decide how fast objects begin.
const IN_MEMORY: &str = "/dev/shm";

/// Starts the Workers in one process. Their objects begin without a storage, which is removed with
/// the returned folder.
pub fn start(project: &Project, app: &App, workers: &[Worker]) -> Result<(Server, TempDir)> {
    let in_memory = Path::new(IN_MEMORY);
    let storage =
        if in_memory.is_dir() { tempfile::tempdir_in(in_memory)? } else { tempfile::tempdir()? };
    let list = |of: fn(&Worker) -> String| workers.iter().map(of).collect::<Vec<_>>().join(", ");
    let configuration = format!(
        "using Workerd = import \"/workerd/workerd.capnp\";\n\
         const config :Workerd.Config = (\n\
         services = [(name = \"storage\", disk = (path = \"{}\", writable = true)), {}],\n\
         sockets = [{}],\n);\n",
        storage.path().display(),
        list(Worker::service),
        list(Worker::socket),
    );
    let path = built(app).join("bench.capnp");
    fs::write(&path, configuration)?;
    let mut command = Command::new(workerd(project)?);
    Ok((Server::start(command.args(["serve", "--control-fd=1"]).arg(&path))?, storage))
}

/// The workerd binary from the package for this platform.
fn workerd(project: &Project) -> Result<PathBuf> {
    let packages = project.folder().join("node_modules/@cloudflare");
    for entry in fs::read_dir(&packages)? {
        let binary = entry?.path().join("bin/workerd");
        if binary.is_file() {
            return Ok(binary);
        }
    }
    bail!("no workerd in {}", packages.display())
}

/// A line of workerd's control file.
#[derive(Deserialize)]
struct Listening {
    socket: String,
    port: u16,
}

/// The address of a Worker.
pub fn address(server: &Server, worker: &str) -> Result<SocketAddr> {
    let port = server.wait_for_output(Duration::from_secs(20), |printed| {
        let lines = printed.lines().filter_map(|line| serde_json::from_str::<Listening>(line).ok());
        lines.filter(|line| line.socket == worker).map(|line| line.port).next()
    })?;
    Ok((Ipv4Addr::LOCALHOST, port).into())
}

/// Uses the adapter's own entrypoint, so that the site differs from another one only in what is
/// compared.
pub fn without_own_worker(root: &Path) -> Result<()> {
    let configuration = format!(r#"{{ "name": "site", "compatibility_date": "{DATE}" }}"#);
    Ok(fs::write(root.join("wrangler.jsonc"), configuration)?)
}

/// Takes the channels of the tests from a site, and the pages that use them.
pub fn without_channels(root: &Path) -> Result<()> {
    for folder in ["src/realtime", "src/pages/realtime"] {
        let folder = root.join(folder);
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}
