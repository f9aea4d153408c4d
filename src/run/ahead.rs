//! What the statements after a request look at: a request whose outcome nobody looks at must be a
//! success, and what nobody reads need not be made.

use std::collections::BTreeSet;

use crate::protocol::Parts;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Let, LetTarget, Statement, StatementKind};
use crate::syntax::visit;

/// The parts of a response whose reading counts as checking whether it is a success.
pub(crate) const VERDICTS: &[&str] = &["status", "code", "exit_code", "signal", "message", "details"];

/// The parts whose reading counts as checking a request that got no whole response.
pub(crate) const ERRORS: &[&str] = &["error", "error_kind"];

/// What the statements after a request look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Checked {
    /// Whether one reads how the response went.
    pub(crate) verdict: bool,
    /// Whether one reads `error`.
    pub(crate) error: bool,
    /// The parts that are read; all of them where that is not known.
    pub(crate) parts: Parts,
}

impl Default for Checked {
    fn default() -> Checked {
        Checked { verdict: false, error: false, parts: Parts::ALL }
    }
}

impl Checked {
    fn or(self, other: Checked) -> Checked {
        let (verdict, error) = (self.verdict || other.verdict, self.error || other.error);
        Checked { verdict, error, ..self }
    }
}

/// The statements that follow one: the rest of its block and, since a step opens no scope, what
/// follows the step around it.
#[derive(Clone, Copy)]
pub(crate) struct Ahead<'a> {
    /// The rest of the block.
    pub(crate) rest: &'a [Statement],
    /// What follows the step around.
    pub(crate) beyond: Option<&'a Ahead<'a>>,
}

impl<'a> Ahead<'a> {
    pub(super) fn statements(&self) -> impl Iterator<Item = &'a Statement> + use<'a> {
        std::iter::successors(Some(*self), |ahead| ahead.beyond.copied()).flat_map(|ahead| ahead.rest)
    }
}

/// What the statements after a request read of how the response went: up to the next request,
/// which takes over the bare names. A named response may also be read by its name.
pub(crate) fn is_checked(ahead: &Ahead<'_>, name: Option<&str>) -> Checked {
    let mut bare = true;
    let mut checked = Checked::default();
    let statements: Vec<&Statement> = ahead.statements().collect();
    let unread = unread(&statements);
    for statement in statements {
        // Showing how it went is no expectation.
        if matches!(statement.kind, StatementKind::Show(_)) {
            continue;
        }
        visit::statement(statement, &mut |expr| {
            if unread.iter().any(|value| value.contains(expr.span.start)) {
                return;
            }
            if bare {
                checked = checked.or(reads_verdict(expr, None));
            }
            if name.is_some() {
                checked = checked.or(reads_verdict(expr, name));
            }
        });
        if replaces_response(statement) {
            bare = false;
            if name.is_none() {
                break;
            }
        }
    }
    checked
}

/// The values that are kept under a name that nobody reads: to keep how a request went is not to look
/// at it.
pub(super) fn unread(statements: &[&Statement]) -> Vec<Span> {
    let mut kept = Vec::new();
    for statement in statements {
        visit::with_nested(statement, &mut |inner| {
            if let StatementKind::Let(Let { target: LetTarget::Name(name), value, .. }) = &inner.kind
                && !acts(value)
            {
                kept.push((&*name.name, value.span));
            }
        });
    }
    let mut unread: Vec<Span> = Vec::new();
    // What is read for a value that nobody reads is read by nobody.
    loop {
        let mut read = BTreeSet::new();
        for statement in statements {
            visit::statement(statement, &mut |expr| {
                if let ExprKind::Name(name) = &expr.kind
                    && !unread.iter().any(|value| value.contains(expr.span.start))
                {
                    read.insert(&**name);
                }
            });
        }
        let before = kept.len();
        kept.retain(|(name, value)| {
            if !read.contains(name) {
                unread.push(*value);
            }
            read.contains(name)
        });
        if kept.len() == before {
            return unread;
        }
    }
}

/// Whether an expression does more than to give a value.
fn acts(expr: &Expr) -> bool {
    use ExprKind::{Call, Eventually, For, If, Next, Parallel, Request};
    let mut acts = false;
    visit::expression(expr, &mut |part| {
        acts |= matches!(
            part.kind,
            Call(..) | Eventually(_) | For(_) | If(_) | Next(_) | Parallel(_) | Request(_)
        );
    });
    acts
}

