//! Suites of other runners: run, read and counted in.
//!
//! A suite passes when its runner exits with 0 and its results, complete and readable, count at
//! least one test that ran. Everything else is a failure of the suite, beside its failed tests.

mod cargo;
mod gotest;
mod junit;
mod libtest;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::diag::Code;
use crate::event::{Detail, Failure, SuiteOutcome, SuiteTest};
use crate::system::{
    CommandSpec, Exit, LineReader, Log, Process, ProcessSpec, Processes, Stream, last_lines,
};
use crate::value::{Redactor, Value, show};

/// How many of the runner's last lines a failure shows.
const SHOWN: usize = 40;

/// Of a failed test's output this much is kept, the end.
const OUTPUT: usize = 16 * 1024;

/// Longer lines of results are no results.
const LINE: usize = 4 * 1024 * 1024;

/// How long a runner that took too long may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(3);

/// How long output may still come after the end of the runner.
const AFTER_END: Duration = Duration::from_secs(1);

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

impl SuiteResult {
    /// Whether it passed: at least one test, none of them failed, and nothing else went wrong.
    pub fn passed(&self) -> bool {
        self.failure.is_none() && self.tests.iter().all(|test| test.outcome != SuiteOutcome::Failed)
    }
}

/// What a reader made of the results.
#[derive(Debug, Default, PartialEq, Eq)]
struct Findings {
    tests: Vec<SuiteTest>,
    /// Why the results cannot be trusted: malformed, cut off, at odds with themselves.
    broken: Option<String>,
    /// What to do about that.
    help: Option<String>,
}

/// Reads the lines that a runner writes to standard output.
trait Reader: Send {
    fn line(&mut self, line: &str);
    fn finish(self: Box<Self>) -> Findings;
}

/// Runs a suite and reads its results. Dropping the future ends its processes.
pub async fn run_suite(
    name: &str,
    command: &CommandSpec,
    reads: &Reads,
    within: Duration,
    processes: &Processes,
    redactor: &Redactor,
) -> SuiteResult {
    let began = Instant::now();
    let before = match reads {
        Reads::Junit { path } => Some(junit::Files::before(command.dir.join(path))),
        _ => None,
    };
    let mut spec = ProcessSpec::from(command);
    if *reads == Reads::Nextest {
        // Nextest calls its machine-readable output experimental and wants to be asked for it.
        spec.env.push(("NEXTEST_EXPERIMENTAL_LIBTEST_JSON".to_owned(), "1".to_owned()));
    }
    let mut process = match processes.spawn(&spec) {
        Ok(process) => process,
        Err(error) => {
            let message = format!("the suite `{name}` does not start: {}", error.message);
            let failure = Failure { help: error.help, ..Failure::new(Code::SUITE.name, message) };
            return SuiteResult { tests: Vec::new(), failure: Some(failure), took: began.elapsed() };
        }
    };
    let log = Arc::new(Log::new(false, watch::Sender::new(0)));
    let mut reader: Option<Box<dyn Reader>> = match reads {
        Reads::GoTest => Some(Box::<gotest::GoTest>::default()),
        Reads::Nextest => Some(Box::<libtest::Libtest>::default()),
        Reads::Cargo => Some(Box::<cargo::Cargo>::default()),
        Reads::Junit { .. } => None,
    };
    let exit = gather(&mut process, &mut reader, &log, began + within, processes).await;
    let mut findings = match (reader, before) {
        (Some(reader), _) => reader.finish(),
        (None, Some(files)) => files.read(),
        (None, None) => Findings::default(),
    };
    for test in &mut findings.tests {
        test.output = redactor.mask(&test.output).into_owned();
    }
    let failure = judge(&findings, exit, within).map(|why| {
        let mut failure = Failure::new(Code::SUITE.name, format!("the suite `{name}` {why}"));
        let line = redactor.mask(&command.argv.join(" ")).into_owned();
        failure.details.push(Detail::Note { text: format!("`{line}` in `{}`", command.dir.display()) });
        failure.details.push(last_lines("its last lines", log.tail(SHOWN, redactor)));
        failure.help = findings.help.take();
        failure
    });
    SuiteResult { tests: findings.tests, failure, took: began.elapsed() }
}

