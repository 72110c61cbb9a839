//! Random faults of the network, the processes and the engine.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::{PAUSE, Plan, RECOVERY, Shared};
use crate::engine::Engine;
use crate::line::End;
use crate::processes::Process;

/// The faults that a soak may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Faults {
    /// Those after which the engine has all of its data.
    WithoutLoss,
    /// The engine may lose its data as well.
    OfEverything,
}

/// The deliveries between two faults.
const BETWEEN: u64 = 300;

/// A fault, until it has ended.
pub type Fault<'f> = Box<dyn Fn(&mut Random) -> Result<()> + 'f>;

type EngineFault = fn(&Engine, &[Process<'_>], &mut Random) -> Result<()>;

/// Faults of the network and of processes, and those of an engine that keeps its data.
const WITHOUT_LOSS: [EngineFault; 9] = [
    cut_a_line,
    lose_a_line,
    hold_a_line,
    slow_a_line_down,
    drop_all_connections,
    kill_a_process,
    freeze_a_process,
    restart_the_engine,
    freeze_the_engine,
];

/// An engine that loses its data.
const LOSSES: [EngineFault; 2] = [flush_the_engine, empty_the_engine];

/// Random numbers that are the same for the same seed (xorshift64*).
pub struct Random(u64);

impl Random {
    /// Different numbers for each stream of a seed.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self((seed ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15)).max(1))
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) % limit
    }

    /// True in one of so many cases.
    pub fn is_one_of(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// Waits for a random number of milliseconds.
    pub fn wait(&mut self, least: u64, most: u64) {
        thread::sleep(Duration::from_millis(least + self.below(most - least)));
    }
}

/// The faults of an engine and of the processes that share it.
pub fn of_engine<'f>(
    engine: &'f Engine,
    processes: &'f [Process<'_>],
    faults: Faults,
) -> Vec<Fault<'f>> {
    let losses = LOSSES.into_iter().filter(|_| faults == Faults::OfEverything);
    let all = WITHOUT_LOSS.into_iter().chain(losses);
    all.map(|fault| -> Fault<'f> { Box::new(move |random| fault(engine, processes, random)) })
        .collect()
}

/// Makes faults until the plan is fulfilled. Afterwards everything works.
pub fn run(faults: &[Fault<'_>], shared: &Shared<'_>, plan: &Plan) -> Result<()> {
    let mut random = Random::new(plan.seed, 0);
    for round in 0.. {
        let before = shared.delivered.load(Ordering::Relaxed);
        if shared.book().has_failed() || (round >= plan.rounds && before >= plan.deliveries) {
            break;
        }
        // Each one at least once.
        let choice =
            if round < faults.len() { round } else { random.below(faults.len() as u64) as usize };
        faults[choice](&mut random)?;
        shared.book().counts.faults += 1;
        let deadline = Instant::now() + RECOVERY;
        while shared.delivered.load(Ordering::Relaxed) < before + BETWEEN {
            if Instant::now() > deadline {
                bail!("after fault {choice} nothing was delivered for {RECOVERY:?}");
            }
            if shared.book().has_failed() {
                break;
            }
            thread::sleep(PAUSE);
        }
    }
    Ok(())
}

fn any<'p, 's>(processes: &'p [Process<'s>], random: &mut Random) -> &'p Process<'s> {
    &processes[random.below(processes.len() as u64) as usize]
}

fn end(random: &mut Random) -> End {
    if random.is_one_of(2) { End::Reset } else { End::Finish }
}

fn cut_a_line(_: &Engine, processes: &[Process<'_>], random: &mut Random) -> Result<()> {
    let Process { line, .. } = any(processes, random);
    line.cut(end(random))?;
    random.wait(10, 2000);
    line.revive()
}

/// The connections stay dead, and new ones work.
fn lose_a_line(_: &Engine, processes: &[Process<'_>], random: &mut Random) -> Result<()> {
    let Process { line, .. } = any(processes, random);
    line.die()?;
    random.wait(100, 1000);
    line.revive()
}

fn hold_a_line(_: &Engine, processes: &[Process<'_>], random: &mut Random) -> Result<()> {
    let Process { line, .. } = any(processes, random);
    line.slow_down(Duration::from_secs(1))?;
    random.wait(500, 1500);
    line.revive()
}

fn slow_a_line_down(_: &Engine, processes: &[Process<'_>], random: &mut Random) -> Result<()> {
    let Process { line, .. } = any(processes, random);
    line.slow_down(Duration::from_millis(20 + random.below(100)))?;
    random.wait(500, 2000);
    line.revive()
}

fn drop_all_connections(_: &Engine, processes: &[Process<'_>], random: &mut Random) -> Result<()> {
    let end = end(random);
    processes.iter().try_for_each(|process| process.line.drop_connections(end))
}

fn kill_a_process(_: &Engine, processes: &[Process<'_>], random: &mut Random) -> Result<()> {
    let process = any(processes, random);
    process.kill()?;
    random.wait(10, 1000);
    process.start_again()
}

/// Sometimes for longer than its lease.
fn freeze_a_process(_: &Engine, processes: &[Process<'_>], random: &mut Random) -> Result<()> {
    let process = any(processes, random);
    process.freeze()?;
    if random.is_one_of(4) {
        random.wait(11_000, 13_000)
    } else {
        random.wait(500, 3000)
    }
    process.thaw()
}

fn restart_the_engine(engine: &Engine, _: &[Process<'_>], random: &mut Random) -> Result<()> {
    engine.kill()?;
    random.wait(10, 1500);
    engine.restart()
}

fn freeze_the_engine(engine: &Engine, _: &[Process<'_>], random: &mut Random) -> Result<()> {
    engine.freeze()?;
    random.wait(200, 3000);
    engine.thaw()
}

fn flush_the_engine(engine: &Engine, _: &[Process<'_>], _: &mut Random) -> Result<()> {
    engine.flush()
}

fn empty_the_engine(engine: &Engine, _: &[Process<'_>], random: &mut Random) -> Result<()> {
    engine.kill()?;
    random.wait(10, 1500);
    engine.restart_empty()
}
