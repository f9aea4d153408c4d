//! The event stream: everything a run says, versioned. Reporters see these and nothing else, so a
//! replay prints what the run printed. Texts in events are masked by the dispatcher before anyone
//! sees them.

mod brief;
mod coverage;
mod exit;
mod reporter;
mod summary;

use serde::{Deserialize, Serialize};

pub use coverage::{Coverage, Covered, Element, ElementKind, Touched};
pub use exit::{Exit, TABLE as EXITS};
pub use reporter::Reporter;
pub use summary::Summary;

/// The version of the format; grows when a reader of the old one would misread the new one.
pub const FORMAT: u32 = 1;

/// The fields of events whose texts are words of the format: data never stands in them.
pub const WORDS: &[&str] = &["event", "is", "detail", "kind", "outcome", "code"];

/// One event. In a JSON-lines file, one a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Counts from 0 without gaps.
    pub seq: u64,
    /// Microseconds since the run began, monotonic.
    pub at: u64,
    /// What happened.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// First of all events.
    RunStarted {
        /// [`FORMAT`].
        format: u32,
        /// The version of scn.
        version: String,
        /// The seed of all drawn data.
        seed: u64,
        /// How many scenarios run at the same time.
        jobs: usize,
        /// How many scenarios (each case one) will run.
        scenarios: usize,
        /// How many were left out by the selection.
        deselected: usize,
        /// `--env`, when given.
        environment: Option<String>,
        /// The words that repeat the run: `scn run scenarios --seed 42`.
        command: Vec<String>,
        /// Wall-clock time, RFC 3339 in UTC.
        started_at: String,
    },
    /// A warning of `check`, rendered as `file:line:column: message`.
    Warning {
        /// Its code.
        code: String,
        /// What it says.
        message: String,
        /// Where.
        place: Option<Place>,
    },
    /// A service's `build` began.
    ServiceBuilding {
        /// Which.
        service: String,
    },
    /// A service was started.
    ServiceStarted {
        /// Which.
        service: String,
        /// Where it listens.
        address: String,
        /// Its process, when the runner started it.
        pid: Option<u32>,
        /// How long its build took, in microseconds.
        build_us: u64,
    },
    /// A service answered its readiness check.
    ServiceReady {
        /// Which.
        service: String,
        /// How long after its start, in microseconds.
        took_us: u64,
    },
    /// A service could not be built, started or did not become ready.
    ServiceFailed {
        /// Which.
        service: String,
        /// Why.
        failure: Failure,
    },
    /// A service ended.
    ServiceExited {
        /// Which.
        service: String,
        /// `exit status 0`, `killed by SIGKILL`.
        status: String,
        /// Whether the runner asked for it.
        expected: bool,
    },
    /// A stage began.
    StageStarted {
        /// Its name; empty for the scenarios without one.
        stage: String,
        /// How many scenarios it has.
        scenarios: usize,
    },
    /// A stage ended.
    StageFinished {
        /// Its name.
        stage: String,
        /// Its gates.
        gates: Vec<Gate>,
        /// What its `on failure` and `finally` blocks failed with.
        failures: Vec<Failure>,
    },
    /// A stage did not run.
    StageSkipped {
        /// Its name.
        stage: String,
        /// Why.
        why: String,
        /// How many scenarios did not run with it.
        scenarios: usize,
    },
    /// Another runner's suite began.
    SuiteStarted {
        /// Its stage.
        stage: String,
        /// Its name.
        suite: String,
    },
    /// Another runner's suite ended.
    SuiteFinished {
        /// Its stage.
        stage: String,
        /// Its name.
        suite: String,
        /// Its tests, one by one.
        tests: Vec<SuiteTest>,
        /// Why it failed as a whole: no test ran, the report is unreadable, the runner crashed.
        failure: Option<Failure>,
        /// How long it took.
        took_us: u64,
    },
    /// A scenario began.
    ScenarioStarted {
        /// Names it in the events that follow.
        id: u32,
        /// Who it is.
        scenario: ScenarioInfo,
        /// 1 for the first try.
        attempt: u32,
    },
    /// A step began.
    StepStarted {
        /// The scenario.
        id: u32,
        /// Its title.
        title: String,
    },
    /// A request was answered or failed.
    Requested {
        /// The scenario; `None` in stage hooks and run fixtures.
        id: Option<u32>,
        /// Where it is written.
        place: Place,
        /// What was sent and what came back.
        exchange: Exchange,
        /// What it exercised of the contract of its service, when that has one and something came
        /// back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        touched: Option<Touched>,
    },
    /// A fault hit a message, a connection or a process.
    Faulted {
        /// The scenario.
        id: Option<u32>,
        /// Where the fault is written.
        place: Place,
        /// What was hit: `orders -> ledger`, or the service whose process it was.
        link: String,
        /// The fault as written: `lost_response(first: 1)`.
        fault: String,
        /// `POST /v1/orders`, `Post`, `connection`, or `process`.
        message: String,
        /// Which one, from 1, among those that fit the fault.
        index: u64,
    },
    /// What the messages of a stream exercised, told when its scenario ends; or the first requests of a
    /// workload at some place.
    StreamCounted {
        /// The scenario.
        id: Option<u32>,
        /// What it was.
        touched: Touched,
    },
    /// What there is to exercise of a service's contract; comes before the first stage.
    ContractCounted {
        /// The service that declares the contract.
        service: String,
        /// Its elements; others name them by their index.
        elements: Vec<Element>,
    },
    /// An expectation was judged.
    Expected {
        /// The scenario.
        id: u32,
        /// Where it is written.
        place: Place,
        /// Whether it holds.
        holds: bool,
    },
    /// A probe of an `idempotent` was over.
    Probed {
        /// The scenario.
        id: u32,
        /// Where the probe is written, or the profile named that has it.
        place: Place,
        /// Its name, such as `replay`, with its number when there are several: `replay#2`.
        probe: String,
        /// How the operation took it.
        outcome: ProbeOutcome,
        /// How many requests it sent.
        attempts: u32,
        /// How long it took, in microseconds.
        took_us: u64,
    },
    /// A workload is under way; told now and then.
    Loading {
        /// The scenario.
        id: Option<u32>,
        /// Its name.
        workload: String,
        /// How many operations began.
        started: u64,
        /// How many succeeded.
        ok: u64,
        /// How many failed or timed out.
        failed: u64,
        /// How many were due and did not begin.
        dropped: u64,
        /// Microseconds since what counts began.
        elapsed_us: u64,
    },
    /// A workload is over.
    Loaded {
        /// The scenario.
        id: Option<u32>,
        /// Where it is written.
        place: Place,
        /// Its figures; of several operations, those of each follow.
        figures: Vec<LoadFigures>,
        /// What operations failed with, by class.
        failures: Vec<LoadClass>,
        /// How many operations warmed up, and are in no figure.
        warm_up: u64,
        /// How many of them failed.
        #[serde(default)]
        warm_up_failed: u64,
        /// Why nothing is known of the figures of time: the runner did not keep up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unsound: Option<String>,
    },
    /// `show EXPR`.
    Shown {
        /// The scenario.
        id: Option<u32>,
        /// Where it is written.
        place: Place,
        /// The expression as written.
        expression: String,
        /// Its value.
        value: String,
    },
    /// A scenario ended; with retries, one of its attempts.
    ScenarioFinished {
        /// Which.
        id: u32,
        /// Who it is.
        scenario: ScenarioInfo,
        /// 1 for the first try.
        attempt: u32,
        /// Whether another attempt follows.
        retried: bool,
        /// How it went.
        outcome: Outcome,
        /// Every failure, cleanup's last.
        failures: Vec<Failure>,
        /// How long it took, cleanup included.
        took_us: u64,
        /// How many expectations were judged.
        expectations: u32,
        /// How many requests were made.
        requests: u32,
    },
    /// The run was told to stop.
    Interrupted,
    /// Last of all events.
    RunFinished {
        /// How many scenarios ended how.
        summary: Summary,
        /// Failures of no scenario: run fixtures, hooks, the environment.
        failures: Vec<Failure>,
        /// The exit code.
        exit: u8,
        /// How long it took.
        took_us: u64,
    },
}

