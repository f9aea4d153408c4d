//! Cleanup: what was deferred, whatever happened.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::super::cx::{Cx, Deferred, lock};
use super::super::flow::Stop;
use crate::diag::Code;
use crate::event::Failure;
use crate::value::{Value, show_short};

/// How long the cleanup of one scenario may take.
const CLEANUP: Duration = Duration::from_secs(30);

/// Runs what was deferred, last in first out; every failure is reported.
pub(crate) async fn clean_up(cx: &Arc<Cx>, kill: &CancellationToken) -> Vec<Failure> {
    let mut deferred: Vec<Deferred> = std::mem::take(&mut *lock(&cx.defers));
    if deferred.is_empty() {
        return Vec::new();
    }
    let cancel = kill.child_token();
    let cleanup = Arc::new(cx.for_cleanup(cancel.clone()));
    let deadline = Instant::now() + CLEANUP;
    let mut failures = Vec::new();
    while let Some(Deferred { env, body }) = deferred.pop() {
        let mut inner = env.clone();
        let number = inner.begin_try();
        let flow = tokio::select! {
            flow = cleanup.statements(&mut inner, &body.statements, None) => flow,
            () = tokio::time::sleep_until(deadline) => {
                let text = format!("cleanup did not end within {}", show_short(&Value::duration(CLEANUP), 20));
                Err(cx.failure(&env, Code::CLEANUP, body.span, text).into())
            }
            () = cancel.cancelled() => Err(Stop::Cancelled),
        };
        // What cleanup itself defers is cleaned up next.
        deferred.append(&mut lock(&cleanup.defers));
        let flow = cleanup.all_judged(number, flow);
        if matches!(flow, Err(Stop::Return(_))) {
            continue;
        }
        if let Err(stop) = flow {
            if matches!(stop, Stop::Cancelled) {
                let text = "cleanup was cut off by a second interrupt";
                failures.push(cx.failure(&env, Code::CLEANUP, body.span, text));
            }
            for mut failure in stop.into_failures() {
                Code::CLEANUP.name.clone_into(&mut failure.code);
                failure.message = format!("cleanup failed: {}", failure.message);
                failures.push(failure);
            }
        }
    }
    failures
}
