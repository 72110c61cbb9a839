//! The command line as something to be measured: how long it takes, and how much memory.

use std::env;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};
use tests::locations::{repository, target};

/// The word with which this program calls itself to run one command and print its peak memory: the kernel only
/// knows the largest of all children of a process.
const PEAK_OF: &str = "peak-of";

/// Brings the binary that is measured up to date.
pub fn compile_xtask() -> Result<()> {
    run_quietly(cargo().args(["build", "--quiet", "--package", "xtask"]))
}

/// That binary, at the root of the repository.
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

/// Whether this process was called by itself to measure another; then it has.
pub fn is_peak_of() -> Result<bool> {
    let Some(program) =
        env::args().nth(2).filter(|_| env::args().nth(1).as_deref() == Some(PEAK_OF))
    else {
        return Ok(false);
    };
    run_quietly(Command::new(program).args(env::args().skip(3)))?;
    println!("{}", peak_of_children()?);
    Ok(true)
}

pub fn median(runs: usize, mut measure: impl FnMut() -> Result<Duration>) -> Result<Duration> {
    measure()?;
    let mut durations = (0..runs).map(|_| measure()).collect::<Result<Vec<Duration>>>()?;
    durations.sort_unstable();
    Ok(durations[runs / 2])
}

/// The wall time of a process that has to succeed.
pub fn time(command: &mut Command) -> Result<Duration> {
    let start = Instant::now();
    run_quietly(command)?;
    Ok(start.elapsed())
}

pub fn run_quietly(command: &mut Command) -> Result<()> {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status();
    let status = status.with_context(|| format!("cannot start {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

/// The largest resident set of a process, in megabytes.
pub fn peak_of(command: &Command) -> Result<f64> {
    let mut measuring = Command::new(env::current_exe()?);
    measuring
        .current_dir(repository())
        .arg(PEAK_OF)
        .arg(command.get_program())
        .args(command.get_args());
    let output = measuring.output()?;
    ensure!(output.status.success(), "{measuring:?} ended with {}", output.status);
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The largest resident set of any child so far, in megabytes.
fn peak_of_children() -> Result<f64> {
    let peak = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss() as f64;
    // Linux counts kilobytes, macOS bytes (getrusage(2)).
    Ok(if cfg!(target_os = "macos") { peak / 1e6 } else { peak * 1024.0 / 1e6 })
}

pub fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