/// Who a scenario is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScenarioInfo {
    /// Its title.
    pub title: String,
    /// Its combination and case, such as `mode: fast, case 2 of 3` with the case's values; empty
    /// without a matrix and cases.
    pub case: String,
    /// What names it among the others of its scenario, as `--only case:…` reads it; empty when
    /// there are no others.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub instance: String,
    /// The file as it was named.
    pub file: String,
    /// The line of its title.
    pub line: u32,
    /// Its stage; empty without one.
    pub stage: String,
    /// `@tags`.
    pub tags: Vec<String>,
    /// `@owner`.
    pub owner: Option<String>,
    /// The first line of its doc.
    pub doc: Option<String>,
}

/// How a scenario went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Outcome {
    /// All it says holds.
    Passed,
    /// It failed before, and passed on a later attempt.
    Flaky,
    /// Something it says does not hold.
    Failed,
    /// It failed or came to nothing certain, and `@quarantine` keeps that from failing the run.
    Quarantined {
        /// The issue that the attribute names.
        issue: String,
    },
    /// It did not run.
    Skipped {
        /// Why.
        why: String,
    },
    /// What it says can neither be shown nor refuted.
    Inconclusive,
    /// The environment failed before it could say anything.
    Broken,
    /// The run was interrupted.
    Interrupted,
}

