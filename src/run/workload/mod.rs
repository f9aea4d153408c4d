//! `workload w by 8 clients for 400 operations { … }`: load that is also a history.
//!
//! Which operation has which index, and what it draws, is a function of the seed, the place and the
//! index, whoever performs it and whenever. Nothing is kept of an operation that is over but counts
//! and histograms, and its record when something in the scenario reads the workload as a history.

mod classes;
mod closed;
mod figures;
mod files;
mod hand;
mod health;
mod history;
mod load;
mod measured;
mod open;
mod operate;
mod planned;
mod record;
mod silence;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::ahead::Ahead;
use super::cx::Cx;
use super::env::Env;
use super::flow::{Flow, Stop};
use crate::diag::Code;
use crate::event::EventKind;
use crate::source::Span;
use crate::syntax::ast::Workload;
use crate::value::Value;

pub(crate) use hand::Hand;
pub(crate) use load::Ticket;
pub(crate) use measured::Measured;

use load::Load;
use open::Open;
use planned::Pace;
use silence::Reads;

/// How long operations under way may take when no further one begins.
const DRAIN: Duration = Duration::from_secs(10);

/// Those who watch are told this often.
const TELL: Duration = Duration::from_millis(500);

/// Those who bring the load.
enum Bringing {
    Clients(JoinSet<()>),
    Schedule(Open),
}

/// A load that may be cut short, by an interrupt or by the end of the scenario's time: whoever did that
/// wants to know what it came to until then.
struct Cut<'a> {
    cx: &'a Cx,
    load: &'a Load,
    workload: &'a Workload,
    health: health::Health,
    is_over: bool,
}

impl Drop for Cut<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        self.load.end();
        let ended = Instant::now();
        // Figures that do not add up are not told.
        if let Ok(measured) = self.cx.measured(self.load, self.workload, ended, self.health, true) {
            self.cx.tell_load(self.load, self.workload, &measured);
        }
    }
}

impl Cx {
    /// Brings the load, and binds what it came to.
    pub(super) async fn workload(
        self: &Arc<Self>,
        env: &mut Env,
        workload: &Workload,
        span: Span,
        ahead: &Ahead<'_>,
    ) -> Flow<()> {
        let key = env.key.with(format!("workload {}", span.start.saturating_sub(env.origin)));
        let planned = self.planned_load(env, workload, key).await?;
        let reads = Reads::of(&workload.name.name, ahead);
        let load = Arc::new(Load::new(self, planned, env.clone(), reads.history));
        // Each that performs operations may need a connection of its own.
        files::allow(load.stride);
        let health = health::Health::start();
        let mut cut = Cut { cx: self, load: &load, workload, health, is_over: false };
        let brought = self.bring(env, &load, workload).await;
        cut.is_over = true;
        for hand in load.hands() {
            self.take_over(&hand);
        }
        let ended = Instant::now();
        let measured = match self.measured(&load, workload, ended, health, false) {
            Ok(measured) => Arc::new(measured),
            Err(why) => {
                let message = format!("scn cannot vouch for these figures, which do not add up: {why}");
                return Err(self.failure(env, Code::WORKLOAD, workload.name.span, message).into());
            }
        };
        self.tell_load(&load, workload, &measured);
        brought?;
        if let Some(stop) = load.broken() {
            return Err(stop);
        }
        env.bind(workload.name.name.clone(), Value::Live(measured.clone()));
        if env.checks.is_some() && measured.figures.started() > 0 {
            env.count_check();
        }
        self.not_silent(env, workload, &load, &measured, &reads)
    }

    /// Brings the load to its end.
    async fn bring(self: &Arc<Self>, env: &Env, load: &Arc<Load>, workload: &Workload) -> Flow<()> {
        let (mut bringing, until) = match load.pace {
            Pace::Closed { clients, operations, length } => {
                let until = operations.is_none().then_some(load.from + length);
                (Bringing::Clients(closed::start(self, load, clients)), until)
            }
            Pace::Open { schedule, most } => {
                let open = Open::start(self, load, schedule, most).map_err(|error| {
                    let message = format!("no thread for the clock of the load: {error}");
                    self.failure(env, Code::WORKLOAD, workload.name.span, message)
                })?;
                (Bringing::Schedule(open), Some(load.from + schedule.length()))
            }
        };
        let drained = async {
            match until {
                Some(until) => tokio::time::sleep_until((until + DRAIN).into()).await,
                None => std::future::pending().await,
            }
        };
        let told = async {
            loop {
                tokio::time::sleep(TELL).await;
                let [started, ok, failed, timed_out] = load.counts();
                self.emit(EventKind::Loading {
                    id: self.id,
                    workload: workload.name.name.to_string(),
                    started,
                    ok,
                    failed: failed + timed_out,
                    dropped: load.dropped.load(Ordering::Relaxed),
                    elapsed_us: load.from.elapsed().as_micros() as u64,
                });
            }
        };
        let all = async {
            match &mut bringing {
                Bringing::Clients(tasks) => {
                    while let Some(ended) = tasks.join_next().await {
                        if let Err(error) = ended {
                            return Some(error.to_string());
                        }
                    }
                }
                Bringing::Schedule(open) => {
                    open.paced().await;
                    open.ended().await;
                }
            }
            None
        };
        let came = tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Stop::Cancelled),
            fault = all => Ok(fault),
            () = drained => Ok(None),
            () = told => Ok(None),
        };
        load.end();
        // What is cut off is really over before anything is counted.
        match bringing {
            Bringing::Clients(mut tasks) => tasks.shutdown().await,
            Bringing::Schedule(open) => open.stop().await,
        }
        match came? {
            None => Ok(()),
            Some(error) => {
                let message = format!("a client of the load broke off: {error}");
                Err(self.failure(env, Code::WORKLOAD, workload.name.span, message).into())
            }
        }
    }
}
