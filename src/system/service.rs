//! A service of the system under test.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::capture::Capture;
use super::failure::last_lines;
use super::ready::Probe;
use super::{CommandSpec, Exit, ExitRecord, Log, Process, ProcessSpec, Processes, Ready};
use crate::diag::Code;
use crate::event::{Detail, Failure, ServiceLog};
use crate::value::{Redactor, Value, show};

/// How many of a service's last lines a failure shows.
const SHOWN: usize = 40;

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
    /// What is done before it is ended.
    pub farewell: Farewell,
}

/// What is done before a service is ended: whoever speaks to it hangs up, for a database waits for
/// its clients.
#[derive(Clone, Default)]
pub struct Farewell(pub Option<Arc<dyn Fn() + Send + Sync>>);

impl std::fmt::Debug for Farewell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a farewell")
    }
}

impl ServiceSpec {
    /// The default of `ready … within`.
    pub const READY_WITHIN: Duration = Duration::from_secs(30);
    /// The default time between SIGTERM and SIGKILL.
    pub const STOP_GRACE: Duration = Duration::from_secs(5);
}

/// A service: one that the run started and watches, or one `at` an address. Dropping it kills it.
#[derive(Debug)]
pub struct Service {
    pub(super) spec: ServiceSpec,
    processes: Processes,
    redactor: Redactor,
    pub(super) log: Arc<Log>,
    pub(super) version: watch::Sender<u64>,
    state: Mutex<State>,
    /// How it went down, while it is down and nobody asked for it.
    crashed: watch::Sender<Option<Exit>>,
    /// Held by whoever starts or ends it, so that two do not mix.
    turn: tokio::sync::Mutex<()>,
    me: Weak<Service>,
}

#[derive(Debug, Default)]
struct State {
    life: Option<Life>,
    /// Counts its processes.
    lives: u64,
    exits: Vec<ExitRecord>,
}

/// One process of a service.
#[derive(Debug)]
struct Life {
    number: u64,
    process: Arc<Process>,
    capture: Arc<tokio::sync::Mutex<Capture>>,
    began: Instant,
    /// Whether someone has asked it to end.
    ending: bool,
    /// Whether someone has paused it.
    paused: bool,
}

impl Service {
    /// Starts the process, when there is one to start; does not wait until it is ready.
    pub async fn spawn(
        spec: ServiceSpec,
        processes: &Processes,
        redactor: &Redactor,
    ) -> Result<Arc<Service>, Failure> {
        let version = watch::Sender::new(0);
        let service = Arc::new_cyclic(|me| Service {
            log: Arc::new(Log::new(spec.json_log, version.clone())),
            spec,
            processes: processes.clone(),
            redactor: redactor.clone(),
            version,
            state: Mutex::default(),
            crashed: watch::Sender::new(None),
            turn: tokio::sync::Mutex::default(),
            me: me.clone(),
        });
        service.begin().await?;
        Ok(service)
    }

    /// Starts it and waits until it is ready.
    pub async fn start(
        spec: ServiceSpec,
        processes: &Processes,
        redactor: &Redactor,
    ) -> Result<Arc<Service>, Failure> {
        let service = Service::spawn(spec, processes, redactor).await?;
        service.ready().await?;
        Ok(service)
    }

    /// Waits until it is ready; how long that took since its start. A process that ends before, or
    /// is not ready in time, is a failure, and is ended.
    pub async fn ready(&self) -> Result<Duration, Failure> {
        let spec = &self.spec;
        let life = self
            .state()
            .life
            .as_ref()
            .map(|life| (life.process.wait(), life.began, (life.number, life.capture.clone())));
        let (ended, began) = match life {
            Some((ended, began, whose)) => (Some((ended, whose)), began),
            // It can have ended before anyone asked.
            None if self.is_ours() => {
                let ended =
                    self.exits().last().map(|end| format!("it ended before it was ready: {}", end.exit));
                return Err(self.not_started(ended.as_deref().unwrap_or("it is not running")));
            }
            None => (None, Instant::now()),
        };
        let address = (spec.url.as_str(), spec.host.as_str(), spec.port);
        let probe = Probe::new(&spec.ready, address, &self.processes, &self.redactor);
        let mut last = None;
        let ended = async {
            match ended {
                Some((ended, whose)) => (ended.await, whose),
                None => std::future::pending().await,
            }
        };
        let exit = tokio::select! {
            biased;
            exit = ended => Some(exit),
            () = probe.until_ready(|answer| last = Some(answer)) => return Ok(began.elapsed()),
            () = tokio::time::sleep_until((began + spec.ready_within).into()) => None,
        };
        match exit {
            Some((exit, (number, capture))) => {
                capture.lock().await.finish().await;
                self.note_end(number, exit);
                Err(self.not_started(format!("it ended before it was ready: {exit}")))
            }
            None => {
                self.end(Signal::SIGKILL, Duration::ZERO).await;
                let within = show(&Value::duration(spec.ready_within));
                let mut failure = self.not_started(format!("it was not ready within {within}"));
                let answer = last.unwrap_or_else(|| format!("{} was not answered", probe.question()));
                let text = format!("the last answer: {}", self.redactor.mask(&answer));
                failure.details.insert(0, Detail::Note { text });
                failure.help = Some(
                    "give it longer with `ready … within 60s`, or see in its log what it waits for"
                        .to_owned(),
                );
                Err(failure)
            }
        }
    }

