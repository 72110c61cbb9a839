//! The standalone server on other runtimes than Node, beyond the shared cases: the options that
//! limit clients, and shutdown by a signal.

use std::process::Command;

use anyhow::Result;
use rustix::process::Signal;
use tests::cases;
use tests::tools::Tools;

use super::Case;
use super::options::{OPTIONS, keeps_every_limit};
use super::shutdown::{STANDALONE, ends_at_once, shuts_down};
use crate::hosts::{Settings, Sites};

pub const CASES: &[Case] = cases![
    keeps_every_limit_on_bun,
    keeps_every_limit_on_deno,
    shuts_down_on_bun,
    shuts_down_on_deno,
    ends_at_once_by_a_second_signal_on_bun,
    ends_at_once_by_a_second_signal_on_deno,
];

fn keeps_every_limit_on_bun(sites: &Sites) -> Result<()> {
    keeps_limits_on(sites, Tools::bun()?)
}

fn keeps_every_limit_on_deno(sites: &Sites) -> Result<()> {
    keeps_limits_on(sites, Tools::deno()?)
}

fn keeps_limits_on(sites: &Sites, runtime: Command) -> Result<()> {
    let settings = Settings { name: "limited-standalone", options: OPTIONS };
    keeps_every_limit(&sites.start_alone_on(runtime, &settings)?.server)
}

fn shuts_down_on_bun(sites: &Sites) -> Result<()> {
    shuts_down(&sites.start_alone_on(Tools::bun()?, &STANDALONE)?, Signal::TERM)
}

fn shuts_down_on_deno(sites: &Sites) -> Result<()> {
    shuts_down(&sites.start_alone_on(Tools::deno()?, &STANDALONE)?, Signal::TERM)
}

fn ends_at_once_by_a_second_signal_on_bun(sites: &Sites) -> Result<()> {
    ends_at_once(&sites.start_alone_on(Tools::bun()?, &STANDALONE)?)
}

fn ends_at_once_by_a_second_signal_on_deno(sites: &Sites) -> Result<()> {
    ends_at_once(&sites.start_alone_on(Tools::deno()?, &STANDALONE)?)
}
