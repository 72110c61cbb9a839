//! Runs nginx, Caddy and HAProxy with the configuration from the page about proxies.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::client::Certificate;
use crate::locations::repository;
use crate::port::free_port;
use crate::server::Server;
use crate::suite::NotApplicable;

/// The page with the configurations.
pub const PAGE: &str = "docs/proxies.md";

/// The page with those for several processes of a site.
pub const PAGE_OF_SEVERAL: &str = "docs/scaling.md";

/// The port of the first process on the pages. The others follow it.
const FIRST_PORT: u16 = 4321;

/// The site's name on the page.
pub const HOST: &str = "shop.example.com";

/// The client's address, which differs from the proxy's.
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A proxy with a configuration on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// nginx.
    Nginx,
    /// Caddy.
    Caddy,
    /// HAProxy.
    HaProxy,
}

impl Proxy {
    fn program(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Caddy => "caddy",
            Self::HaProxy => "haproxy",
        }
    }

    /// The language of its code block on the page.
    fn language(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Caddy => "caddyfile",
            Self::HaProxy => "haproxy",
        }
    }

    fn missing(self) -> &'static str {
        match self {
            Self::Nginx => "nginx is not installed on this machine",
            Self::Caddy => "Caddy is not installed on this machine",
            Self::HaProxy => "HAProxy is not installed on this machine",
        }
    }

    /// Starts the proxy in front of a site with the configuration of the page. Only ports,
    /// addresses and paths are replaced. `change` edits the configuration first.
    pub fn start(
        self,
        folder: &Path,
        site: &Server,
        change: impl Fn(String) -> String,
    ) -> Result<Server> {
        self.start_before(PAGE, folder, &[site.address()], change)
    }

    /// The same in front of several processes, by another page.
    pub fn start_before(
        self,
        page: &str,
        folder: &Path,
        processes: &[SocketAddr],
        change: impl Fn(String) -> String,
    ) -> Result<Server> {
        let version = if self == Self::Caddy { "version" } else { "-v" };
        let mut probe = Command::new(self.program());
        if probe.arg(version).stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            return Err(NotApplicable(self.missing()).into());
        }
        let folder = folder.join(format!("proxy-{}", self.program()));
        fs::create_dir_all(&folder)?;
        let made = Certificate::generate()?;
        let file = |name: &str, text: &str| -> Result<String> {
            let path = folder.join(name);
            fs::write(&path, text)?;
            Ok(path.display().to_string())
        };
        let certificate = file("site.pem", &made.certificate)?;
        let key = file("site.key", &made.key)?;
        let both = file("site-and-key.pem", &format!("{}{}", made.certificate, made.key))?;
        let port = free_port()?;
        let mut lines = change(self.lines(page)?);
        for (port, process) in (FIRST_PORT..).zip(processes) {
            lines = lines.replace(&format!("127.0.0.1:{port}"), &process.to_string());
        }
        let lines = lines
            .replace("/etc/ssl/site-and-key.pem", &both)
            .replace("/etc/ssl/site.pem", &certificate)
            .replace("/etc/ssl/site.key", &key)
            .replace("listen 443", &format!("listen 127.0.0.1:{port}"))
            .replace("bind :443", &format!("bind 127.0.0.1:{port}"))
            .replace(&format!("{HOST} {{"), &format!("https://{HOST}:{port} {{"));
        let place = folder.display();
        let mut command = Command::new(self.program());
        match self {
            Self::Nginx => {
                let around = format!(
                    "pid {place}/nginx.pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n\
                     client_body_temp_path {place}/body;\nproxy_temp_path {place}/proxy;\n\
                     fastcgi_temp_path {place}/fastcgi;\nuwsgi_temp_path {place}/uwsgi;\n\
                     scgi_temp_path {place}/scgi;\n{lines}}}\n"
                );
                command.args(["-g", "daemon off;", "-c"]).arg(file("nginx.conf", &around)?);
            }
            Self::Caddy => {
                let around = format!("{{\nadmin off\nauto_https disable_redirects\n}}\n{lines}");
                command
                    .args(["run", "--adapter", "caddyfile", "--config"])
                    .arg(file("Caddyfile", &around)?)
                    .env("XDG_DATA_HOME", &folder)
                    .env("XDG_CONFIG_HOME", &folder);
            }
            Self::HaProxy => {
                command.args(["-db", "-f"]).arg(file("haproxy.cfg", &lines)?);
            }
        }
        Ok(Server::start_on(port, &mut command)?.with_tls(made.client).with_client(CLIENT))
    }

    /// Its configuration on a page.
    fn lines(self, page: &str) -> Result<String> {
        let page = fs::read_to_string(repository().join(page))?;
        let start = format!("```{}\n", self.language());
        let (_, rest) = page.split_once(&start).context("the page has no such block")?;
        let (lines, _) = rest.split_once("```").context("the block has no end")?;
        Ok(lines.to_owned())
    }
}
