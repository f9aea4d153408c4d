//! The run: from a plan to events. `dispatch` owns it; `stage` and `scenario` give it its order;
//! `statement`, `expect`, `eval`, `judge`, `call`, `pattern` and `request` execute the tree;
//! `world` and `service` are what scenarios share; `record` shows events to the reporters.

mod ahead;
mod assemble;
mod breach;
mod call;
mod catalog;
mod cleanup;
mod contract;
mod coverage;
mod cut;
mod cx;
mod dispatch;
mod double;
mod draw;
mod env;
mod eval;
mod eventually;
mod expect;
mod flow;
mod forall;
mod idempotent;
mod inputs;
mod judge;
mod link;
mod model;
mod module;
mod moments;
mod next;
mod observe;
mod path;
mod pattern;
mod promised;
mod record;
mod relate;
mod request;
mod scenario;
mod service;
mod shapes;
mod silence;
mod stage;
mod statement;
pub mod suite;
mod under;
mod unjudged;
pub mod values;
mod wait;
mod wanted;
mod workload;
mod world;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::check::Plan;
use crate::event::{EventKind, Exit, Reporter};
use crate::lang::Registry;
use crate::value::{Redactor, Stopwatch};

pub use dispatch::TIMEOUT;
pub use wanted::{Candidate, Wanted};

/// What the command line decides about a run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Indexes into `plan.scenarios`, in order.
    pub selected: Vec<usize>,
    /// Which of their cases and combinations; all without it.
    pub wanted: Option<Wanted>,
    /// Whether the suites of stages run too, as far as their stage is selected in whole.
    pub suites: bool,
    /// How many scenarios the selection leaves out.
    pub deselected: usize,
    /// `--seed`; otherwise the plan's, otherwise 0.
    pub seed: Option<u64>,
    /// How many scenarios run at the same time; at least one.
    pub jobs: usize,
    /// `--env`
    pub environment: Option<String>,
    /// `--set` and the env file, by input name.
    pub inputs: BTreeMap<String, String>,
    /// How long a scenario may take that says nothing of it.
    pub timeout: Duration,
    /// Whether the first failure ends the run.
    pub fail_fast: bool,
    /// How many cases properties have.
    pub cases: Cases,
    /// `--probe`: the one probe of `idempotent`s that runs; all without it.
    pub probe: Option<String>,
    /// The words that repeat the run.
    pub command: Vec<String>,
    /// Where paths on the command line start from.
    pub root: PathBuf,
    /// What `check` warned of.
    pub warnings: Vec<EventKind>,
}

/// What the command line decides about properties.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cases {
    /// `--cases`: how many cases each has, whatever it says itself.
    pub number: Option<u32>,
    /// `--case`: the one that comes first, counted from 1.
    pub first: Option<u32>,
}

/// Room for the deepest nesting of actions, shapes and expressions that the limits admit, in bytes.
/// Only what is touched takes memory.
const STACK: usize = 256 << 20;

/// Runs a plan to its end and shows every event to the reporters. Blocks; owns the runtime and
/// the signals.
pub fn run(
    plan: Arc<Plan>,
    registry: Arc<Registry>,
    options: Options,
    mut reporters: Vec<Box<dyn Reporter>>,
) -> Exit {
    // The provider of TLS is the program's; a second installation is harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build() {
            Ok(runtime) => runtime,
            Err(_) => return Exit::Environment,
        };
    let redactor = Redactor::default();
    // What stands in the text and looks like a secret passes for one.
    redactor.register_all(plan.program.sources.concealed());
    let (events, receiver) = world::EventSender::new();
    let masks = redactor.clone();
    let stopwatch = Stopwatch::start();
    let recorder = std::thread::spawn(move || record::record(stopwatch, receiver, &masks, &mut reporters));
    // On a thread of the runtime, whose stack is as deep as actions may call each other.
    let dispatched = runtime.spawn(dispatch::dispatch(plan, registry, options, stopwatch, events, redactor));
    let exit = runtime.block_on(dispatched).unwrap_or(Exit::Environment);
    // Ends every task that still holds a sender, so that the recorder sees the end.
    runtime.shutdown_timeout(Duration::from_secs(5));
    match recorder.join() {
        Ok(()) => exit,
        Err(_) => Exit::Environment,
    }
}
