//! An open workload: operations begin when they are due, whether or not others have ended. A thread
//! of its own watches the clock, since timers of the runtime count in milliseconds.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::super::cx::{Cx, lock};
use super::load::{Load, Ticket};
use crate::workload::Schedule;

/// The clock looks whether the load is over this often.
const LOOK: Duration = Duration::from_millis(50);

/// Operations under way, and the clock that begins them. All end when it is dropped.
pub(super) struct Open {
    tasks: TaskTracker,
    cancel: CancellationToken,
    load: Arc<Load>,
    paced: Option<oneshot::Receiver<()>>,
}

/// What the clock needs.
struct Pacer {
    cx: Arc<Cx>,
    load: Arc<Load>,
    most: u64,
    tasks: TaskTracker,
    cancel: CancellationToken,
    runtime: Handle,
    /// Hands that perform nothing now.
    idle: Arc<Mutex<Vec<Arc<Cx>>>>,
}

impl Open {
    /// Starts the clock.
    ///
    /// # Errors
    /// There is no further thread.
    pub(super) fn start(
        cx: &Arc<Cx>,
        load: &Arc<Load>,
        schedule: Schedule,
        most: u64,
    ) -> std::io::Result<Open> {
        let (tasks, cancel) = (TaskTracker::new(), cx.cancel.child_token());
        let pacer = Pacer {
            cx: cx.clone(),
            load: load.clone(),
            most,
            tasks: tasks.clone(),
            cancel: cancel.clone(),
            runtime: Handle::current(),
            idle: Arc::default(),
        };
        let (done, paced) = oneshot::channel();
        std::thread::Builder::new().name("scn-pacer".to_owned()).spawn(move || {
            pacer.pace(schedule);
            // Whoever waits may be gone.
            let _ = done.send(());
        })?;
        Ok(Open { tasks, cancel, load: load.clone(), paced: Some(paced) })
    }

    /// Waits until the last operation is due and begins.
    pub(super) async fn paced(&mut self) {
        if let Some(paced) = self.paced.take() {
            // The sender is dropped when the clock stops early.
            let _ = paced.await;
        }
        self.tasks.close();
    }

    /// Waits until every operation has ended.
    pub(super) async fn ended(&self) {
        self.tasks.wait().await;
    }

    /// Cuts off what is still under way, and waits until it is.
    pub(super) async fn stop(mut self) {
        self.cancel.cancel();
        self.paced().await;
        self.ended().await;
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.load.end();
        self.cancel.cancel();
    }
}

impl Pacer {
    fn pace(&self, schedule: Schedule) {
        let warm_up = self.load.from.saturating_duration_since(self.load.began);
        if !warm_up.is_zero() {
            self.phase(schedule.beginning(warm_up), self.load.began, false);
        }
        self.phase(schedule, self.load.from, true);
    }

    fn phase(&self, schedule: Schedule, from: Instant, measured: bool) {
        for index in 0..schedule.count() {
            let due = from + schedule.due(index);
            loop {
                if self.load.is_over() || self.cancel.is_cancelled() {
                    return;
                }
                let left = due.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                std::thread::sleep(left.min(LOOK));
            }
            if measured {
                self.load.scheduled.fetch_add(1, Ordering::Relaxed);
            }
            self.begin(Ticket { index, measured, due: Some(due) });
        }
    }

    fn begin(&self, ticket: Ticket) {
        let hand = lock(&self.idle).pop();
        let hand = match hand {
            Some(hand) => hand,
            None if (self.load.hands_count() as u64) < self.most => self.load.hand(&self.cx),
            None => return self.load.drop_one(ticket),
        };
        let (load, idle, cancel) = (self.load.clone(), self.idle.clone(), self.cancel.clone());
        let task = async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => {}
                () = hand.operate(&load, ticket) => lock(&idle).push(hand),
            }
        };
        self.tasks.spawn_on(task, &self.runtime);
    }
}
