//! Silence is strict: an operation that failed fails the scenario, unless the scenario says how many
//! may, or reads the workload as a history. What nobody succeeded at never passes unseen.

use std::sync::Arc;

use super::super::cx::{Cx, lock};
use super::super::env::Env;
use super::super::flow::{Flow, Stop};
use super::super::request::Ahead;
use super::load::{Load, MOST_RECORDS};
use super::measured::Measured;
use crate::diag::Code;
use crate::event::{Detail, Failure};
use crate::syntax::ast::{ExprKind, StatementKind, Workload};
use crate::syntax::visit;
use crate::value::Value;
use std::sync::atomic::Ordering;

/// What the statements after a workload read of it.
pub(super) struct Reads {
    /// The fields that are read of it or of its operations.
    fields: Vec<Arc<str>>,
    /// Whether it is read as a history.
    pub(super) history: bool,
}

/// Something that a scenario must not be silent about.
struct Unsaid {
    message: String,
    help: &'static str,
    /// The figures of which one must be read.
    figures: &'static [&'static str],
    /// Whether a history says it too.
    history: bool,
    /// The operations whose failures show it.
    operation: Option<usize>,
}

impl Reads {
    pub(super) fn of(name: &str, ahead: &Ahead<'_>) -> Reads {
        let mut reads = Reads { fields: Vec::new(), history: false };
        for statement in ahead.statements() {
            // Showing is no statement, but it wants the history too.
            let shown = matches!(statement.kind, StatementKind::Show(_));
            let (mut named, mut with_field) = (0, 0);
            visit::statement(statement, &mut |expr| match &expr.kind {
                ExprKind::Name(found) if **found == *name => named += 1,
                ExprKind::Field(base, field) => match &base.kind {
                    ExprKind::Name(found) if **found == *name => {
                        with_field += 1;
                        reads.history |= matches!(&*field.name, "items" | "first" | "last");
                        if !shown {
                            reads.fields.push(field.name.clone());
                        }
                    }
                    ExprKind::Field(inner, _)
                        if matches!(&inner.kind, ExprKind::Name(found) if **found == *name) && !shown =>
                    {
                        reads.fields.push(field.name.clone());
                    }
                    _ => {}
                },
                _ => {}
            });
            reads.history |= named > with_field;
        }
        reads
    }

    fn says(&self, unsaid: &Unsaid) -> bool {
        (self.history && unsaid.history) || self.fields.iter().any(|field| unsaid.figures.contains(&&**field))
    }
}

