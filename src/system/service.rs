//! A service of the system under test.

use std::sync::Arc;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{CommandSpec, Exit, Processes, Ready};
use crate::event::{Failure, ServiceLog};
use crate::value::Redactor;

/// What a service is, evaluated.
#[derive(Debug, Clone)]
pub struct ServiceSpec {
    /// Its name in the scenarios.
    pub name: Arc<str>,
    /// `http`, `grpc`.
    pub protocol: Arc<str>,
    /// `start`; none for a service `at` an address.
    pub start: Option<CommandSpec>,
    /// With scheme: where it listens, or the `at` address.
    pub url: String,
    /// The host it listens on.
    pub host: String,
    /// The port it listens on.
    pub port: u16,
    /// How it shows that it is ready.
    pub ready: Ready,
    /// How long that may take; [`ServiceSpec::READY_WITHIN`] unless it says so.
    pub ready_within: Duration,
    /// `log json`: lines that are JSON objects give their fields to the records of `.log`.
    pub json_log: bool,
    /// How long it may take to end after SIGTERM; [`ServiceSpec::STOP_GRACE`] unless it says so.
    pub stop_grace: Duration,
}

impl ServiceSpec {
    /// The default of `ready … within`.
    pub const READY_WITHIN: Duration = Duration::from_secs(30);
    /// The default time between SIGTERM and SIGKILL.
    pub const STOP_GRACE: Duration = Duration::from_secs(5);
}

/// A service: one that the run started and watches, or one `at` an address.
#[derive(Debug)]
pub struct Service {}

impl Service {
    /// Starts the process, when there is one to start; does not wait until it is ready.
    pub async fn spawn(_: ServiceSpec, _: &Processes, _: &Redactor) -> Result<Arc<Service>, Failure> {
        unimplemented!()
    }
    /// Waits until it is ready; how long that took since its start. A service that does not become
    /// ready is ended.
    pub async fn ready(&self) -> Result<Duration, Failure> {
        unimplemented!()
    }
    /// Starts it and waits until it is ready.
    pub async fn start(_: ServiceSpec, _: &Processes, _: &Redactor) -> Result<Arc<Service>, Failure> {
        unimplemented!()
    }
    /// What it is.
    pub fn spec(&self) -> &ServiceSpec {
        unimplemented!()
    }
    /// Whether the run started it, so that it can be killed and restarted.
    pub fn is_ours(&self) -> bool {
        unimplemented!()
    }
    /// Its process, when it runs and is ours.
    pub fn pid(&self) -> Option<u32> {
        unimplemented!()
    }
    /// Whether it runs; a service `at` an address always does.
    pub fn is_running(&self) -> bool {
        unimplemented!()
    }
    /// Ends when it is down by an exit that nobody asked for, at once when it already is; never
    /// for a service `at` an address.
    pub async fn unexpected_exit(&self) -> Exit {
        unimplemented!()
    }
    /// The failure that says so, with its last lines.
    pub fn exit_failure(&self, _: Exit) -> Failure {
        unimplemented!()
    }
    /// Its last lines, masked, for a report.
    pub fn tail(&self, _: usize) -> ServiceLog {
        unimplemented!()
    }
    /// How many of its oldest log lines are gone: `.log` is then no longer complete, and an
    /// expectation about it cannot be judged.
    pub fn log_dropped(&self) -> u64 {
        unimplemented!()
    }
    /// Ends it at once with a signal, SIGKILL as a rule.
    pub async fn kill(&self, _: Signal) -> Result<Exit, String> {
        unimplemented!()
    }
    /// Ends it by SIGTERM, and by SIGKILL after the grace. Nothing happens when it is down.
    pub async fn stop(&self, _: Option<Duration>) -> Option<Exit> {
        unimplemented!()
    }
    /// Stops it if it runs, starts it again and waits until it is ready.
    pub async fn restart(&self, _: Option<Duration>) -> Result<(), Failure> {
        unimplemented!()
    }
    /// Starts it again after it was killed or stopped, and waits until it is ready.
    pub async fn start_again(&self) -> Result<(), Failure> {
        unimplemented!()
    }
    /// Stops it from running with SIGSTOP.
    pub fn pause(&self) -> Result<(), String> {
        unimplemented!()
    }
    /// Lets it run on with SIGCONT.
    pub fn resume(&self) -> Result<(), String> {
        unimplemented!()
    }
}
