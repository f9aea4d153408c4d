//! One operation: performed, and what came of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::cx::Cx;
use super::super::env::Env;
use super::super::flow::{Flow, Stop};
use super::super::request::Checked;
use super::hand::{Begun, Broken, Hand};
use super::load::{Load, Ticket};
use super::planned::Operation;
use crate::diag::Code;
use crate::event::Failure;
use crate::history::Outcome;
use crate::syntax::ast::{ExprKind, StatementKind};
use crate::value::{Object, Value};
use crate::workload::{Ended, Took};

/// Who was refused waits so long: nobody hammers a closed port.
const REFUSED: Duration = Duration::from_millis(10);

/// What came of an operation.
pub(super) struct Came {
    ended: Ended,
    outcome: Outcome,
    value: Value,
    failure: Option<Failure>,
}

impl Cx {
    /// Performs an operation and counts it. What is cut off stays with the hand.
    pub(super) async fn operate(self: &Arc<Self>, load: &Load, ticket: Ticket) {
        let Some(hand) = &self.load else { return };
        let which = load.mix.choose(ticket.index);
        let Some(operation) = load.operations.get(which) else { return };
        let start = Instant::now();
        hand.begin(Begun { ticket, operation: which, start, args: Vec::new() });
        load.start(hand.shard, ticket, which, start);
        let mut env = load.env.clone();
        env.key = load.keys[usize::from(!ticket.measured)].with(ticket.index.to_be_bytes());
        let number = env.begin_try();
        let flow = self.done(&env, operation, hand, load.records.is_some()).await;
        let flow = self.all_judged(number, flow);
        let end = Instant::now();
        if matches!(flow, Err(Stop::Cancelled)) {
            return;
        }
        if let Err(Stop::Broken(failures)) = &flow {
            load.break_off(failures.clone());
        }
        let came = came(flow, hand);
        let Some(begun) = hand.take() else { return };
        let took = Took { since_due: end - ticket.due.unwrap_or(start).min(start), service: end - start };
        load.ended(hand.shard, ticket, which, came.ended, took);
        if load.records.is_some() {
            load.keep(start, record(load, hand, begun, &came, Some(end), &self.session.trace_id));
        }
        if came.outcome == Outcome::Info {
            hand.renew(load.stride);
        }
        if let Some(failure) = came.failure {
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
            return Came { ended: Ended::Ok, outcome: Outcome::Ok, value, failure: None };
        }
        Err(stop) => stop.into_failures(),
    };
    let failure = failures.into_iter().next();
    let of = |ended, outcome, failure| Came { ended, outcome, value: Value::Absent, failure };
    if failure.as_ref().is_some_and(|failure| failure.code == Code::REJECTED.name) {
        return of(Ended::Rejected, Outcome::Fail, failure);
    }
    if !hand.has_reached() {
        return of(Ended::Failed, Outcome::Fail, failure);
    }
    match hand.broken() {
        Some(Broken { kind, succeeded }) => {
            let ended = if &*kind == "timeout" { Ended::TimedOut } else { Ended::Failed };
            let outcome = if succeeded && hand.sent_one() { Outcome::Ok } else { Outcome::Info };
            of(ended, outcome, failure)
        }
        None => of(Ended::Failed, Outcome::Info, failure),
    }
}

/// The operation that was cut off when the load was over.
pub(super) fn cut_off(load: &Load, hand: &Hand, begun: Begun, trace: &str) {
    let came = Came { ended: Ended::TimedOut, outcome: Outcome::Info, value: Value::Absent, failure: None };
    load.keep(begun.start, record(load, hand, begun, &came, None, trace));
}

/// A record of the history: `{ process f args value start end outcome error trace }`. Of an
/// operation whose outcome is not known, the end is not known either.
fn record(load: &Load, hand: &Hand, begun: Begun, came: &Came, end: Option<Instant>, trace: &str) -> Value {
    let mut fields = Object::new();
    let mut set = |name: &str, value: Value| {
        fields.insert(name.into(), value);
    };
    let name = load.operations.get(begun.operation).map_or("", |operation| &*operation.name);
    set("process", Value::int(hand.process()));
    set("f", Value::text(name));
    set("args", Value::list(begun.args));
    if !matches!(came.value, Value::Absent) {
        set("value", came.value.clone());
    }
    set("start", Value::duration(load.stopwatch.at(begun.start)));
    let (word, known) = match came.outcome {
        Outcome::Ok => ("ok", true),
        Outcome::Fail => ("fail", true),
        Outcome::Info => ("info", false),
    };
    if let Some(end) = end.filter(|_| known) {
        set("end", Value::duration(load.stopwatch.at(end)));
    }
    set("outcome", Value::text(word));
    if let Some(failure) = &came.failure {
        let kind = hand.broken().map_or_else(|| failure.code.clone(), |broken| broken.kind.into());
        let error = [("kind", Value::text(kind)), ("message", Value::text(failure.message.as_str()))];
        set("error", Value::object(error));
    }
    set("trace", Value::text(trace));
    Value::object(fields)
}