impl Cx {
    /// Fails what the scenario is silent about, and keeps the rest until it has really looked.
    pub(super) fn not_silent(
        &self,
        env: &Env,
        workload: &Workload,
        load: &Load,
        measured: &Arc<Measured>,
        reads: &Reads,
    ) -> Flow<()> {
        let span = workload.name.span;
        let fail = |message: String| self.failure(env, Code::WORKLOAD, span, message);
        if measured.figures.started() == 0 {
            let message = format!("no operation of `{}` was started, so nothing was tried", measured.name);
            return Err(self.failure(env, Code::NOTHING_CHECKED, span, message).into());
        }
        let lost = load.lost.load(Ordering::Relaxed);
        if lost > 0 {
            let message = format!(
                "the history of `{}` would have {} operations, and {MOST_RECORDS} are kept: it has a hole and \
                 cannot be judged",
                measured.name,
                lost + MOST_RECORDS as u64
            );
            return Err(Stop::Unknown(vec![fail(message)]));
        }
        let mut failures = Vec::new();
        for unsaid in unsaid(load, measured) {
            let mut failure = fail(unsaid.message.clone());
            failure.help = Some(unsaid.help.to_owned());
            self.examples(load, &unsaid, &mut failure);
            if reads.says(&unsaid) {
                let mut records = vec![Value::Live(measured.clone())];
                let parts = measured.parts.iter();
                let parts = parts
                    .filter(|part| unsaid.operation.is_some_and(|at| load.operations[at].name == part.name));
                records.extend(parts.map(|part| Value::Live(part.clone())));
                self.must_read(env, records, unsaid.figures, unsaid.history, failure);
            } else {
                failures.push(failure);
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(Stop::Failed(failures)) }
    }

    /// Shows what operations failed with: how many, and the first of each.
    fn examples(&self, load: &Load, unsaid: &Unsaid, failure: &mut Failure) {
        let classes = lock(&load.classes);
        let at = unsaid.operation.map_or(0..load.operations.len(), |at| at..at + 1);
        let mut first: Option<Failure> = None;
        for class in at.flat_map(|at| classes.of(at)) {
            let place = class.first.place.as_ref();
            let place = place.map_or_else(String::new, |place| {
                format!(", at {}:{}:{}", place.file, place.line, place.column)
            });
            failure.details.push(Detail::Note {
                text: format!("{} times: {}{place}", class.count, class.first.message),
            });
            first.get_or_insert_with(|| class.first.clone());
        }
        if classes.others() > 0 {
            let text = format!("{} times: something else", classes.others());
            failure.details.push(Detail::Note { text });
        }
        if let Some(first) = first {
            failure.details.extend(first.details);
            failure.exchange = first.exchange;
        }
        if let Some(exchange) = &failure.exchange
            && let Some(service) = &exchange.service
        {
            failure.logs = self.world.log_tails([service.as_str()]);
        }
    }
}

/// What somebody must say something about.
fn unsaid(load: &Load, measured: &Measured) -> Vec<Unsaid> {
    let mut all = Vec::new();
    let figures = &measured.figures;
    if figures.ok() == 0 {
        let one = if figures.started() == 1 { "the only operation" } else { "none of the operations" };
        let errors = figures.errors() > 0;
        all.push(Unsaid {
            message: format!(
                "{one} of `{}` succeeded{}",
                measured.name,
                if figures.started() == 1 {
                    " not".to_owned()
                } else {
                    format!(", of {}", figures.started())
                }
            ),
            help: "what nobody succeeds at shows little: if that is meant, state it with `expect w.ok == 0`",
            figures: if errors {
                &["ok", "rejected_rate", "error_rate", "failed", "timed_out"]
            } else {
                &["ok", "rejected_rate"]
            },
            history: false,
            operation: None,
        });
        if !errors {
            return all;
        }
    }
    for (at, part) in measured.parts.iter().enumerate() {
        let operation =
            load.operations.iter().position(|operation| operation.name == part.name).unwrap_or(at);
        let figures = &part.figures;
        let told = |count: u64, what: &str, names: &'static [&'static str]| Unsaid {
            message: format!(
                "{count} of {} `{}` {what}, and nothing here says how many may",
                figures.started(),
                part.name
            ),
            help: "state it, as in `expect w.error_rate < 0.1%`, or read the workload as a history",
            figures: names,
            history: true,
            operation: Some(operation),
        };
        let failed = figures.failed() - figures.rejected();
        if failed > 0 {
            all.push(told(failed, "failed", &["error_rate", "failed", "ok"]));
        }
        if figures.timed_out() > 0 {
            all.push(told(figures.timed_out(), "timed out", &["error_rate", "timed_out", "ok"]));
        }
        if figures.in_flight > 0 {
            all.push(told(figures.in_flight, "did not end", &["error_rate", "in_flight", "ok"]));
        }
    }
    if figures.dropped > 0 {
        all.push(Unsaid {
            message: format!(
                "{} of {} operations of `{}` were dropped, and nothing here says how many may",
                figures.dropped, figures.scheduled, measured.name
            ),
            help: "too many were under way; state it, as in `expect w.dropped == 0`, or allow more: `with { in_flight: 5_000 }`",
            figures: &["dropped", "scheduled"],
            history: false,
            operation: None,
        });
    }
    all
}