    /// What it is.
    pub fn spec(&self) -> &ServiceSpec {
        &self.spec
    }

    /// Whether the run started it, so that it can be killed and restarted.
    pub fn is_ours(&self) -> bool {
        self.spec.start.is_some()
    }

    /// Its process, when it runs and is ours.
    pub fn pid(&self) -> Option<u32> {
        self.state().life.as_ref().map(|life| life.process.pid())
    }

    /// Whether it runs; a service `at` an address always does.
    pub fn is_running(&self) -> bool {
        !self.is_ours() || self.state().life.is_some()
    }

    /// Whether someone has asked its process to end, and it has not ended yet.
    pub fn is_ending(&self) -> bool {
        self.state().life.as_ref().is_some_and(|life| life.ending)
    }

    /// Every end it has had, oldest first.
    pub fn exits(&self) -> Vec<ExitRecord> {
        self.state().exits.clone()
    }

    /// Asks it once what `ready` asks; without that, whether its port accepts a connection. Errors:
    /// why it is not well.
    pub async fn is_well(&self) -> Result<(), String> {
        if let Some(end) = self.exits().last().filter(|_| self.is_ours() && !self.is_running()) {
            return Err(format!("it ended: {}", end.exit));
        }
        let spec = &self.spec;
        let ready = if matches!(spec.ready, Ready::None) { &Ready::Tcp } else { &spec.ready };
        let address = (spec.url.as_str(), spec.host.as_str(), spec.port);
        Probe::new(ready, address, &self.processes, &self.redactor).once().await
    }

    /// Ends when it is down by an exit that nobody asked for, at once when it already is; never
    /// for a service `at` an address.
    pub async fn unexpected_exit(&self) -> Exit {
        let mut crashed = self.crashed.subscribe();
        let exit = crashed.wait_for(Option::is_some).await.ok().and_then(|exit| *exit);
        match exit {
            Some(exit) => exit,
            None => std::future::pending().await,
        }
    }

    /// The failure that says so, with its last lines.
    pub fn exit_failure(&self, exit: Exit) -> Failure {
        let mut failure = Failure::new(
            Code::SERVICE_EXIT.name,
            format!("`{}` exited while it was needed: {exit}", self.spec.name),
        );
        failure.details.push(last_lines("its last lines", self.log.tail(SHOWN, &self.redactor)));
        failure
    }

    /// Its last lines, masked, for a report.
    pub fn tail(&self, count: usize) -> ServiceLog {
        let (lines, left_out) = self.log.tail(count, &self.redactor);
        ServiceLog { service: self.spec.name.to_string(), lines, left_out }
    }

    /// Its log, which goes on when it is restarted.
    pub fn log(&self) -> Arc<Log> {
        self.log.clone()
    }

    /// How many of its oldest log lines are gone: `.log` is then no longer complete, and an
    /// expectation about it cannot be judged.
    pub fn log_dropped(&self) -> u64 {
        self.log.dropped()
    }

    /// Ends it with a signal, SIGKILL as a rule, and waits until it has ended.
    pub async fn kill(&self, signal: Signal) -> Result<Exit, String> {
        let _turn = self.turn.lock().await;
        self.require_running()?;
        match self.end(signal, self.spec.stop_grace).await {
            Some(exit) => Ok(exit),
            None => Err(format!("`{}` does not end on {signal}", self.spec.name)),
        }
    }

    /// Ends it by SIGTERM, and by SIGKILL after the grace. Nothing happens when it is down.
    pub async fn stop(&self, grace: Option<Duration>) -> Option<Exit> {
        let _turn = self.turn.lock().await;
        self.end(Signal::SIGTERM, grace.unwrap_or(self.spec.stop_grace)).await
    }

