//! `workload w by 8 clients for 400 operations { … }`: how much load, of what, and what is known of
//! its figures.

use std::sync::Arc;

use super::context::Context;
use super::plan::{Definition, ItemRef};
use super::scope::Value;
use super::walker::{Walker, list};
use crate::diag::{Code, Diagnostic};
use crate::lang::Ty;
use crate::source::Span;
use crate::syntax::ast::{
    BinaryOp, Expr, ExprKind, Ident, ItemKind, Statement, StatementKind, UnaryOp, Workload,
};
use crate::syntax::visit;
use crate::value::Number;
use crate::workload::{FIGURES, OPTIONS};

/// A workload has no more clients, and no more operations under way.
pub const MOST_CLIENTS: i128 = 10_000;

/// How the load of a workload can be given.
const FORMS: &str =
    "`by 8 clients for 400 operations` and `by 8 clients for 30s` are closed, `at 200/s for 30s` is open";

/// What a history has besides its figures.
const OF_HISTORIES: &[&str] = &["items", "first", "last"];

impl<'a> Walker<'a, '_> {
    pub(super) fn workload(&mut self, workload: &'a Workload, keyword: Span) {
        if self.place.eventually {
            self.push(
                Diagnostic::error(Code::MISPLACED, keyword, "`workload` does not stand in `eventually`")
                    .help("every attempt would bring the whole load again; put what must come true after it"),
            );
        }
        self.load(workload, keyword);
        if let Some(options) = &workload.options {
            self.options(options, Some(OPTIONS));
        }
        self.shares(workload, keyword);
        for (_, operation) in &workload.operations_mix {
            self.scopes.enter();
            self.clear("each operation starts without one", operation.span);
            self.at(
                |place| (place.returns, place.eventually, place.valued) = (false, false, false),
                |walker| walker.operation(operation),
            );
            self.leave();
        }
        self.called_action = None;
        self.clear("a workload clears the response", keyword);
        let names = workload.operations_mix.iter().filter_map(|(_, operation)| name_of(operation)).collect();
        self.declare(&workload.name, Value::Workload(names), false);
    }

    /// Closed or open, and nothing in between.
    fn load(&mut self, workload: &'a Workload, keyword: Span) {
        let Workload { clients, rate, operations, duration, .. } = workload;
        if let Some(clients) = clients {
            self.typed(clients, Ty::Number, "the number of clients");
            self.whole(clients, "a workload has", "clients", MOST_CLIENTS);
        }
        if let Some(operations) = operations {
            self.typed(operations, Ty::Number, "the number of operations");
            self.whole(operations, "a workload performs", "operations", i128::from(i64::MAX));
        }
        if let Some(duration) = duration {
            self.typed(duration, Ty::Duration, "how long a workload lasts");
            if matches!(duration.kind, ExprKind::Duration(nanos) if nanos <= 0) {
                self.wrong(duration.span, "a workload lasts longer than no time", "write `for 30s`");
            }
        }
        if let Some(rate) = rate {
            self.rate(rate);
        }
        match (clients, rate, operations, duration) {
            (Some(_), Some(rate), ..) => {
                let message = "a workload has clients or a rate, not both";
                self.wrong(rate.span, message, FORMS);
            }
            (None, None, ..) => {
                self.wrong(keyword, "this workload does not say how much load it is", FORMS);
            }
            (_, _, Some(operations), Some(duration)) => {
                let message = "a workload ends after a number of operations or after a time, not both";
                let later = if duration.span.start > operations.span.start { duration } else { operations };
                self.wrong(later.span, message, "leave one out");
            }
            (Some(clients), None, None, None) => {
                let message = "this workload does not say when it ends";
                self.wrong(clients.span, message, "write `for 400 operations` or `for 30s` behind it");
            }
            (None, Some(rate), None, None) => {
                self.wrong(rate.span, "this workload does not say when it ends", "write `for 30s` behind it");
            }
            (None, Some(_), Some(operations), None) => {
                let message = "a workload at a rate ends after a time, not after a number of operations";
                self.wrong(operations.span, message, "write `for 30s`: rate and time give the number");
            }
            _ => {}
        }
    }

    fn wrong(&mut self, span: Span, message: &str, help: &str) {
        self.push(Diagnostic::error(Code::WORKLOAD, span, message).help(help));
    }

    /// A number that is written is a whole one, and not none.
    fn whole(&mut self, expr: &Expr, has: &str, what: &str, most: i128) {
        let number = match &expr.kind {
            ExprKind::Number(number) => number.to_i128(),
            ExprKind::Unary(UnaryOp::Negate, inner) if matches!(inner.kind, ExprKind::Number(_)) => None,
            _ => return,
        };
        if !number.is_some_and(|number| (1..=most).contains(&number)) {
            let message = match most {
                MOST_CLIENTS => format!("{has} from 1 to {most} {what}"),
                _ => format!("{has} a whole number of {what}, at least one"),
            };
            self.push(Diagnostic::error(Code::WORKLOAD, expr.span, message));
        }
    }

    /// `200/s`, or a ramp `10/s..200/s`.
    fn rate(&mut self, rate: &'a Expr) {
        let ends = match &rate.kind {
            ExprKind::Binary(BinaryOp::Range, from, to) => vec![&**from, &**to],
            _ => vec![rate],
        };
        for end in &ends {
            self.value(end);
            match super::types::literal(end) {
                Some("rate") | None => {}
                Some(kind) => {
                    let what = crate::value::words::article(kind);
                    let message = format!("a rate is written `200/s`, and this is {what} {kind}");
                    self.push(
                        Diagnostic::error(Code::WRONG_TYPE, end.span, message.replace("  ", " "))
                            .help("a ramp goes from one rate to another: `at 10/s..200/s for 30s`"),
                    );
                }
            }
        }
        let is_zero = |end: &&Expr| matches!(&end.kind, ExprKind::Rate(count, _) if count.to_f64() <= 0.0);
        if ends.iter().all(is_zero) {
            self.wrong(rate.span, "at this rate nothing ever happens", "write `at 200/s`");
        }
    }

    /// The shares of the mix are all of it.
    fn shares(&mut self, workload: &'a Workload, keyword: Span) {
        let mix = &workload.operations_mix;
        let shares: Vec<&'a Expr> = mix.iter().filter_map(|(share, _)| share.as_ref()).collect();
        match (mix.as_slice(), shares.as_slice()) {
            ([], _) => {
                if !self.cx.is_broken_around(self.item) {
                    self.wrong(
                        keyword,
                        "this workload has no operations",
                        "write what it does: `{ read(key) }`",
                    );
                }
                return;
            }
            ([_], []) => return,
            (_, shares) if shares.len() < mix.len() => {
                let missing = mix.iter().find(|(share, _)| share.is_none());
                let span = missing.map_or(keyword, |(_, operation)| operation.span);
                let message = "this operation does not say what share of the load it is";
                return self.wrong(
                    span,
                    message,
                    "of several operations each has its share: `60% read(key)`",
                );
            }
            _ => {}
        }
        let mut sum = Number::Int(0);
        for share in &shares {
            let ExprKind::Percent(part) = &share.kind else { return };
            if part.to_f64() <= 0.0 {
                self.wrong(share.span, "an operation with no share never happens", "leave it out");
            }
            match sum.add(part) {
                Ok(more) => sum = more,
                Err(_) => return,
            }
        }
        if sum != Number::Int(1)
            && let (Some(first), Some(last)) = (shares.first(), shares.last())
            && let Ok(percent) = sum.mul(&Number::Int(100))
        {
            let percent = percent
                .to_decimal()
                .map_or_else(|_| String::new(), |percent| percent.normalized().to_plain_string());
            let message = format!("the shares are {percent} % together, not 100 %");
            let mut diagnostic = Diagnostic::error(Code::WORKLOAD, last.span, message);
            if first.span != last.span {
                diagnostic = diagnostic.also(first.span, "they begin here");
            }
            self.push(diagnostic);
        }
    }

    /// An operation is a request or the call of an action: what a history can name.
    fn operation(&mut self, operation: &'a Statement) {
        match &operation.kind {
            StatementKind::Expr(expr) => match &expr.kind {
                ExprKind::Request(_) => self.producer(expr),
                ExprKind::Call(callee, _) => {
                    if let Some(action) = self.item_called(callee) {
                        self.cx.operations.push((action, expr.span));
                    }
                    let before = self.cx.diagnostics.len();
                    self.called_action = None;
                    self.value(expr);
                    if self.called_action.is_none() && self.cx.diagnostics.len() == before {
                        self.no_operation(expr.span);
                    }
                }
                _ => {
                    self.value(expr);
                    self.no_operation(expr.span);
                }
            },
            StatementKind::Error => {}
            _ => {
                self.statement(operation);
                self.no_operation(operation.span);
            }
        }
    }

    /// The item that a callee names.
    fn item_called(&self, callee: &Expr) -> Option<ItemRef> {
        let program = self.cx.program;
        let (unit, name) = match &callee.kind {
            ExprKind::Name(name) => (self.item.unit, name),
            ExprKind::Field(base, field) => match &base.kind {
                ExprKind::Name(alias) => match program.lookup(self.item.unit, alias)? {
                    Definition::Module(unit) => (unit, &field.name),
                    _ => return None,
                },
                _ => return None,
            },
            _ => return None,
        };
        program.lookup_item(unit, name).map(|(at, _)| at)
    }

    fn no_operation(&mut self, span: Span) {
        self.push(
            Diagnostic::error(Code::WORKLOAD, span, "an operation is a request or the call of an action")
                .help("put what it does into an action: `action read(key) { … }`"),
        );
    }

    /// A figure of a workload, or an operation of its mix.
    pub(super) fn figure(&mut self, names: &[Arc<str>], field: &Ident) {
        let known = |name: &str| {
            FIGURES.contains(&name)
                || OF_HISTORIES.contains(&name)
                || names.iter().any(|known| **known == *name)
        };
        if known(&field.name) {
            return;
        }
        let all = names.iter().map(|name| &**name).chain(FIGURES.iter().copied());
        let all: Vec<&str> = all.collect();
        self.no_figure(field, "a workload has no", &all);
    }

    /// `w.read.p99`: a figure of one operation.
    pub(super) fn figure_of(&mut self, base: &Expr, field: &Ident) {
        let ExprKind::Field(workload, operation) = &base.kind else { return };
        let ExprKind::Name(name) = &workload.kind else { return };
        let Some(Value::Workload(names)) = self.scopes.get(name).map(|variable| variable.value.clone())
        else {
            return;
        };
        let service = ["p50", "p90", "p99", "p999", "max", "mean"];
        if &*operation.name == "service" {
            if !service.contains(&&*field.name) {
                self.no_figure(field, "the service times have no", &service);
            }
        } else if names.contains(&operation.name) && !FIGURES.contains(&&*field.name) {
            self.no_figure(field, "an operation has no figure", FIGURES);
        }
    }

    fn no_figure(&mut self, field: &Ident, what: &str, known: &[&str]) {
        self.push(
            Diagnostic::error(Code::UNKNOWN_FIELD, field.span, format!("{what} `{}`", field.name))
                .help(format!("it has {}", list(known)))
                .did_you_mean(&field.name, known.iter().copied()),
        );
    }
}

