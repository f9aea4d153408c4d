//! The asking: one observation after the other, each a record.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::super::ahead::Checked;
use super::super::cx::Cx;
use super::super::env::Env;
use super::super::flow::{Flow, Stop};
use super::observation::History;
use crate::event::Failure;
use crate::syntax::ast::{Expr, ExprKind};
use crate::value::Value;

/// Asks until it is told to stop.
pub(super) struct Asked {
    pub(super) cx: Arc<Cx>,
    pub(super) env: Env,
    pub(super) source: Expr,
    /// From start to start. What takes longer is asked again at once.
    pub(super) every: Duration,
    pub(super) history: Arc<History>,
}

impl Asked {
    pub(super) async fn run(self) {
        let stop = self.cx.cancel.clone();
        let mut due = Instant::now();
        loop {
            let start = self.history.now();
            let mut env = self.env.clone();
            let number = env.begin_try();
            let answer = tokio::select! {
                biased;
                // What was not answered by then was not observed.
                () = stop.cancelled() => break,
                answer = self.ask(&env) => answer,
            };
            let answer = match answer {
                Ok(value) | Err(Stop::Return(value)) => self.cx.all_judged(number, Ok(value)),
                other => other,
            };
            self.cx.forget(number);
            let goes_on = match answer {
                Ok(value) | Err(Stop::Return(value)) => self.history.keep(start, Ok(value)),
                Err(Stop::Cancelled) => false,
                Err(Stop::Broken(failures)) => {
                    self.history.keep(start, Err(error(&failures)));
                    self.history.breach(failures);
                    false
                }
                Err(stop) => self.history.keep(start, Err(error(&stop.into_failures()))),
            };
            if !goes_on {
                break;
            }
            due = (due + self.every).max(Instant::now());
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = tokio::time::sleep_until(due) => {}
            }
        }
        self.history.end();
    }

    async fn ask(&self, env: &Env) -> Flow<Value> {
        let value = match &self.source.kind {
            ExprKind::Request(request) => {
                let asked = self.cx.request(env, request, self.source.span, Checked::default());
                asked.await?.record.clone()
            }
            _ => self.cx.eval(env, &self.source).await?,
        };
        self.cx.records(env, value, self.source.span)
    }
}

/// `{ kind, message }` of what went wrong.
fn error(failures: &[Failure]) -> Value {
    let first = failures.first();
    let text = |part: fn(&Failure) -> &str| Value::text(first.map_or("", part));
    Value::object([("kind", text(|failure| &failure.code)), ("message", text(|failure| &failure.message))])
}