/// Why the suite failed as a whole, in the words that follow its name.
fn judge(findings: &Findings, exit: Option<Exit>, within: Duration) -> Option<String> {
    let count = |outcome| findings.tests.iter().filter(|test| test.outcome == outcome).count();
    let (passed, failed, skipped) =
        (count(SuiteOutcome::Passed), count(SuiteOutcome::Failed), count(SuiteOutcome::Skipped));
    let Some(exit) = exit else {
        return Some(format!("was still running after {}", show(&Value::duration(within))));
    };
    if let Some(broken) = &findings.broken {
        return Some(format!("gave results that cannot be read: {broken} ({exit})"));
    }
    if passed + failed == 0 {
        let skips = if skipped == 0 { String::new() } else { format!(", {skipped} were skipped") };
        return Some(format!("ran no test{skips} ({exit})"));
    }
    if !exit.is_success() && failed == 0 {
        return Some(format!("failed without a failed test: {exit}"));
    }
    None
}

/// Reads until the runner has ended and its pipes are empty; `None` when it took too long.
async fn gather(
    process: &mut Process,
    reader: &mut Option<Box<dyn Reader>>,
    log: &Arc<Log>,
    deadline: Instant,
    processes: &Processes,
) -> Option<Exit> {
    let mut stdout = process.stdout.take().map(|pipe| LineReader::new(pipe, LINE));
    let mut stderr = process.stderr.take().map(|pipe| LineReader::new(pipe, Log::LINE_BYTES));
    let mut ended = std::pin::pin!(process.wait());
    let mut exit = None;
    let mut deadline = deadline;
    loop {
        if exit.is_some() && stdout.is_none() && stderr.is_none() {
            return exit;
        }
        tokio::select! {
            biased;
            now = &mut ended, if exit.is_none() => {
                exit = Some(now);
                deadline = Instant::now() + AFTER_END;
            }
            () = tokio::time::sleep_until(deadline.into()) => {
                if exit.is_none() {
                    process.terminate(GRACE).await;
                }
                return exit;
            }
            line = next(&mut stdout), if stdout.is_some() => match line {
                Some(line) => {
                    log.push(processes.stopwatch().elapsed(), Stream::Stdout, cut(&line, Log::LINE_BYTES));
                    if let Some(reader) = reader {
                        reader.line(&line);
                    }
                }
                None => stdout = None,
            },
            line = next(&mut stderr), if stderr.is_some() => match line {
                Some(line) => log.push(processes.stopwatch().elapsed(), Stream::Stderr, &line),
                None => stderr = None,
            },
        }
    }
}

async fn next<R: tokio::io::AsyncRead + Unpin>(reader: &mut Option<LineReader<R>>) -> Option<String> {
    reader.as_mut()?.next().await.ok().flatten().map(|line| line.to_text())
}

fn cut(line: &str, limit: usize) -> &str {
    let end = (0..=line.len().min(limit)).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0);
    &line[..end]
}

/// The end of an output, bounded.
#[derive(Debug, Default)]
struct Tail {
    pieces: VecDeque<String>,
    bytes: usize,
    lost: bool,
}

impl Tail {
    fn push(&mut self, piece: &str) {
        let skipped = piece.len().saturating_sub(OUTPUT);
        let start = (skipped..=piece.len()).find(|at| piece.is_char_boundary(*at)).unwrap_or(piece.len());
        self.lost |= start > 0;
        self.bytes += piece.len() - start;
        self.pieces.push_back(piece[start..].to_owned());
        while self.bytes > OUTPUT && self.pieces.len() > 1 {
            let Some(oldest) = self.pieces.pop_front() else { break };
            self.bytes -= oldest.len();
            self.lost = true;
        }
    }

    fn take(self) -> String {
        let text: String = self.pieces.into_iter().collect();
        if self.lost { format!("…{text}") } else { text }
    }
}

#[cfg(test)]
mod tests;
