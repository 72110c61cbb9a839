//! Packages that find only their own dependencies, as pnpm lays them out. In that layout a bundler
//! put an empty module in place of an optional package of `ws`. The first message over 32 bytes
//! then ended the process.

use anyhow::{Result, ensure};
use tests::cases;
use tests::client::Request;
use tests::server::Server;

use super::Case;
use crate::hosts::{self, Sites};

pub const CASES: &[Case] = cases![
    echoes_more_than_32_bytes_where_packages_are_isolated,
    echoes_more_than_32_bytes_where_packages_are_isolated_in_dev,
];

fn echoes_more_than_32_bytes_where_packages_are_isolated(sites: &Sites) -> Result<()> {
    let app = sites.isolated_app("standalone")?;
    ensure!(!app.root().join("../node_modules/ws").exists(), "the layout is another one");
    app.build(&[])?;
    echoes(&hosts::start_standalone(&app)?)
}

fn echoes_more_than_32_bytes_where_packages_are_isolated_in_dev(sites: &Sites) -> Result<()> {
    let app = sites.isolated_app("dev")?;
    echoes(&Server::start_dev(&mut app.astro_server(["dev", "--port", "0"]))?)
}

/// In both directions, `ws` uses a different code path for longer messages.
fn echoes(server: &Server) -> Result<()> {
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    for length in [1, 32, 33, 48, 1000, 70_000] {
        let text = "x".repeat(length);
        socket.send(&text)?;
        ensure!(socket.text()? == text, "{length} characters");
        socket.send_binary(text.as_bytes())?;
        ensure!(socket.binary()? == text.as_bytes(), "{length} bytes");
    }
    server.check_alive()
}
