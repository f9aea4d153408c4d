//! `no-expectation`.

use std::collections::BTreeSet;

use super::{Sight, reach};
use crate::check::{ItemRef, Program};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::{ExprKind, Item, StatementKind};
use crate::syntax::visit;

/// Scenarios of which nothing expects anything. Where something is wrong, or nothing is done at all,
/// that is said already.
pub(super) fn find(sight: &Sight<'_>) -> Vec<Diagnostic> {
    let program = &sight.plan.program;
    let stating = stating(program);
    let mut found = Vec::new();
    for scenario in &sight.plan.scenarios {
        if scenario.skip.is_some() || stating.contains(&scenario.item) {
            continue;
        }
        let item = program.item(scenario.item);
        let around = item.whole();
        let told = sight.diagnostics.iter().any(|told| {
            let place = told.at.span;
            let here = place.source == around.source && around.contains(place.start);
            here && (told.is_error() || told.code == Code::EMPTY_SCENARIO)
        });
        if told || !program.units[scenario.item.unit].broken.is_empty() {
            continue;
        }
        let Some(body) = sight.plan.body(scenario) else { continue };
        found.push(
            Diagnostic::warning(
                Code::NO_EXPECTATION,
                body.title.span,
                "this scenario expects nothing, but that its requests succeed",
            )
            .help("say what must hold, such as `expect status == 200`"),
        );
    }
    found
}

/// The items that expect something, themselves or in what they run.
fn stating(program: &Program) -> BTreeSet<ItemRef> {
    let runs = reach::runs(program);
    let mut stating: BTreeSet<ItemRef> =
        runs.keys().copied().filter(|&at| expects(program.item(at))).collect();
    // Who names one that does; until nobody is new.
    loop {
        let known = stating.len();
        let naming = runs.iter().filter(|(_, next)| !next.is_disjoint(&stating)).map(|(at, _)| *at);
        stating.extend(naming.collect::<Vec<_>>());
        if stating.len() == known {
            return stating;
        }
    }
}

/// Whether an item states what must hold: an expectation, an attack on an idempotent operation, or a
/// message that must come.
fn expects(item: &Item) -> bool {
    let mut found = false;
    visit::item_statements(item, &mut |statement| {
        found |= matches!(statement.kind, StatementKind::Expect(_) | StatementKind::Idempotent(_));
    });
    visit::item(item, &mut |expr| {
        found |= matches!(&expr.kind, ExprKind::Next(next) if next.pattern.is_some());
    });
    found
}
