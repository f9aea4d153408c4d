//! Silence is strict: an operation that failed fails the scenario, unless the scenario says how many
//! may, or reads the workload as a history. What nobody succeeded at never passes unseen.

use std::sync::Arc;

use super::super::ahead::{Ahead, unread};
use super::super::cx::{Cx, lock};
use super::super::env::Env;
use super::super::flow::{Flow, Stop};
use super::load::Load;
use super::measured::Measured;
use crate::diag::Code;
use crate::event::{Detail, Failure};
use crate::syntax::ast::{Expr, ExprKind, Statement, StatementKind, Workload};
use crate::syntax::visit;
use crate::value::Value;

/// What the statements after a workload read of it.
pub(super) struct Reads {
    /// The fields that are read of it or of its operations.
    fields: Vec<Arc<str>>,
    /// Whether its history is read, be it only to be shown.
    pub(super) history: bool,
    /// Whether something is said of its history as a whole.
    judged: bool,
}

/// Something that a scenario must not be silent about.
struct Unsaid {
    message: String,
    help: &'static str,
    /// The figures of which one must be read.
    figures: &'static [&'static str],
    /// Whether a history says it too.
    history: bool,
    /// The operation that it is about, when it is about one.
    operation: Option<Arc<str>>,
    /// Whether what is read of the whole workload says nothing of it.
    apart: bool,
}

impl Reads {
    pub(super) fn of(name: &str, ahead: &Ahead<'_>) -> Reads {
        let mut reads = Reads { fields: Vec::new(), history: false, judged: false };
        let is_it = |expr: &Expr| matches!(&expr.kind, ExprKind::Name(found) if **found == *name);
        let statements: Vec<&Statement> = ahead.statements().collect();
        let unread = unread(&statements);
        for statement in statements {
            // What is shown, or kept where nobody looks, says nothing, but it wants the history too.
            let shown = matches!(statement.kind, StatementKind::Show(_));
            let says = |expr: &Expr| !shown && !unread.iter().any(|value| value.contains(expr.span.start));
            // How often it is named, and how often only for a figure or for one of its records.
            let (mut named, mut figures, mut said, mut said_of_part) = (0, 0, 0, 0);
            visit::statement(statement, &mut |expr| match &expr.kind {
                _ if is_it(expr) => {
                    named += 1;
                    said += usize::from(says(expr));
                }
                ExprKind::Field(base, field) if is_it(base) => {
                    figures += 1;
                    said_of_part += usize::from(says(expr) && &*field.name != "items");
                    reads.history |= matches!(&*field.name, "items" | "first" | "last");
                    reads.fields.extend(says(expr).then(|| field.name.clone()));
                }
                ExprKind::Field(base, field) if matches!(&base.kind, ExprKind::Field(inner, _) if is_it(inner)) =>
                {
                    reads.fields.extend(says(expr).then(|| field.name.clone()));
                }
                ExprKind::Index(base, _) if is_it(base) => said_of_part += usize::from(says(expr)),
                _ => {}
            });
            reads.history |= named > figures;
            reads.judged |= said > said_of_part;
        }
        reads
    }

    fn says(&self, unsaid: &Unsaid) -> bool {
        (self.judged && unsaid.history) || self.fields.iter().any(|field| unsaid.figures.contains(&&**field))
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
        let mut failures = Vec::new();
        for unsaid in unsaid(measured) {
            let mut failure = fail(unsaid.message.clone());
            failure.help = Some(unsaid.help.to_owned());
            self.examples(load, &unsaid, &mut failure);
            if reads.says(&unsaid) {
                let whole = Some(measured).filter(|_| !unsaid.apart);
                let parts = measured.parts.iter();
                let parts = parts.filter(|part| unsaid.operation.as_ref() == Some(&part.name));
                let records = whole.into_iter().chain(parts);
                let records = records.map(|record| Value::Live(record.clone())).collect();
                let history = unsaid.history.then(|| Value::Live(measured.clone()));
                self.must_read(env, records, unsaid.figures, history, failure);
            } else {
                failures.push(failure);
            }
        }
        if failures.is_empty() { Ok(()) } else { Err(Stop::Failed(failures)) }
    }