/// The figures of a workload, or of one operation in its mix. `scheduled` is `started` and
/// `dropped`; `started` is `ok`, `failed`, `timed_out` and `in_flight`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadFigures {
    /// Its name.
    pub name: String,
    /// How many operations were due.
    pub scheduled: u64,
    /// How many began.
    pub started: u64,
    /// How many succeeded.
    pub ok: u64,
    /// How many failed, the rejected ones included.
    pub failed: u64,
    /// How many a `rejected when` ended.
    pub rejected: u64,
    /// How many got no answer in time.
    pub timed_out: u64,
    /// How many had not ended when the workload was over.
    pub in_flight: u64,
    /// How many were due while too many were under way.
    pub dropped: u64,
    /// How long the load lasted, in microseconds.
    pub elapsed_us: u64,
    /// The longest time without a success, in microseconds.
    pub longest_gap_us: u64,
    /// `p50 p90 p99 p999 max mean` since the operations were due, in microseconds; empty when none
    /// was answered.
    pub times_us: Vec<(String, u64)>,
    /// The same since they really began.
    pub service_us: Vec<(String, u64)>,
}

/// Operations of a workload that failed alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadClass {
    /// The operation.
    pub operation: String,
    /// How many.
    pub count: u64,
    /// What the first of them failed with.
    pub message: String,
}

/// How an operation took a probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProbeOutcome {
    /// It survived: the answers and the effect are as they must be.
    Survived,
    /// It did not.
    Failed,
    /// The attack did not come about, so that nothing is known.
    Inconclusive,
}

/// One test of another runner's suite.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuiteTest {
    /// Its name there.
    pub name: String,
    /// `passed`, `failed` or `skipped`.
    pub outcome: SuiteOutcome,
    /// Its output, when it failed.
    pub output: String,
}

/// How another runner's test went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuiteOutcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It did not run.
    Skipped,
}

/// A stage's condition and whether it held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// As written: `pass_rate >= 99%`.
    pub condition: String,
    /// The values of its parts.
    pub values: Vec<Detail>,
    /// Whether it held.
    pub held: bool,
}

