//! One operation: performed, and what came of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::ahead::Checked;
use super::super::cx::Cx;
use super::super::env::Env;
use super::super::flow::{Flow, Stop};
use super::hand::{Begun, Hand};
use super::load::{Load, Ticket};
use super::planned::Operation;
use crate::diag::Code;
use crate::event::Failure;
use crate::history::Outcome;
use crate::syntax::ast::{ExprKind, StatementKind};
use crate::value::Value;
use crate::workload::{Ended, Took};

/// Who was refused waits so long: nobody hammers a closed port.
const REFUSED: Duration = Duration::from_millis(10);

/// What came of an operation.
pub(super) struct Came {
    pub(super) ended: Ended,
    pub(super) outcome: Outcome,
    pub(super) value: Value,
    pub(super) failure: Option<Failure>,
    /// When a link had the answer that it hid, in nanoseconds of the run's clock.
    pub(super) answered: Option<i64>,
}

impl Came {
    /// What is cut off when the load is over: nobody knows.
    pub(super) fn cut_off() -> Came {
        Came::of(Ended::TimedOut, Outcome::Info, None)
    }

    fn of(ended: Ended, outcome: Outcome, failure: Option<Failure>) -> Came {
        Came { ended, outcome, value: Value::Absent, failure, answered: None }
    }
}

impl Cx {
    /// Performs an operation and counts it. What is cut off stays with the hand.
    pub(super) async fn operate(self: &Arc<Self>, load: &Load, ticket: Ticket) {
        let Some(hand) = &self.load else { return };
        let which = load.mix.choose(ticket.index);
        let Some(operation) = load.operations.get(which) else { return };
        let start = Instant::now();
        let begun = Begun { ticket, operation: which, start, args: Vec::new() };
        hand.begin(begun, load.shows(ticket, which));
        load.start(hand.shard, ticket, which, start);
        let mut env = load.env.clone();
        env.key = load.keys[usize::from(!ticket.measured)].with(ticket.index.to_be_bytes());
        let number = env.begin_try();
        let flow = self.done(&env, operation, hand, load.history.is_some()).await;
        let flow = self.all_judged(number, flow);
        let end = Instant::now();
        if matches!(flow, Err(Stop::Cancelled)) {
            return;
        }
        match &flow {
            Err(Stop::Broken(failures)) => load.break_off(Stop::Broken(failures.clone())),
            // More load makes nothing certain that is not.
            Err(Stop::Unknown(failures)) => load.break_off(Stop::Unknown(failures.clone())),
            Err(Stop::Failed(failures)) if hand.is_exhausted() => {
                load.break_off(Stop::Unknown(exhausted(failures)));
            }
            _ => {}
        }
        let came = came(flow, hand);
        let Some(begun) = hand.take() else { return };
        let took = Took { since_due: end - ticket.due.unwrap_or(start).min(start), service: end - start };
        load.ended(hand.shard, ticket, which, came.ended, took);
        load.keep(hand, begun, &came, Some(end));
        if came.outcome == Outcome::Info {
            hand.renew(load.stride);
        }
        if let Some(failure) = came.failure.filter(|_| ticket.measured) {
            super::super::cx::lock(&load.classes).add(which, failure);
        }
        self.leave_nothing(number).await;
        if came.ended != Ended::Ok && !hand.has_reached() {
            tokio::time::sleep(REFUSED).await;
        }
    }

    async fn done(
        self: &Arc<Self>,
        env: &Env,
        operation: &Operation,
        hand: &Hand,
        history: bool,
    ) -> Flow<Value> {
        let StatementKind::Expr(expr) = &operation.statement.kind else { return Ok(Value::Null) };
        match &expr.kind {
            ExprKind::Call(callee, args) => {
                let Some((item, origin, action)) = self.action_named(env, callee) else {
                    return self.eval(env, expr).await;
                };
                let given = self.arguments(env, args).await?;
                let (inner, bound) = self.enter(env, item, origin, action, given, expr.span).await?;
                if history {
                    hand.given(bound);
                }
                self.perform_action(inner, action, expr.span).await
            }
            ExprKind::Request(request) => {
                let response = self.request(env, request, expr.span, Checked::default()).await?;
                if history {
                    hand.given(vec![Value::text(response.exchange.request.as_str())]);
                }
                let body = response.record.as_object().and_then(|fields| fields.get("body")).cloned();
                Ok(body.unwrap_or(Value::Absent))
            }
            _ => self.eval(env, expr).await,
        }
    }
}

/// What an operation came to. It provably did not happen when it says so itself, with `rejected
/// when`, or when no request of it reached anybody; when a link hid the answer to its only request,
/// that answer tells; otherwise nobody knows.
fn came(flow: Flow<Value>, hand: &Hand) -> Came {
    let failures = match flow {
        Ok(value) | Err(Stop::Return(value)) => {
            return Came { value, ..Came::of(Ended::Ok, Outcome::Ok, None) };
        }
        Err(stop) => stop.into_failures(),
    };
    let failure = failures.into_iter().next();
    if failure.as_ref().is_some_and(|failure| failure.code == Code::REJECTED.name) {
        return Came::of(Ended::Rejected, Outcome::Fail, failure);
    }
    if !hand.has_reached() {
        return Came::of(Ended::Failed, Outcome::Fail, failure);
    }
    let Some(broken) = hand.broken() else { return Came::of(Ended::Failed, Outcome::Info, failure) };
    let ended = if &*broken.kind == "timeout" { Ended::TimedOut } else { Ended::Failed };
    match broken.hidden.filter(|hidden| hidden.succeeded && hand.sent_one()) {
        Some(hidden) => Came { answered: hidden.at, ..Came::of(ended, Outcome::Ok, failure) },
        None => Came::of(ended, Outcome::Info, failure),
    }
}

/// The machine that brings the load had no socket left: that is no answer of the service, and what is
/// measured from here on is none either.
fn exhausted(failures: &[Failure]) -> Vec<Failure> {
    let told = |failure: &Failure| {
        let mut failure = failure.clone();
        Code::WORKLOAD.name.clone_into(&mut failure.code);
        failure.message = format!("the load cannot be brought from here: {}", failure.message);
        failure.help = Some(
            "let fewer clients or operations be under way, or allow more files: `ulimit -n 20000`".into(),
        );
        failure
    };
    failures.iter().take(1).map(told).collect()
}
