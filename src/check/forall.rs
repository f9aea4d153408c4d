//! `forall`: its shape, the number of its cases, and that its statements check something.

use super::scope::Value;
use super::walker::Walker;
use crate::diag::{Code, Diagnostic};
use crate::lang::Ty;
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, Forall, StatementKind, UnaryOp};
use crate::syntax::visit;

impl<'a> Walker<'a, '_> {
    pub(super) fn forall(&mut self, forall: &'a Forall, keyword: Span) {
        if self.place.eventually {
            self.push(
                Diagnostic::error(Code::MISPLACED, keyword, "`forall` does not stand in `eventually`")
                    .help("every attempt would try every case; write the `eventually` inside the `forall`"),
            );
        }
        self.draw(&forall.shape, forall.shape.span);
        if let Some(cases) = &forall.cases {
            self.typed(cases, Ty::Number, "the number of cases");
            self.number_of_cases(cases);
        }
        if !checks_something(&forall.body) {
            self.push(
                Diagnostic::error(Code::NOTHING_CHECKED, keyword, "this `forall` checks nothing")
                    .label("no request, no expectation, no call")
                    .help("write what must hold for every value: `expect …`"),
            );
        }
        self.scopes.enter();
        self.clear("each case starts without one", keyword);
        self.declare(&forall.name, Value::Plain, true);
        self.at(
            |place| (place.returns, place.eventually, place.valued) = (false, false, false),
            |walker| walker.block(&forall.body),
        );
        self.leave();
        self.clear("`forall` clears the response", keyword);
        self.called_action = None;
    }

    /// A number that is written must be one of at least one case.
    fn number_of_cases(&mut self, cases: &Expr) {
        let number = match &cases.kind {
            ExprKind::Number(number) => number.to_i128(),
            ExprKind::Unary(UnaryOp::Negate, inner) => match &inner.kind {
                ExprKind::Number(_) => None,
                _ => return,
            },
            _ => return,
        };
        if number.is_some_and(|number| (1..=1_000_000).contains(&number)) {
            return;
        }
        let diagnostic =
            Diagnostic::error(Code::WRONG_TYPE, cases.span, "a property has from 1 to 1000000 cases");
        self.push(match number {
            Some(0) => diagnostic.help("no case checks nothing, and that is no pass"),
            _ => diagnostic,
        });
    }
}

/// Whether a block makes a request, expects something, or calls what may.
fn checks_something(block: &Block) -> bool {
    let mut checks = false;
    visit::block(block, &mut |expr| {
        checks |= matches!(expr.kind, ExprKind::Request(_) | ExprKind::Call(..));
    });
    visit::statements(block, &mut |statement| {
        // What could not be read may have been a check.
        checks |= matches!(statement.kind, StatementKind::Expect(_) | StatementKind::Error);
    });
    checks
}