    /// Shows what operations failed with: how many, and the first of each.
    fn examples(&self, load: &Load, unsaid: &Unsaid, failure: &mut Failure) {
        let classes = lock(&load.classes);
        let named = load.operations.iter().enumerate();
        let named = named
            .filter(|(_, operation)| unsaid.operation.as_ref().is_none_or(|name| *name == operation.name));
        let mut first: Option<Failure> = None;
        for class in named.flat_map(|(at, _)| classes.of(at)) {
            let place = class.first.place.as_ref();
            let place = place.map_or_else(String::new, |place| {
                format!(", at {}:{}:{}", place.file, place.line, place.column)
            });
            failure.details.push(Detail::Note {
                text: format!("{}: {}{place}", times(class.count), class.first.message),
            });
            first.get_or_insert_with(|| class.first.clone());
        }
        if classes.others() > 0 {
            let text = format!("{}: something else", times(classes.others()));
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

/// `once`, `3 times`.
fn times(count: u64) -> String {
    if count == 1 { "once".to_owned() } else { format!("{count} times") }
}

/// What somebody must say something about.
fn unsaid(measured: &Measured) -> Vec<Unsaid> {
    let figures = &measured.figures;
    let mut all = Vec::new();
    if figures.ok() == 0 {
        all.push(none_succeeded(measured, None));
    }
    for part in &measured.parts {
        let name = Some(part.name.clone());
        if part.figures.started() == 0 {
            all.push(Unsaid {
                message: format!(
                    "`{}` was never performed among {} operations of `{}`, so nothing of it was tried",
                    part.name,
                    figures.started(),
                    measured.name
                ),
                help: "bring more load, or give it a larger share; if that is meant, state it, as in \
                       `expect w.read.started == 0`",
                figures: &["started", "count", "scheduled", "ok"],
                history: false,
                operation: name,
                apart: true,
            });
            continue;
        }
        // Whoever says how many of all may fail does not say that one kind may fail every time.
        if figures.ok() > 0 && part.figures.ok() == 0 {
            all.push(none_succeeded(part, name));
        } else {
            all.extend(errors(part));
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
            apart: false,
        });
    }
    all
}

/// What nobody succeeds at shows little, be it the whole load or one operation of it. The history of a
/// load in which something else succeeded may still be judged.
fn none_succeeded(measured: &Measured, operation: Option<Arc<str>>) -> Unsaid {
    let Measured { name, figures, .. } = measured;
    let message = match (&operation, figures.started()) {
        (None, 1) => format!("the only operation of `{name}` succeeded not"),
        (None, started) => format!("none of the operations of `{name}` succeeded, of {started}"),
        (Some(_), 1) => format!("the only `{name}` succeeded not"),
        (Some(_), started) => format!("no `{name}` succeeded, of {started}"),
    };
    Unsaid {
        message,
        help: match &operation {
            None => "what nobody succeeds at shows little: if that is meant, state it: `expect w.ok == 0`",
            Some(_) => {
                "what nobody succeeds at shows little: if that is meant, state it of this operation, as in \
                 `expect w.read.ok == 0`"
            }
        },
        figures: match figures.errors() {
            0 => &["ok", "rejected_rate"],
            _ => &["ok", "rejected_rate", "error_rate", "failed", "timed_out"],
        },
        history: operation.is_some(),
        apart: operation.is_some(),
        operation,
    }
}

/// How an operation came to nothing good.
fn errors(part: &Measured) -> impl Iterator<Item = Unsaid> {
    let Measured { name, figures, .. } = part;
    let [started, failed] = [figures.started(), figures.failed() - figures.rejected()];
    // That so many succeeded at least says nothing of the others; that none did says it of all.
    let all: [(u64, &str, [&'static [&'static str]; 2]); 3] = [
        (failed, "failed", [&["error_rate", "failed"], &["error_rate", "failed", "ok"]]),
        (
            figures.timed_out(),
            "timed out",
            [&["error_rate", "timed_out"], &["error_rate", "timed_out", "ok"]],
        ),
        (
            figures.in_flight,
            "did not end",
            [&["error_rate", "in_flight"], &["error_rate", "in_flight", "ok"]],
        ),
    ];
    let none = usize::from(figures.ok() == 0);
    all.into_iter().filter(|(count, ..)| *count > 0).map(move |(count, what, figures)| Unsaid {
        message: format!("{count} of {started} `{name}` {what}, and nothing here says how many may"),
        help: "state it, as in `expect w.error_rate < 0.1%`, or read the workload as a history",
        figures: figures[none],
        history: true,
        operation: Some(name.clone()),
        apart: false,
    })
}
