//! Cleanup: what was deferred runs, last in first out, whatever happened before.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::cx::{Cx, Deferred, lock};
use super::env::Env;
use super::flow::{Flow, Stop};
use crate::diag::Code;
use crate::event::Failure;
use crate::value::{Live, Value, show_short};

/// How long the cleanup of one scenario may take.
const CLEANUP: Duration = Duration::from_secs(30);

/// A transaction or stream that a request opened.
pub(crate) struct Opened {
    live: Weak<dyn Live>,
    /// The tries in which it was opened, outermost first.
    tries: Arc<Vec<u64>>,
}

/// Runs what was deferred, last in first out; every failure is reported.
pub(crate) async fn clean_up(cx: &Arc<Cx>, kill: &CancellationToken) -> Vec<Failure> {
    let mut failures = Vec::new();
    // What was cut off inside it comes first.
    loop {
        let Some(nested) = lock(&cx.nested).pop() else { break };
        failures.extend(Box::pin(clean_up(&nested, kill)).await);
        nested.cancel.cancel();
    }
    cx.settle(None).await;
    let mut deferred: Vec<Deferred> = std::mem::take(&mut *lock(&cx.defers));
    if deferred.is_empty() {
        return failures;
    }
    let cancel = kill.child_token();
    let cleanup = Arc::new(cx.for_cleanup(cancel.clone()));
    let deadline = Instant::now() + CLEANUP;
    while let Some(last) = deferred.pop() {
        match undo(cx, &cleanup, &last, deadline).await {
            Ok(more) => failures.extend(more),
            Err(_) => {
                let text = "cleanup was cut off by a second interrupt";
                failures.push(cx.failure(&last.env, Code::CLEANUP, last.body.span, text));
            }
        }
        // What cleanup itself defers is cleaned up next.
        deferred.append(&mut lock(&cleanup.defers));
    }
    cleanup.settle(None).await;
    failures
}

impl Cx {
    /// Notes what a request opened.
    pub(crate) fn note_opened(&self, env: &Env, live: &Arc<dyn Live>) {
        let mut opened = lock(&self.opened);
        opened.retain(|known| known.live.strong_count() > 0);
        opened.push(Opened { live: Arc::downgrade(live), tries: env.tries.clone() });
    }

    /// Undoes what statements opened and left open: those of a try, or all.
    async fn settle(&self, number: Option<u64>) {
        let own = |opened: &mut Opened| number.is_none_or(|number| opened.tries.contains(&number));
        let left: Vec<Opened> = lock(&self.opened).extract_if(.., own).collect();
        for live in left.iter().filter_map(|opened| opened.live.upgrade()) {
            live.settle().await;
        }
    }

    /// Ends what an operation of a workload left open, of which nothing is kept.
    pub(super) async fn leave_nothing(&self, number: u64) {
        if !lock(&self.opened).is_empty() {
            self.settle(Some(number)).await;
        }
        lock(&self.streams).clear();
        lock(&self.promised).clear();
    }

    /// Cleans up after one case of a property, by the number of its try. What is cut off by the end
    /// of the scenario stays registered, so that the scenario's own cleanup runs it.
    pub(crate) async fn clean_up_case(self: &Arc<Self>, number: u64) -> Flow<Vec<Failure>> {
        self.settle(Some(number)).await;
        self.clean_up_kept(|deferred| deferred.env.tries.contains(&number)).await
    }

    /// The same for a context that belongs to another one.
    pub(crate) async fn clean_up_nested(self: &Arc<Self>, nested: &Arc<Cx>) -> Flow<Vec<Failure>> {
        nested.settle(None).await;
        let mut failures = nested.clean_up_kept(|_| true).await?;
        failures.extend(nested.end_doubles().await);
        nested.count_streams();
        failures.extend(nested.broken_streams());
        nested.cancel.cancel();
        lock(&self.nested).retain(|known| !Arc::ptr_eq(known, nested));
        Ok(failures)
    }

    async fn clean_up_kept(self: &Arc<Self>, which: impl Fn(&Deferred) -> bool) -> Flow<Vec<Failure>> {
        let mut failures = Vec::new();
        let mut cleanup = None;
        let deadline = Instant::now() + CLEANUP;
        while let Some(last) = self.last_deferred(&which) {
            let cleanup =
                cleanup.get_or_insert_with(|| Arc::new(self.for_cleanup(self.cancel.child_token())));
            failures.extend(undo(self, cleanup, &last, deadline).await?);
            let mut deferred = lock(&self.defers);
            deferred.retain(|known| known.number != last.number);
            deferred.append(&mut lock(&cleanup.defers));
        }
        if let Some(cleanup) = cleanup {
            cleanup.settle(None).await;
        }
        Ok(failures)
    }

    fn last_deferred(&self, which: impl Fn(&Deferred) -> bool) -> Option<Deferred> {
        let deferred = lock(&self.defers);
        deferred.iter().rev().find(|deferred| which(deferred)).cloned()
    }
}

/// Marks what a cleanup or a hook can neither show nor refute.
pub(crate) fn inconclusive(mut failures: Vec<Failure>) -> Vec<Failure> {
    failures.iter_mut().for_each(|failure| Code::INCONCLUSIVE.name.clone_into(&mut failure.code));
    failures
}

/// Whether a failure is only that something can neither be shown nor refuted.
pub(crate) fn is_inconclusive(failure: &Failure) -> bool {
    failure.code == Code::INCONCLUSIVE.name
}

/// Runs one deferred block: its failures, or that it was cut off.
async fn undo(cx: &Arc<Cx>, cleanup: &Arc<Cx>, deferred: &Deferred, deadline: Instant) -> Flow<Vec<Failure>> {
    let Deferred { env, body, .. } = deferred;
    let mut inner = env.clone();
    let number = inner.begin_try();
    let flow = tokio::select! {
        flow = cleanup.statements(&mut inner, &body.statements, None) => flow,
        () = tokio::time::sleep_until(deadline) => {
            let text = format!("cleanup did not end within {}", show_short(&Value::duration(CLEANUP), 20));
            Err(cx.failure(env, Code::CLEANUP, body.span, text).into())
        }
        () = cleanup.cancel.cancelled() => Err(Stop::Cancelled),
    };
    match cleanup.all_judged(number, flow) {
        Ok(_) | Err(Stop::Return(_)) => Ok(Vec::new()),
        Err(Stop::Cancelled) => Err(Stop::Cancelled),
        Err(Stop::Unknown(failures)) => Ok(inconclusive(failures)),
        Err(stop) => {
            let failed = |mut failure: Failure| {
                Code::CLEANUP.name.clone_into(&mut failure.code);
                failure.message = format!("cleanup failed: {}", failure.message);
                failure
            };
            Ok(stop.into_failures().into_iter().map(failed).collect())
        }
    }
}
