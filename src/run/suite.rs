//! Suites of other runners: run, read and counted in.

use std::path::PathBuf;
use std::time::Duration;

use crate::event::{Failure, SuiteTest};
use crate::system::{CommandSpec, Processes};
use crate::value::Redactor;

/// How a suite's results are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reads {
    /// `reads gotest`: the output of `go test -json`.
    GoTest,
    /// `reads nextest`: the output of `cargo nextest run --message-format libtest-json`.
    Nextest,
    /// `reads cargo`: the plain output of `cargo test`.
    Cargo,
    /// `reads junit "path"`: a JUnit XML file, or a directory of them, that the command writes.
    Junit {
        /// From the command's directory.
        path: PathBuf,
    },
}

/// What a suite came to.
#[derive(Debug, Clone, PartialEq)]
pub struct SuiteResult {
    /// Its tests in the order in which they ended.
    pub tests: Vec<SuiteTest>,
    /// Why it failed as a whole: no test ran, the report is unreadable, the runner crashed. A suite
    /// with a failed test has failed too, without this.
    pub failure: Option<Failure>,
    /// How long it took.
    pub took: Duration,
}

/// Runs a suite and reads its results. Dropping the future ends its processes.
pub async fn run_suite(
    _name: &str,
    _command: &CommandSpec,
    _reads: &Reads,
    _within: Duration,
    _processes: &Processes,
    _redactor: &Redactor,
) -> SuiteResult {
    unimplemented!()
}
