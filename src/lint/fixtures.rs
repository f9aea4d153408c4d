//! `unused-fixture`.

use std::collections::BTreeSet;

use super::Sight;
use crate::check::{ItemRef, Referent};
use crate::diag::{Code, Diagnostic};
use crate::syntax::ast::ItemKind;

/// Fixtures that nothing names but imports.
pub(super) fn find(sight: &Sight<'_>) -> Vec<Diagnostic> {
    let program = &sight.plan.program;
    if !sight.is_sound() {
        return Vec::new();
    }
    let imports: Vec<_> = program
        .items()
        .filter(|(_, item)| matches!(item.kind, ItemKind::Use(_)))
        .map(|(_, item)| item.span)
        .collect();
    let mut used: BTreeSet<ItemRef> = BTreeSet::new();
    for mention in sight.given.mentions {
        let Referent::Item(at) = mention.of else { continue };
        let ItemKind::Fixture(fixture) = &program.item(at).kind else { continue };
        let imported = |import: &crate::source::Span| {
            import.source == mention.span.source && import.contains(mention.span.start)
        };
        if mention.span != fixture.name.span && !imports.iter().any(imported) {
            used.insert(at);
        }
    }
    let mut found = Vec::new();
    for (at, item) in program.items() {
        if !program.units[at.unit].named || used.contains(&at) {
            continue;
        }
        let ItemKind::Fixture(fixture) = &item.kind else { continue };
        let name = &fixture.name;
        let message = format!("no scenario needs the fixture `{}`", name.name);
        found.push(
            Diagnostic::warning(Code::UNUSED_FIXTURE, name.span, message)
                .help("remove it; a fixture is set up for those who name it"),
        );
    }
    found
}
