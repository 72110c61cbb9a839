//! Shutdown by a signal, or by the program that contains the server.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tests::cases;
use tests::client::{Connection, Request};
use tests::patience::PATIENCE;
use tests::server::Server;
use tests::suite::not_applicable;

use super::Case;
use crate::hosts::{Alone, Settings, Sites};

pub const CASES: &[Case] = cases![
    shuts_down_by_sigterm,
    shuts_down_by_sigint,
    ends_at_once_by_a_second_signal,
    stops_with_the_server_of_upstream,
    shuts_down_when_the_host_says_so,
    ends_by_a_signal_that_the_site_listens_for,
    ends_as_the_first_process_of_a_container,
    ends_as_the_first_process_of_a_container_by_a_second_signal,
    closes_its_sockets_with_the_server_of_fastify,
    shuts_down_in_a_hook_of_fastify,
];

fn shuts_down_by_sigterm(sites: &Sites) -> Result<()> {
    shuts_down(&sites.start_alone(&STANDALONE)?, Signal::TERM)
}

fn shuts_down_by_sigint(sites: &Sites) -> Result<()> {
    shuts_down(&sites.start_alone(&STANDALONE)?, Signal::INT)
}

/// A site for servers that shut down.
pub const STANDALONE: Settings = Settings { name: "shutdown", options: "{}" };

/// Ends a server with a signal while it has open sockets and a pending handshake.
pub fn shuts_down(site: &Alone, signal: Signal) -> Result<()> {
    let silent = silent(&site.server)?;
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    socket.send("before it")?;
    ensure!(socket.text()? == "before it");
    let mut opening = opening(&site.server)?;

    site.server.signal(signal)?;
    let (code, _) = socket.closed()?;
    ensure!(code == 1001, "{code}");
    let response = site.server.reject(&Request::upgrade("/echo"))?;
    ensure!(response.status == 503, "{response}");
    is_turned_away(&site.server, &mut opening)?;
    silent.reset()?;
    let status = site.server.wait_for_end(Duration::from_secs(8))?;
    ensure!(status.success(), "{status}");
    Ok(())
}

fn ends_at_once_by_a_second_signal(sites: &Sites) -> Result<()> {
    ends_at_once(&sites.start_alone(&STANDALONE)?)
}

/// A second signal makes a server end at once.
pub fn ends_at_once(site: &Alone) -> Result<()> {
    let _silent = silent(&site.server)?;
    let mut socket = site.server.open(&Request::upgrade("/echo"))?;
    site.server.signal(Signal::TERM)?;
    socket.closed()?;
    site.server.check_alive()?;
    site.server.signal(Signal::INT)?;
    let status = site.server.wait_for_end(Duration::from_secs(5))?;
    ensure!(status.signal() == Some(Signal::INT.as_raw()), "{status}");
    Ok(())
}

fn stops_with_the_server_of_upstream(sites: &Sites) -> Result<()> {
    let server = sites.start_standalone_host("stopped")?;
    let silent = silent(&server)?;
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    let mut opening = opening(&server)?;
    server.signal(Signal::USR2)?;
    let (code, _) = socket.closed()?;
    ensure!(code == 1001, "{code}");
    is_turned_away(&server, &mut opening)?;
    silent.reset()?;
    let status = server.wait_for_end(Duration::from_secs(8))?;
    ensure!(status.success(), "{status}");
    server.wait_for_output(PATIENCE, |printed| printed.contains("stopped").then_some(()))
}

fn shuts_down_when_the_host_says_so(sites: &Sites) -> Result<()> {
    let server = sites.start_host("controlled")?;
    let mut silent = silent(&server)?;
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    let mut opening = opening(&server)?;
    let start = Instant::now();
    let mut call = server.connection()?;
    let command = Request::get("/shutdown?timeout=1000&closeCode=1012&closeReason=update");
    call.write(&command.to_bytes(&server.address().to_string()))?;

    let (code, reason) = socket.closed()?;
    ensure!((code, reason.as_str()) == (1012, "update"), "{code} {reason}");
    let response = server.reject(&Request::upgrade("/echo"))?;
    ensure!(response.status == 503, "{response}");
    ensure!(response.headers.get("retry-after").is_some(), "{response}");
    is_turned_away(&server, &mut opening)?;
    // A client that does not answer delays the end, but only until its timeout.
    silent.ended()?;
    let took = call.response("GET")?.text();
    ensure!(took.parse::<u32>().is_ok_and(|took| (900..5000).contains(&took)), "{took}");
    ensure!(start.elapsed() > Duration::from_millis(900), "{:?}", start.elapsed());

    // The host owns the server, which keeps running.
    ensure!(server.get("/both")?.text() == "plain");
    ensure!(server.reject(&Request::upgrade("/echo"))?.status == 503);
    server.get("/attach")?;
    server.open(&Request::upgrade("/echo"))?.close(1000, "")?;
    server.check_alive()
}

/// The output of the site's own listener in `hosts/busy.mjs`.
const HEARD: &str = "the site has heard of it\n";

