//! What load a statement asks for, evaluated.

use std::sync::Arc;
use std::time::Duration;

use super::super::cx::Cx;
use super::super::env::Env;
use super::super::flow::Flow;
use crate::check::{MOST_CLIENTS, operation_name};
use crate::diag::Code;
use crate::shape::DrawKey;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Statement, Workload};
use crate::value::{Number, Value, show_short};
use crate::workload::{Mix, Schedule};

/// How many operations of an open workload may be under way, unless it says so.
const IN_FLIGHT: u64 = 1_000;

/// How the load is brought.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pace {
    /// By clients, each of which performs one operation after the other.
    Closed {
        /// How many.
        clients: u64,
        /// After how many operations it ends.
        operations: Option<u64>,
        /// After what time it ends.
        length: Duration,
    },
    /// At a rate, however long operations take.
    Open {
        /// When they are due.
        schedule: Schedule,
        /// How many may be under way.
        most: u64,
    },
}

/// A workload, evaluated.
pub(super) struct Planned {
    pub(super) pace: Pace,
    pub(super) warm_up: Duration,
    pub(super) operations: Vec<Operation>,
    pub(super) mix: Mix,
    /// The key of its place.
    pub(super) key: DrawKey,
}

/// One operation of a mix.
pub(super) struct Operation {
    /// What a history calls it.
    pub(super) name: Arc<str>,
    /// What it does.
    pub(super) statement: Statement,
}

impl Cx {
    /// Evaluates how much load a statement asks for.
    pub(super) async fn planned_load(
        self: &Arc<Self>,
        env: &Env,
        workload: &Workload,
        key: DrawKey,
    ) -> Flow<Planned> {
        let options = match &workload.options {
            Some(options) => self.options(env, options).await?,
            None => crate::value::Object::new(),
        };
        let at = workload.options.as_ref().map_or(workload.name.span, |options| options.span);
        let warm_up = match options.get("warm_up") {
            None => Duration::ZERO,
            Some(value) => value.as_duration().ok_or_else(|| {
                self.bad_value(env, at, format!("`warm_up` is a duration, not {}", value.kind()))
            })?,
        };
        let most = match options.get("in_flight") {
            None => IN_FLIGHT,
            Some(value) => {
                let most = value.as_number().and_then(Number::to_i128);
                let most = most.filter(|most| (1..=MOST_CLIENTS).contains(most));
                let wrong =
                    || format!("`in_flight` is from 1 to {MOST_CLIENTS}, not {}", show_short(value, 40));
                most.ok_or_else(|| self.bad_value(env, at, wrong()))? as u64
            }
        };
        let length = match &workload.duration {
            Some(expr) => Some(self.length(env, expr).await?),
            None => None,
        };
        let pace = match (&workload.rate, &workload.clients) {
            (Some(rate), _) => {
                let (from, to) = self.rates(env, rate).await?;
                let length = length.unwrap_or_default();
                Pace::Open { schedule: Schedule::new(from, to, length), most }
            }
            (None, Some(clients)) => {
                let clients = self.whole(env, clients, MOST_CLIENTS, "clients").await?;
                let operations = match &workload.operations {
                    Some(count) => Some(self.whole(env, count, i128::from(i64::MAX), "operations").await?),
                    None => None,
                };
                if options.contains_key("in_flight") {
                    let message = "`in_flight` is for a workload at a rate: of clients each has one operation under way";
                    return Err(self.bad_value(env, at, message));
                }
                Pace::Closed { clients, operations, length: length.unwrap_or_default() }
            }
            (None, None) => {
                return Err(self.failure(env, Code::WORKLOAD, workload.name.span, "there is no load").into());
            }
        };
        let operations = workload.operations_mix.iter().filter_map(|(_, statement)| {
            Some(Operation { name: operation_name(statement)?, statement: statement.clone() })
        });
        let shares: Vec<u64> = workload
            .operations_mix
            .iter()
            .filter_map(|(share, _)| match &share.as_ref()?.kind {
                ExprKind::Percent(part) => billionths(part),
                _ => None,
            })
            .collect();
        let mix = if shares.len() == workload.operations_mix.len() {
            Mix::new(&shares, key.with("mix").below(usize::MAX) as u64)
        } else {
            Mix::single()
        };
        Ok(Planned { pace, warm_up, operations: operations.collect(), mix, key })
    }

    async fn length(self: &Arc<Self>, env: &Env, expr: &Expr) -> Flow<Duration> {
        let value = self.eval(env, expr).await?;
        value.as_duration().filter(|length| !length.is_zero()).ok_or_else(|| {
            let message = format!("a workload lasts a duration above zero, not {}", show_short(&value, 40));
            self.bad_value(env, expr.span, message)
        })
    }

    async fn whole(self: &Arc<Self>, env: &Env, expr: &Expr, most: i128, what: &str) -> Flow<u64> {
        let value = self.eval(env, expr).await?;
        let number = value.as_number().and_then(Number::to_i128).filter(|number| (1..=most).contains(number));
        number.and_then(|number| u64::try_from(number).ok()).ok_or_else(|| {
            let message = format!("a workload has from 1 to {most} {what}, not {}", show_short(&value, 40));
            self.bad_value(env, expr.span, message)
        })
    }

    /// The rate at the beginning and at the end, in operations a second.
    async fn rates(self: &Arc<Self>, env: &Env, expr: &Expr) -> Flow<(f64, f64)> {
        let (from, to) = match &expr.kind {
            ExprKind::Binary(BinaryOp::Range, from, to) => {
                (self.one_rate(env, from).await?, self.one_rate(env, to).await?)
            }
            _ => {
                let rate = self.one_rate(env, expr).await?;
                (rate, rate)
            }
        };
        if from <= 0.0 && to <= 0.0 {
            return Err(self.bad_value(env, expr.span, "at this rate nothing ever happens"));
        }
        Ok((from, to))
    }

    async fn one_rate(self: &Arc<Self>, env: &Env, expr: &Expr) -> Flow<f64> {
        let value = self.eval(env, expr).await?;
        let rate = match &value {
            Value::Number(number) => Some(number.to_f64()),
            _ => None,
        };
        rate.filter(|rate| (0.0..=10_000_000.0).contains(rate)).ok_or_else(|| {
            let message = format!(
                "a rate is a number of operations a second, at most ten million, not {}",
                show_short(&value, 40)
            );
            self.bad_value(env, expr.span, message)
        })
    }
}

/// A share in billionths.
fn billionths(share: &Number) -> Option<u64> {
    let exact = share.mul(&Number::Int(1_000_000_000)).ok()?;
    exact
        .to_i128()
        .and_then(|whole| u64::try_from(whole).ok())
        .or_else(|| Some(exact.to_f64().round() as u64))
}
