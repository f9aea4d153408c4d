//! What a run is told, and its entry.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::check::Plan;
use crate::cli::Exit;
use crate::event;
use crate::lang::Registry;
use crate::report::Reporter;

/// What a run is told from outside.
#[derive(Debug, Clone)]
pub struct Options {
    /// Indexes in [`Plan::scenarios`], in order.
    pub selected: Vec<usize>,
    /// How many were left out.
    pub deselected: usize,
    /// The seed, unless the plan's own is to be used.
    pub seed: Option<u64>,
    /// How many scenarios run at the same time.
    pub jobs: usize,
    /// `--env`
    pub environment: Option<String>,
    /// `--set` and the env file, by the name of the input.
    pub inputs: BTreeMap<String, String>,
    /// The timeout of scenarios that name none.
    pub timeout: Duration,
    /// Stop at the first failure.
    pub fail_fast: bool,
    /// The words that repeat the run.
    pub command: Vec<String>,
    /// The directory in which scn was called.
    pub root: PathBuf,
    /// The warnings of `check`, for the reports.
    pub warnings: Vec<event::EventKind>,
}

/// Runs the selected scenarios. Blocks; owns the runtime and the signals.
pub fn run(
    _plan: Arc<Plan>,
    _registry: Arc<Registry>,
    _options: Options,
    _reporters: Vec<Box<dyn Reporter>>,
) -> Exit {
    Exit::Environment
}
