//! `over-long`.

use super::Sight;
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::StatementKind;
use crate::syntax::visit;

/// The most statements that a scenario has: what still fits two screens.
pub(super) const MOST: usize = 60;

/// Scenarios with too many statements. A `step` is a heading, so it does not count.
pub(super) fn find(sight: &Sight<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for body in sight.plan.scenarios.iter().filter_map(|scenario| sight.plan.body(scenario)) {
        let mut count = 0;
        visit::statements(&body.body, &mut |statement| {
            count += usize::from(!matches!(statement.kind, StatementKind::Step(..)));
        });
        if count > MOST {
            let message = format!("this scenario has {count} statements, more than {MOST}");
            found.push(
                Diagnostic::warning(Code::OVER_LONG, body.title.span, message)
                    .help("make actions of its parts, or a scenario of each thing that it shows"),
            );
        }
    }
    found
}
