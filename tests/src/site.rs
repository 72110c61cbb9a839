//! A running site and the host that serves it.

use std::fmt;

use anyhow::{Result, bail, ensure};

use crate::client::Request;
use crate::engine::{Engine, Product};
use crate::pins::major;
use crate::server::Server;

/// A host: a way in which an adapter serves a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// A host of the Node adapter.
    Node(Node),
    /// A host of the Cloudflare adapter.
    Cloudflare(Cloudflare),
}

/// The hosts of the Node adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// `astro dev`.
    Dev,
    /// `astro preview`.
    Preview,
    /// The standalone server of a build.
    Standalone,
    /// The standalone server on Bun.
    Bun,
    /// The standalone server on Deno.
    Deno,
    /// The standalone server with a certificate.
    Https,
    /// A server of `node:http` around the site.
    Http,
    /// Express around the site.
    Express,
    /// Express 4 around the site.
    Express4,
    /// Connect around the site.
    Connect,
    /// Fastify around the site.
    Fastify,
    /// The standalone server with its channels on Valkey.
    Valkey,
    /// Three processes of the standalone server, with their channels on one Valkey.
    ThreeOnValkey,
    /// The standalone server with its channels on NATS.
    Nats,
    /// Three processes of the standalone server, with their channels on one NATS.
    ThreeOnNats,
}

/// The hosts of the Cloudflare adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cloudflare {
    /// `astro dev`.
    Dev,
    /// `astro preview`.
    Preview,
    /// `wrangler dev` with a build.
    Wrangler,
}

impl Node {
    /// All hosts, in the order of the tests.
    pub const ALL: [Self; 15] = [
        Self::Dev,
        Self::Standalone,
        Self::Preview,
        Self::Bun,
        Self::Deno,
        Self::Https,
        Self::Http,
        Self::Express,
        Self::Express4,
        Self::Connect,
        Self::Fastify,
        Self::Valkey,
        Self::ThreeOnValkey,
        Self::Nats,
        Self::ThreeOnNats,
    ];

    /// The server that keeps the channels, and the number of processes that share it. Without it,
    /// one process keeps them in memory.
    pub fn engine(self) -> Option<(Product, usize)> {
        match self {
            Self::Valkey => Some((Product::Valkey, 1)),
            Self::ThreeOnValkey => Some((Product::Valkey, 3)),
            Self::Nats => Some((Product::Nats, 1)),
            Self::ThreeOnNats => Some((Product::Nats, 3)),
            _ => None,
        }
    }
}

impl Cloudflare {
    /// All hosts, in the order of the tests.
    pub const ALL: [Self; 3] = [Self::Dev, Self::Preview, Self::Wrangler];
}

impl Host {
    /// The users' name for this way of running a site. Several hosts can share a mode.
    pub fn mode(self) -> &'static str {
        match self {
            Self::Node(Node::Dev) | Self::Cloudflare(Cloudflare::Dev) => "`astro dev`",
            Self::Node(Node::Preview) | Self::Cloudflare(Cloudflare::Preview) => "`astro preview`",
            Self::Node(Node::Standalone | Node::Https) => "standalone",
            Self::Node(Node::Bun) => "Bun",
            Self::Node(Node::Deno) => "Deno",
            Self::Node(Node::Valkey) => "Redis",
            Self::Node(Node::ThreeOnValkey) => "3 × Redis",
            Self::Node(Node::Nats) => "NATS",
            Self::Node(Node::ThreeOnNats) => "3 × NATS",
            Self::Node(_) => "middleware mode",
            Self::Cloudflare(Cloudflare::Wrangler) => "`wrangler dev`",
        }
    }

    /// Whether the site runs in workerd.
    pub fn is_worker(self) -> Result<bool> {
        Ok(match self {
            Self::Node(_) => false,
            // Up to Astro 5 the dev server runs it in Node.
            Self::Cloudflare(Cloudflare::Dev) => major()? >= 6,
            Self::Cloudflare(_) => true,
        })
    }

    /// Whether `new Response()` accepts the status 101. The Fetch Standard forbids it, but of the
    /// runtimes only Node follows that.
    pub fn makes_101(self) -> Result<bool> {
        Ok(self.is_worker()? || matches!(self, Self::Node(Node::Bun | Node::Deno)))
    }

    /// Whether workerd itself speaks to the client, as on Cloudflare. Then workerd validates and
    /// answers handshakes.
    pub fn is_workerd_itself(self) -> bool {
        matches!(self, Self::Cloudflare(Cloudflare::Wrangler))
    }

    /// Whether a route continues, and its socket gets the event, when the client leaves during the
    /// handshake. workerd cancels the request and all its pending work.
    pub fn tells_who_left_early(self) -> bool {
        !self.is_workerd_itself()
    }

    /// Whether this is Vite's dev server.
    pub fn is_dev(self) -> bool {
        matches!(self, Self::Node(Node::Dev) | Self::Cloudflare(Cloudflare::Dev))
    }

    /// Whether routes get the path of a request as it was sent. `astro dev` of Astro 5 decodes it, so
    /// that an encoded `%` is lost.
    pub fn keeps_encoded_paths(self) -> Result<bool> {
        Ok(!self.is_dev() || major()? != 5)
    }

    /// Whether Astro's handler is part of another server (`mode: 'middleware'`).
    pub fn is_application(self) -> bool {
        use Node::{Connect, Express, Express4, Fastify, Http};
        matches!(self, Self::Node(Http | Express | Express4 | Connect | Fastify))
    }

    /// Whether it serves prerendered pages and public files. In middleware mode the application
    /// must serve them. Of our hosts only those with Express do.
    pub fn serves_files(self) -> bool {
        !matches!(self, Self::Node(Node::Http | Node::Connect | Node::Fastify))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Node(host) => host.fmt(formatter),
            Self::Cloudflare(host) => host.fmt(formatter),
        }
    }
}