/// A place in a source file, with the lines that show it, so that a replay needs no sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The file as it was named.
    pub file: String,
    /// 1-based.
    pub line: u32,
    /// 1-based, in characters.
    pub column: u32,
    /// How many characters are meant, on the first line.
    pub width: u32,
    /// The lines it covers, at most eight; empty where nobody will show them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
}

/// Something that went wrong, complete: a reader needs nothing else to understand it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Its code, for `scn explain`.
    pub code: String,
    /// One line.
    pub message: String,
    /// Where it is written.
    pub place: Option<Place>,
    /// What is said under the place.
    pub label: String,
    /// The titles of the steps around it, outermost first.
    pub steps: Vec<String>,
    /// What shows it.
    pub details: Vec<Detail>,
    /// `because "…"`.
    pub because: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// The request it speaks of.
    pub exchange: Option<Box<Exchange>>,
    /// The last lines of the services concerned.
    pub logs: Vec<ServiceLog>,
    /// The command line that repeats it.
    pub repeat: Option<String>,
}

impl Failure {
    /// A failure with nothing but its code and message.
    pub fn new(code: &str, message: impl Into<String>) -> Failure {
        Failure {
            code: code.to_owned(),
            message: message.into(),
            place: None,
            label: String::new(),
            steps: Vec::new(),
            details: Vec::new(),
            because: None,
            help: None,
            exchange: None,
            logs: Vec::new(),
            repeat: None,
        }
    }
}

/// One thing that shows a failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "detail", rename_all = "snake_case")]
pub enum Detail {
    /// What a part of the expression was: `body.total` is `60.00`.
    Value {
        /// The part as written.
        expression: String,
        /// Its value.
        value: String,
    },
    /// A path at which a pattern does not fit.
    Difference {
        /// From the subject: `.lines[0].qty`; empty for the subject itself.
        path: String,
        /// What should be there.
        expected: String,
        /// What is there.
        actual: String,
    },
    /// An attempt of an `eventually` or `within`.
    Attempt {
        /// Counts from 1.
        number: u32,
        /// Microseconds after the first.
        at_us: u64,
        /// How it went.
        text: String,
    },
    /// A moment of the timeline: a request, or a fault that hit something.
    Moment {
        /// Microseconds after the scenario began.
        at_us: u64,
        /// Whether a fault hit something.
        hit: bool,
        /// What happened.
        text: String,
    },
    /// A sentence.
    Note {
        /// Lower case, no full stop.
        text: String,
    },
    /// Lines under a heading, such as the end of a build.
    Lines {
        /// The heading.
        title: String,
        /// The lines.
        lines: Vec<String>,
    },
}

/// The last lines of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLog {
    /// Which.
    pub service: String,
    /// The lines, oldest first.
    pub lines: Vec<String>,
    /// How many older ones there were.
    pub left_out: usize,
}

/// A request and what came back, as texts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// `http`, `grpc`, `exec`.
    pub protocol: String,
    /// The service's name, when it has one.
    pub service: Option<String>,
    /// On one line: `POST http://127.0.0.1:4100/v1/orders`, `call ledger.v1.Ledger/GetEntry`.
    pub request: String,
    /// Headers or metadata that were sent.
    pub request_headers: Vec<(String, String)>,
    /// The body or message that was sent, as text, cut at [`BODY_LIMIT`].
    pub request_body: String,
    /// On one line: `201 Created`, `NOT_FOUND: no such order`, `exit 1`; the error without a response.
    pub response: String,
    /// Headers or metadata that came back.
    pub response_headers: Vec<(String, String)>,
    /// The body or message that came back, as text, cut at [`BODY_LIMIT`].
    pub response_body: String,
    /// Trailers.
    pub trailers: Vec<(String, String)>,
    /// A shell line that sends the same: `curl …`, `grpcurl …`.
    pub shell: String,
    /// Microseconds: name and value of each phase, `total` last.
    pub phases: Vec<(String, u64)>,
}

/// Bodies in events are cut at this many bytes.
pub const BODY_LIMIT: usize = 16 * 1024;
