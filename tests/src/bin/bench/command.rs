//! Measures the time and memory of the command line.

use std::env;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use tests::locations::{repository, target};

/// The argument with which this program starts itself to run one command and print its usage. The
/// kernel reports only the sum or the maximum over all children of a process.
const USAGE_OF: &str = "usage-of";

/// Rebuilds the measured binary.
pub fn compile_xtask() -> Result<()> {
    run_quietly(cargo().args(["build", "--quiet", "--package", "xtask"]))
}

/// Runs that binary at the root of the repository.
pub fn xtask() -> Command {
    let mut command = Command::new(target().join("debug/xtask"));
    command.current_dir(repository());
    command
}

pub fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(repository());
    cargo
}

/// Measures another process if this process was started with `USAGE_OF`. Returns whether it was.
pub fn is_usage_of() -> Result<bool> {
    let Some(program) =
        env::args().nth(2).filter(|_| env::args().nth(1).as_deref() == Some(USAGE_OF))
    else {
        return Ok(false);
    };
    run_quietly(Command::new(program).args(env::args().skip(3)))?;
    println!("{} {}", peak_of_children()?, processor_of_children()?);
    Ok(true)
}

pub fn median(runs: usize, mut measure: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    measure()?;
    let mut durations = (0..runs).map(|_| measure()).collect::<Result<Vec<Duration>>>()?;
    durations.sort_unstable();
    Ok(durations[runs / 2])
}

/// The wall time of a process, which must succeed.
pub fn time(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    run_quietly(command)?;
    Ok(start.elapsed())
}

pub fn run_quietly(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let Output { status, stdout, .. } =
        output.with_context(|| format!("cannot start {command:?}"))?;
    let printed = String::from_utf8_lossy(&stdout);
    ensure!(status.success(), "{command:?} ended with {status}\n{printed}");
    Ok(())
}

/// The resources used by a process: its peak resident set in megabytes, and its processor time in
/// seconds. Other load on the machine changes the latter little.
pub struct Usage {
    pub memory: f64,
    pub processor: f64,
}

/// Runs a process by itself and returns its usage.
pub fn usage_of(command: &Command) -> Result<Usage> {
    let mut measuring = Command::new(env::current_exe()?);
    measuring
        .current_dir(repository())
        .arg(USAGE_OF)
        .arg(command.get_program())
        .args(command.get_args());
    let output = measuring.output()?;
    ensure!(output.status.success(), "{measuring:?} ended with {}", output.status);
    let printed = String::from_utf8(output.stdout)?;
    let (memory, processor) = printed.trim().split_once(' ').context("two numbers")?;
    Ok(Usage { memory: memory.parse()?, processor: processor.parse()? })
}

/// The peak resident set of any child so far, in megabytes.
fn peak_of_children() -> Result<f64> {
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() as f64;
    // Linux counts kilobytes, macOS bytes (getrusage(2)).
    Ok(if cfg!(target_os = "macos") { peak / 1e6 } else { peak * 1024.0 / 1e6 })
}

/// The processor time of all children so far, in seconds.
fn processor_of_children() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
