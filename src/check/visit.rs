//! Walking trees where only their form matters.

use crate::syntax::ast::{Block, Expr, ExprKind, Request, Statement, StatementKind};

/// Calls `see` for a statement and for every statement inside it.
pub(super) fn each_statement(statement: &Statement, see: &mut dyn FnMut(&Statement)) {
    see(statement);
    let mut block = |block: &Block| block.statements.iter().for_each(|inner| each_statement(inner, see));
    match &statement.kind {
        StatementKind::Step(_, body) | StatementKind::Under(_, body) | StatementKind::Defer(body) => {
            block(body)
        }
        StatementKind::Forall(forall) => block(&forall.body),
        StatementKind::Idempotent(idempotent) => {
            block(&idempotent.body);
            idempotent.probes.iter().filter_map(|probe| probe.body.as_ref()).for_each(block);
        }
        StatementKind::Workload(workload) => {
            for (_, operation) in &workload.operations_mix {
                each_statement(operation, see);
            }
        }
        StatementKind::Expect(expect) => expect.during.iter().for_each(block),
        _ => {
            if let Some(value) = value(statement) {
                blocks_of(value).into_iter().for_each(block);
            }
        }
    }
}

/// The expression of a statement that may be a request or a block with a value.
fn value(statement: &Statement) -> Option<&Expr> {
    match &statement.kind {
        StatementKind::Let(binding) => Some(&binding.value),
        StatementKind::Expr(value) | StatementKind::Return(Some(value)) => Some(value),
        _ => None,
    }
}

/// The blocks of a block with a value.
fn blocks_of(expr: &Expr) -> Vec<&Block> {
    match &expr.kind {
        ExprKind::If(branch) => std::iter::once(&branch.then).chain(&branch.otherwise).collect(),
        ExprKind::For(turn) => vec![&turn.body],
        ExprKind::Parallel(block) => vec![block],
        ExprKind::Eventually(eventually) => vec![&eventually.body],
        _ => Vec::new(),
    }
}

/// The request that a statement makes, when it makes one.
pub(super) fn request(statement: &Statement) -> Option<&Request> {
    match &value(statement)?.kind {
        ExprKind::Request(request) => Some(request),
        _ => None,
    }
}

/// Whether a statement in the block passes the test, at any depth.
pub(super) fn any_statement(block: &Block, mut test: impl FnMut(&Statement) -> bool) -> bool {
    let mut found = false;
    for statement in &block.statements {
        each_statement(statement, &mut |inner| found = found || test(inner));
    }
    found
}
