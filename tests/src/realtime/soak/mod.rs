//! The soak of faults: members of one channel on several servers, and random faults of the network,
//! the processes and what keeps the channel. Everybody checks the promises.

mod book;
mod faults;
mod member;

use std::slice;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::json;

use crate::client::Request;
use crate::engine::Engine;
use crate::processes::Process;
use crate::server::Server;

pub use book::Counts;
pub use faults::{Fault, Faults, Random};

use book::Book;
use member::Member;

/// The parameter of the channel, which is `soak/[id]` of the test project.
pub const ID: &str = "everyone";

/// The messages that the channel keeps.
const KEPT: usize = 500;

/// Messages that a page publishes at a time.
const BURST: u64 = 20;

/// Deliveries that may be outstanding before publishers pause. A process that is gone for longer
/// than the history holds makes gaps, which show less than a whole resume.
const AHEAD: u64 = 6000;

/// The time in which all members have everything after the last fault.
const RECOVERY: Duration = Duration::from_secs(60);

/// A pause of something that has to wait for another process.
const PAUSE: Duration = Duration::from_millis(20);

/// How to soak.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The beginning of all random numbers.
    pub seed: u64,
    /// The number of members.
    pub members: usize,
    /// The deliveries after which it may end.
    pub deliveries: u64,
    /// The faults that happen.
    pub faults: Faults,
    /// The number of faults before which it does not end.
    pub rounds: usize,
}

/// Where a soak meets its site. After a fault it may be another server.
pub trait Place: Sync {
    /// The server, which may have ended.
    fn server(&self) -> Arc<Server>;
}

impl Place for Process<'_> {
    fn server(&self) -> Arc<Server> {
        Process::server(self)
    }
}

/// What the threads share.
struct Shared<'s> {
    places: &'s [&'s dyn Place],
    book: Mutex<Book>,
    /// No more faults, and no more messages.
    is_over: AtomicBool,
    /// The position of the last message of all, once it is published.
    last: Mutex<Option<String>>,
    delivered: AtomicU64,
    published: AtomicU64,
    /// The members that have joined.
    joined: AtomicUsize,
}

impl Shared<'_> {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::SeqCst)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn last(&self) -> Option<String> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Soaks processes that share an engine, until the plan is fulfilled. A broken promise is an error.
pub fn soak(engine: &Engine, processes: &[Process<'_>], plan: &Plan) -> Result<Counts> {
    let places: Vec<&dyn Place> = processes.iter().map(|process| process as &dyn Place).collect();
    soak_at(&places, &faults::of_engine(engine, processes, plan.faults), plan)
}

/// The same anywhere, with these faults. Each of them ends when everything works again.
pub fn soak_at(places: &[&dyn Place], faults: &[Fault<'_>], plan: &Plan) -> Result<Counts> {
    let shared = Shared {
        places,
        book: Mutex::new(Book::default()),
        is_over: AtomicBool::new(false),
        last: Mutex::new(None),
        delivered: AtomicU64::new(0),
        published: AtomicU64::new(0),
        joined: AtomicUsize::new(0),
    };
    let shared = &shared;
    let faulty = thread::scope(|scope| -> Result<()> {
        let members: Vec<_> = (0..plan.members)
            .map(|index| scope.spawn(move || Member::new(shared, plan.seed, index).run()))
            .collect();
        let publishers: Vec<_> = (0..places.len())
            .map(|index| scope.spawn(move || publish(shared, index, plan.members)))
            .collect();
        let outcome = faults::run(faults, shared, plan);
        shared.is_over.store(true, Ordering::SeqCst);
        for publisher in publishers {
            publisher.join().map_err(|_| anyhow!("a publisher panicked"))?;
        }
        let last = outcome.and_then(|()| last_of_all(shared));
        // Without a last message the members give up.
        let deadline = if last.is_ok() { RECOVERY } else { Duration::ZERO };
        shared.book().deadline = Some(Instant::now() + deadline);
        for member in members {
            member.join().map_err(|_| anyhow!("a member panicked"))?;
        }
        last
    });
    let book = shared.book();
    let failures = book.failures(plan.faults == Faults::OfEverything);
    if !failures.is_empty() {
        let printed: Vec<String> = places.iter().map(|place| place.server().to_string()).collect();
        bail!(
            "the seed {} breaks promises:\n{}\n{}",
            plan.seed,
            failures.join("\n"),
            printed.join("\n")
        );
    }
    faulty?;
    Ok(book.counts())
}

/// What became of a message of a page.
#[derive(Deserialize)]
#[serde(untagged)]
enum Attempt {
    Done { position: String },
    Failed { code: String },
}

/// Publishes from the pages of one process.
fn publish(shared: &Shared<'_>, index: usize, members: usize) {
    let mut number = 0;
    // Nobody delivers what is missing in gaps.
    let mut undelivered = 0;
    while !shared.is_over() {
        let due = shared.published.load(Ordering::Relaxed) * members as u64;
        // What nobody hears, nobody can check.
        let has_begun = shared.joined.load(Ordering::SeqCst) == members;
        if !has_begun {
            thread::sleep(PAUSE);
            continue;
        }
        if due > shared.delivered.load(Ordering::Relaxed) + AHEAD + undelivered {
            thread::sleep(PAUSE);
            undelivered += members as u64 / 2;
            continue;
        }
        let texts: Vec<String> =
            (number..number + BURST).map(|number| format!("page {index} {number}")).collect();
        number += BURST;
        match attempt(&shared.places[index].server(), &texts) {
            Ok(attempts) => {
                let mut book = shared.book();
                for (text, attempt) in texts.into_iter().zip(attempts) {
                    match attempt {
                        Attempt::Done { position } => {
                            shared.published.fetch_add(1, Ordering::Relaxed);
                            book.published(text, position);
                        }
                        Attempt::Failed { code } => book.not_published(text, &code),
                    }
                }
            }
            // The process is gone, and what it did is unknown.
            Err(_) => thread::sleep(PAUSE),
        }
    }
}

fn attempt(server: &Server, texts: &[String]) -> Result<Vec<Attempt>> {
    let body = json!({ "room": ID, "texts": texts }).to_string();
    let response = server.fetch(&Request::post("/realtime/burst", &body))?;
    serde_json::from_slice(&response.body).with_context(|| response.to_string())
}

/// Publishes the last message, once the engine is there again.
fn last_of_all(shared: &Shared<'_>) -> Result<()> {
    let deadline = Instant::now() + RECOVERY;
    for number in 0.. {
        let text = format!("the last {number}");
        let server = shared.places[number % shared.places.len()].server();
        let attempts = attempt(&server, slice::from_ref(&text));
        if let Ok([Attempt::Done { position }]) = attempts.as_deref() {
            shared.book().published(text, position.clone());
            *shared.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(position.clone());
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("nothing can be published {RECOVERY:?} after the last fault\n{server}");
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}