    /// Stops it if it runs, starts it again and waits until it is ready.
    pub async fn restart(&self, grace: Option<Duration>) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        self.end(Signal::SIGTERM, grace.unwrap_or(self.spec.stop_grace)).await;
        self.begin().await?;
        self.ready().await.map(drop)
    }

    /// Starts it again after it was killed, stopped or crashed, and waits until it is ready.
    pub async fn start_again(&self) -> Result<(), Failure> {
        let _turn = self.turn.lock().await;
        if self.state().life.is_some() {
            return Err(Failure::new(
                Code::SERVICE_START.name,
                format!("`{}` is already running", self.spec.name),
            ));
        }
        self.begin().await?;
        self.ready().await.map(drop)
    }

    /// Stops it from running with SIGSTOP.
    pub fn pause(&self) -> Result<(), String> {
        self.signal(Signal::SIGSTOP)?;
        self.set_paused(true);
        Ok(())
    }

    /// Lets it run on with SIGCONT.
    pub fn resume(&self) -> Result<(), String> {
        self.signal(Signal::SIGCONT)?;
        self.set_paused(false);
        Ok(())
    }

    fn set_paused(&self, paused: bool) {
        if let Some(life) = &mut self.state().life {
            life.paused = paused;
        }
    }

    /// Whether its process stands still, so that its silence tells nothing: the run has paused it, or
    /// somebody else has, as far as the system says so.
    pub fn is_paused(&self) -> bool {
        self.state().life.as_ref().is_some_and(|life| life.paused || is_stopped(life.process.pid()))
    }

    fn signal(&self, signal: Signal) -> Result<(), String> {
        self.require_running()?;
        let sent = self.state().life.as_ref().is_some_and(|life| life.process.signal(signal));
        self.bump();
        if sent { Ok(()) } else { Err(format!("`{}` has just ended", self.spec.name)) }
    }

    fn require_running(&self) -> Result<(), String> {
        let name = &self.spec.name;
        if !self.is_ours() {
            return Err(format!("`{name}` was not started by this run, so it cannot be signalled"));
        }
        if self.state().life.is_none() {
            return Err(format!("`{name}` is not running"));
        }
        Ok(())
    }

    /// Starts a process and watches it. Nothing happens for a service `at` an address.
    async fn begin(&self) -> Result<(), Failure> {
        let Some(start) = &self.spec.start else { return Ok(()) };
        self.require_free_address().await?;
        let mut process = self.processes.spawn(&ProcessSpec::from(start)).map_err(|error| {
            let mut failure = self.not_started(error.message);
            failure.details.clear();
            failure.help = error.help;
            failure
        })?;
        let capture = Capture::start(&mut process, &self.log, &self.processes);
        let capture = Arc::new(tokio::sync::Mutex::new(capture));
        let ended = process.wait();
        let number = {
            let mut state = self.state();
            state.lives += 1;
            let number = state.lives;
            state.life = Some(Life {
                number,
                process: Arc::new(process),
                capture: capture.clone(),
                began: Instant::now(),
                ending: false,
                paused: false,
            });
            number
        };
        self.crashed.send_replace(None);
        self.bump();
        let me = self.me.clone();
        tokio::spawn(async move {
            let exit = ended.await;
            // Whoever hears of the end wants its last lines.
            capture.lock().await.finish().await;
            if let Some(service) = me.upgrade() {
                service.note_end(number, exit);
            }
        });
        Ok(())
    }

    /// A process that is not ours must not answer in its place.
    async fn require_free_address(&self) -> Result<(), Failure> {
        let (host, port) = (self.spec.host.as_str(), self.spec.port);
        let connect = tokio::time::timeout(Duration::from_secs(1), TcpStream::connect((host, port)));
        if port == 0 || !matches!(connect.await, Ok(Ok(_))) {
            return Ok(());
        }
        let mut failure = self.not_started(format!("something else already listens on {host}:{port}"));
        failure.details.clear();
        failure.help =
            Some("end it, or leave the port to the run by reading `port` or `addr` in `env`".to_owned());
        Err(failure)
    }

    /// Ends the process that runs, if one does; `None` when none ran, or it lives on after a
    /// signal that is neither SIGTERM nor SIGKILL.
    async fn end(&self, signal: Signal, grace: Duration) -> Option<Exit> {
        let (number, process, capture) = {
            let mut state = self.state();
            let life = state.life.as_mut()?;
            life.ending = true;
            (life.number, life.process.clone(), life.capture.clone())
        };
        if let Farewell(Some(hang_up)) = &self.spec.farewell {
            hang_up();
        }
        let exit = match signal {
            Signal::SIGKILL => process.kill_now().await,
            Signal::SIGTERM => process.terminate(grace).await,
            other => {
                process.signal(other);
                match tokio::time::timeout(grace, process.wait()).await {
                    Ok(exit) => exit,
                    Err(_) => {
                        if let Some(life) = &mut self.state().life {
                            life.ending = false;
                        }
                        return None;
                    }
                }
            }
        };
        capture.lock().await.finish().await;
        self.note_end(number, exit);
        Some(exit)
    }

    /// Writes down the end of a process, once.
    fn note_end(&self, number: u64, exit: Exit) {
        let expected = {
            let mut state = self.state();
            let Some(life) = state.life.take_if(|life| life.number == number) else { return };
            let record = ExitRecord { exit, expected: life.ending, at: self.processes.stopwatch().elapsed() };
            state.exits.push(record);
            life.ending
        };
        if !expected {
            self.crashed.send_replace(Some(exit));
        }
        self.bump();
    }

    fn not_started(&self, why: impl AsRef<str>) -> Failure {
        let mut failure = Failure::new(
            Code::SERVICE_START.name,
            format!("`{}` does not start: {}", self.spec.name, why.as_ref()),
        );
        failure.details.push(last_lines("its last lines", self.log.tail(SHOWN, &self.redactor)));
        failure
    }

    fn bump(&self) {
        self.version.send_modify(|version| *version += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a process was stopped by a signal; where there is no `/proc`, none was.
fn is_stopped(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['T', 't']))
}