fn ends_by_a_signal_that_the_site_listens_for(sites: &Sites) -> Result<()> {
    let server = Server::start(sites.standalone_program("busy")?.env("LISTENS", "yes"))?;
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    server.signal(Signal::TERM)?;
    let (code, _) = socket.closed()?;
    ensure!(code == 1001, "{code}");
    // The site's listener may use the full time of a shutdown.
    let status = server.wait_for_end(Duration::from_secs(20))?;
    ensure!(status.signal() == Some(Signal::TERM.as_raw()), "{status}");
    let heard = server.wait_for_output(PATIENCE, |printed| {
        Some(printed.matches(HEARD).count()).filter(|count| *count > 0)
    })?;
    ensure!(heard == 1, "{heard} times\n{server}");
    Ok(())
}

fn ends_as_the_first_process_of_a_container(sites: &Sites) -> Result<()> {
    let Some(server) = start_as_first_process(sites, "no")? else {
        return not_applicable(NO_NAMESPACES);
    };
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    signal_first_process(&server, Signal::TERM)?;
    let (code, _) = socket.closed()?;
    ensure!(code == 1001, "{code}");
    let status = server.wait_for_end(Duration::from_secs(8))?;
    ensure!(status.code() == Some(ENDED_BY_SIGTERM), "{status}");
    Ok(())
}

fn ends_as_the_first_process_of_a_container_by_a_second_signal(sites: &Sites) -> Result<()> {
    let Some(server) = start_as_first_process(sites, "yes")? else {
        return not_applicable(NO_NAMESPACES);
    };
    let _silent = silent(&server)?;
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    signal_first_process(&server, Signal::TERM)?;
    socket.closed()?;
    server.check_alive()?;
    signal_first_process(&server, Signal::TERM)?;
    let status = server.wait_for_end(Duration::from_secs(5))?;
    ensure!(status.code() == Some(ENDED_BY_SIGTERM), "{status}");
    Ok(())
}

/// The exit code of a process ended by SIGTERM, as reported by shells and containers.
const ENDED_BY_SIGTERM: i32 = 128 + 15;

const NO_NAMESPACES: &str = "`unshare --pid --fork` is not permitted here, or not installed";

/// A busy standalone server, started as a container starts it. The kernel withholds signals from
/// the first process of a PID namespace unless it listens for them. That includes signals that the
/// process sends to itself.
fn start_as_first_process(sites: &Sites, listens: &str) -> Result<Option<Server>> {
    const FIRST: [&str; 3] = ["--pid", "--fork", "--kill-child"];
    let probe = Command::new("unshare").args(FIRST).arg("true").stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        return Ok(None);
    }
    let mut program = sites.standalone_program("busy")?;
    program.env("LISTENS", listens);
    let mut command = Command::new("unshare");
    command.args(FIRST).arg(program.get_program()).args(program.get_args()).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    if let Some(folder) = program.get_current_dir() {
        command.current_dir(folder);
    }
    Server::start(&mut command).map(Some)
}

/// The server is the child of the started `unshare`.
fn signal_first_process(server: &Server, signal: Signal) -> Result<()> {
    let id = server.id();
    let children = fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
    let child = children.split_whitespace().next().context("nothing runs in the namespace")?;
    let pid = Pid::from_raw(child.parse()?).context("it has no identifier")?;
    Ok(kill_process(pid, signal)?)
}

fn closes_its_sockets_with_the_server_of_fastify(sites: &Sites) -> Result<()> {
    closes_fastify(sites, "none")
}

fn shuts_down_in_a_hook_of_fastify(sites: &Sites) -> Result<()> {
    closes_fastify(sites, "direct")?;
    closes_fastify(sites, "options")
}

fn closes_fastify(sites: &Sites, hook: &str) -> Result<()> {
    let server = sites.start_host_with("closed-fastify", ("HOOK", hook))?;
    let mut socket = server.open(&Request::upgrade("/echo"))?;
    socket.send("before it")?;
    ensure!(socket.text()? == "before it");
    ensure!(server.get("/close")?.text() == "closing");
    let (code, _) = socket.closed()?;
    ensure!(code == 1001, "{code}");
    let status = server.wait_for_end(Duration::from_secs(8))?;
    ensure!(status.success(), "{status}\n{server}");
    server.wait_for_output(PATIENCE, |printed| printed.contains("closed\n").then_some(()))
}

/// An open socket that answers nothing, not even a close frame.
fn silent(server: &Server) -> Result<Connection> {
    let mut connection = server.connection()?;
    connection.write(&Request::upgrade("/echo").to_bytes(&server.address().to_string()))?;
    ensure!(connection.response("GET")?.status == 101);
    Ok(connection)
}

/// A handshake that the site has yet to answer.
fn opening(server: &Server) -> Result<Connection> {
    let mut connection = server.connection()?;
    let target = "/slow?journal=opening";
    connection.write(&Request::upgrade(target).to_bytes(&server.address().to_string()))?;
    ensure!(server.get("/journal/opening-started")?.text() == "yes");
    Ok(connection)
}

/// The site would now accept the handshake, but the server tells the client to come back later.
fn is_turned_away(server: &Server, opening: &mut Connection) -> Result<()> {
    server.fetch(&Request::post("/journal/opening-go", "go"))?;
    let response = opening.response("GET")?;
    ensure!(response.status == 503, "{response}");
    let code = server.get("/journal/opening-closed?last=1006")?.text();
    ensure!(code == "1006", "{code}");
    Ok(())
}