/// The parts of a response that the statements after it may read, when its whole record goes nowhere:
/// whatever they name, whether or not it means the response.
pub(crate) fn parts_read(ahead: &Ahead<'_>) -> Parts {
    let mut parts = Parts::NONE;
    for statement in ahead.statements() {
        visit::statement(statement, &mut |expr| {
            if let ExprKind::Name(name) = &expr.kind {
                parts = parts.with(name);
            }
        });
    }
    parts
}

/// What an expression reads: `status` and the like, or the same of the named response. Comparing
/// the whole response reads all of it.
fn reads_verdict(expr: &Expr, of: Option<&str>) -> Checked {
    let part = |name: &str| Checked {
        verdict: VERDICTS.contains(&name),
        error: ERRORS.contains(&name),
        ..Checked::default()
    };
    match (&expr.kind, of) {
        (ExprKind::Name(name), None) => part(name),
        (ExprKind::Field(base, field), Some(of)) if response(base) == Some(of) => part(&field.name),
        (ExprKind::Binary(op, left, _), Some(of)) if op.is_comparison() => match &left.kind {
            ExprKind::Name(name) if &**name == of => {
                Checked { verdict: true, error: true, ..Checked::default() }
            }
            _ => Checked::default(),
        },
        // An action that is given the response may judge it; if it does not, that shows in the run.
        (ExprKind::Call(_, args), Some(of)) => {
            let given =
                args.args.iter().any(|arg| matches!(&arg.value.kind, ExprKind::Name(name) if &**name == of));
            Checked { verdict: given, error: given, ..Checked::default() }
        }
        _ => Checked::default(),
    }
}

/// The name of a response or of a list of them: `r`, `rs[0]`, `rs[*]`. What a body calls `status`
/// says nothing of how the request went.
fn response(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Index(base, _) | ExprKind::Each(base) => response(base),
        _ => None,
    }
}

/// The name at the root of a path.
fn root(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name),
        ExprKind::Field(base, _) | ExprKind::Index(base, _) | ExprKind::Each(base) => root(base),
        _ => None,
    }
}

/// Whether a statement makes the bare names speak of something else.
fn replaces_response(statement: &Statement) -> bool {
    match &statement.kind {
        StatementKind::Let(binding) => is_request(&binding.value),
        StatementKind::Expr(expr) => is_request(expr) || !matches!(expr.kind, ExprKind::Next(_)),
        StatementKind::Step(_, body) => body.statements.iter().any(replaces_response),
        StatementKind::Forall(_) | StatementKind::Under(..) => true,
        _ => false,
    }
}

fn is_request(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::Request(_))
}

/// What is read of the values that a block's value is bound to; every name must be read for it.
pub(crate) fn is_target_checked(target: &LetTarget, rest: &[Statement]) -> Checked {
    let names: Vec<&str> = match target {
        LetTarget::Name(name) => vec![&name.name],
        LetTarget::List(names, _) => names.iter().map(|name| &*name.name).collect(),
    };
    let unread = unread(&rest.iter().collect::<Vec<_>>());
    let each = names.iter().map(|name| {
        let mut checked = Checked::default();
        for statement in rest {
            visit::statement(statement, &mut |expr| {
                if unread.iter().any(|value| value.contains(expr.span.start)) {
                    return;
                }
                checked = checked.or(reads_verdict(expr, Some(name))).or(loop_reads(expr, name));
            });
        }
        checked
    });
    each.reduce(|a, b| Checked { verdict: a.verdict && b.verdict, error: a.error && b.error, ..a })
        .unwrap_or_default()
}

/// `for r in rs { expect r.status … }` reads each of `rs`.
fn loop_reads(expr: &Expr, of: &str) -> Checked {
    match &expr.kind {
        ExprKind::For(turns) if root(&turns.list) == Some(of) => match &turns.target {
            LetTarget::Name(name) => {
                let mut checked = Checked::default();
                visit::block(&turns.body, &mut |inner| {
                    checked = checked.or(reads_verdict(inner, Some(&name.name)))
                });
                checked
            }
            LetTarget::List(..) => Checked::default(),
        },
        _ => Checked::default(),
    }
}