/// What an operation defers would wait for the end of the scenario, and that of ten million others with
/// it; and run at once, it would undo in the midst of a history what the history tells.
pub(super) fn defers(cx: &mut Context<'_>) {
    let program = cx.program;
    let is_action = |at: ItemRef| matches!(program.item(at).kind, ItemKind::Action(_));
    let mut found = Vec::new();
    for &(called, span) in &cx.operations {
        for at in cx.graph.closure_without([called], |next| !is_action(*next)) {
            let ItemKind::Action(action) = &program.item(at).kind else { continue };
            let mut deferred = None;
            visit::statements(&action.body, &mut |statement| {
                if matches!(statement.kind, StatementKind::Defer(_)) {
                    deferred.get_or_insert(statement.span);
                }
            });
            let Some(deferred) = deferred else { continue };
            let message = format!("`{}` has a `defer`, and an operation cleans up nothing", action.name.name);
            let diagnostic = Diagnostic::error(Code::WORKLOAD, span, message).help(
                "take the `defer` out of the action, and undo all that the load did in one `defer` before \
                 the workload",
            );
            let is_here = deferred.source == span.source;
            found.push(if is_here { diagnostic.also(deferred, "this one") } else { diagnostic });
        }
    }
    cx.diagnostics.extend(found);
}

/// What a history calls an operation: the action's name, the gRPC method's, or the verb.
pub fn name_of(operation: &Statement) -> Option<Arc<str>> {
    let StatementKind::Expr(expr) = &operation.kind else { return None };
    match &expr.kind {
        ExprKind::Request(request) => {
            let member = request.target.as_ref().and_then(|target| target.members.last());
            Some(member.map_or_else(|| request.verb.name.clone(), |member| member.name.clone()))
        }
        ExprKind::Call(callee, _) => match &callee.kind {
            ExprKind::Name(name) => Some(name.clone()),
            ExprKind::Field(_, field) => Some(field.name.clone()),
            _ => None,
        },
        _ => None,
    }
}