impl From<Node> for Host {
    fn from(host: Node) -> Self {
        Self::Node(host)
    }
}

impl From<Cloudflare> for Host {
    fn from(host: Cloudflare) -> Self {
        Self::Cloudflare(host)
    }
}

impl fmt::Display for Node {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Dev => "dev",
            Self::Preview => "preview",
            Self::Standalone => "standalone",
            Self::Bun => "bun",
            Self::Deno => "deno",
            Self::Https => "https",
            Self::Http => "http",
            Self::Express => "express",
            Self::Express4 => "express-4",
            Self::Connect => "connect",
            Self::Fastify => "fastify",
            Self::Valkey => "valkey",
            Self::ThreeOnValkey => "three-on-valkey",
            Self::Nats => "nats",
            Self::ThreeOnNats => "three-on-nats",
        })
    }
}

impl fmt::Display for Cloudflare {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Dev => "dev",
            Self::Preview => "preview",
            Self::Wrangler => "wrangler",
        })
    }
}

/// A running server and its host.
pub struct Site {
    /// The host.
    pub host: Host,
    /// The server.
    pub server: Server,
    /// The server that keeps the channels, if it is not the former.
    pub engine: Option<Engine>,
}

impl Site {
    /// A server that has answered a first request.
    pub fn warm(host: Host, server: Server) -> Result<Self> {
        server.warm()?;
        Ok(Self { host, server, engine: None })
    }

    /// The server's journal entry with this name, once it ends with `last`.
    pub fn journal(&self, name: &str, last: &str) -> Result<String> {
        Ok(self.server.get(&format!("/journal/{name}?last={last}"))?.text())
    }

    /// Waits until the server has counted this far. A single journal request waits only five
    /// seconds, and a crowd may take longer.
    pub fn await_count(&self, name: &str, count: usize) -> Result<()> {
        let last = format!("%20{count}");
        let mut counted = String::new();
        for _ in 0..6 {
            counted = self.journal(name, &last)?;
            if counted.ends_with(&format!(" {count}")) {
                return Ok(());
            }
        }
        let (_, reached) = counted.rsplit_once(' ').unwrap_or(("", &counted));
        bail!("`{name}` came to {reached} of {count}")
    }

    /// Writes into the server's journal, to release a waiting route.
    pub fn record(&self, name: &str) -> Result<()> {
        let response = self.server.fetch(&Request::post(&format!("/journal/{name}"), "go"))?;
        ensure!(response.status == 204, "the journal does not take it:\n{response}");
        Ok(())
    }

    /// Opens a socket to the echo route and checks its echo.
    pub fn check_echo(&self) -> Result<()> {
        let mut socket = self.server.open(&Request::upgrade("/echo"))?;
        socket.send("still there?")?;
        ensure!(socket.text()? == "still there?");
        socket.close(1000, "")?;
        Ok(())
    }
}
