//! Builds of services: each command once a run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OnceCell, watch};

use super::capture::Capture;
use super::failure::last_lines;
use super::{CommandSpec, Log, ProcessSpec, Processes};
use crate::diag::Code;
use crate::event::{Detail, Failure};
use crate::value::{Redactor, Value, show};

/// How many of a build's last lines a failure shows.
const SHOWN: usize = 40;

/// How long a build may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(3);

type Outcome = Arc<OnceCell<Result<Duration, Failure>>>;

/// The builds of a run. Two services with the same command, directory and environment share one.
#[derive(Debug, Default)]
pub struct Builds {
    done: Mutex<BTreeMap<CommandSpec, Outcome>>,
}

impl Builds {
    /// The default of how long a build may take.
    pub const WITHIN: Duration = Duration::from_secs(600);

    /// Whether the build has run already.
    pub fn is_done(&self, command: &CommandSpec) -> bool {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.get(command).is_some_and(|outcome| outcome.initialized())
    }

    /// Runs the build, or waits for the one that is under way; how long it took. A build that was
    /// dropped while it ran is run by the next one who waits for it.
    pub async fn build(
        &self,
        service: &str,
        command: &CommandSpec,
        within: Duration,
        processes: &Processes,
        redactor: &Redactor,
    ) -> Result<Duration, Failure> {
        let outcome = {
            let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
            done.entry(command.clone()).or_default().clone()
        };
        let result = outcome.get_or_init(|| run(command, within, processes, redactor)).await;
        result.clone().map_err(|failure| Failure {
            message: format!("`{service}` does not build: {}", failure.message),
            ..failure
        })
    }
}

async fn run(
    command: &CommandSpec,
    within: Duration,
    processes: &Processes,
    redactor: &Redactor,
) -> Result<Duration, Failure> {
    let began = Instant::now();
    let line = redactor.mask(&command.argv.join(" ")).into_owned();
    let mut process = processes.spawn(&ProcessSpec::from(command)).map_err(|error| Failure {
        help: error.help,
        ..Failure::new(Code::SERVICE_BUILD.name, error.message)
    })?;
    let log = Arc::new(Log::new(false, watch::Sender::new(0)));
    let mut capture = Capture::start(&mut process, &log, processes);
    let (end, help) = match tokio::time::timeout(within, process.wait()).await {
        Ok(exit) if exit.is_success() => return Ok(began.elapsed()),
        Ok(exit) => (exit.to_string(), None),
        Err(_) => {
            process.terminate(GRACE).await;
            let within = show(&Value::duration(within));
            (
                format!("it was still building after {within}"),
                Some("a build may take longer: `build \"…\" within 20m`".to_owned()),
            )
        }
    };
    capture.finish().await;
    let mut failure = Failure::new(Code::SERVICE_BUILD.name, end);
    failure.details = vec![
        Detail::Note { text: format!("`{line}` in `{}`", command.dir.display()) },
        last_lines("the end of the build", log.tail(SHOWN, redactor)),
    ];
    failure.help = help;
    Err(failure)
}
