//! Random faults of everything, for a while.

use anyhow::{Context, Result, ensure};
use tests::engine::{Engine, Product};
use tests::processes::Process;
use tests::realtime::soak::{Faults, Plan, soak};

use super::super::cases;
use super::{Case, on_products};
use crate::hosts::Sites;

pub const CASES: &[Case] = on_products![
    a_soak_of_faults_breaks_no_promise,
    a_soak_with_an_engine_that_loses_its_data_tells_every_gap,
];

pub const CASES_OF_THE_SOAK: &[Case] = cases![the_soak_finds_processes_that_forget];

fn soaks(sites: &Sites, product: Product, plan: &Plan) -> Result<()> {
    let engine = Engine::start(product, &[])?;
    let processes = sites.three_on(&engine, &format!("soak-{}", plan.seed))?;
    let counts = soak(&engine, &processes, plan).with_context(|| engine.to_string())?;
    ensure!(counts.delivered as u64 >= plan.deliveries, "{counts:?}");
    ensure!(counts.faults >= plan.rounds && counts.resumes > 0 && counts.handled > 0, "{counts:?}");
    Ok(())
}

fn a_soak_of_faults_breaks_no_promise(sites: &Sites, product: Product) -> Result<()> {
    let faults = Faults::WithoutLoss;
    let plan = Plan { seed: 18, members: 9, deliveries: 10_000, faults, rounds: 9 };
    soaks(sites, product, &plan)
}

fn a_soak_with_an_engine_that_loses_its_data_tells_every_gap(
    sites: &Sites,
    product: Product,
) -> Result<()> {
    let faults = Faults::OfEverything;
    let plan = Plan { seed: 19, members: 9, deliveries: 10_000, faults, rounds: 11 };
    soaks(sites, product, &plan)
}

/// Processes that keep channels in their own memory: the soak must not pass on them.
fn the_soak_finds_processes_that_forget(sites: &Sites) -> Result<()> {
    let engine = Engine::valkey()?;
    let forgetful = Process::start(engine.address(), |_| sites.process_in_memory())?;
    let faults = Faults::WithoutLoss;
    let plan = Plan { seed: 20, members: 5, deliveries: 100, faults, rounds: 9 };
    let error = soak(&engine, &[forgetful], &plan).err().context("the soak has passed")?;
    let told = format!("{error:#}");
    ensure!(told.contains("breaks promises") && told.contains("restarted"), "{told}");
    Ok(())
}
