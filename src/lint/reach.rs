//! Which items a name runs.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Definition, ItemRef, Program};
use crate::syntax::ast::{Expr, ExprKind, ItemKind};
use crate::syntax::visit;

/// The item that a name means in a module, also as `x.name` in a module that is imported as `x`.
pub(super) fn item_named(program: &Program, unit: usize, name: &Expr) -> Option<ItemRef> {
    match &name.kind {
        ExprKind::Name(name) => program.lookup_item(unit, name).map(|(at, _)| at),
        ExprKind::Field(module, name) => {
            let ExprKind::Name(module) = &module.kind else { return None };
            let Some(Definition::Module(module)) = program.lookup(unit, module) else { return None };
            program.lookup_item(module, &name.name).map(|(at, _)| at)
        }
        _ => None,
    }
}

/// The items that run something or state what must hold, each with the actions and doubles that it
/// names.
pub(super) fn runs(program: &Program) -> BTreeMap<ItemRef, BTreeSet<ItemRef>> {
    let mut found: BTreeMap<ItemRef, BTreeSet<ItemRef>> = BTreeMap::new();
    for (at, item) in program.items() {
        if !matches!(item.kind, ItemKind::Scenario(_) | ItemKind::Action(_) | ItemKind::Double(_)) {
            continue;
        }
        let next = found.entry(at).or_default();
        visit::item(item, &mut |expr| {
            next.extend(item_named(program, at.unit, expr).filter(|&next| {
                matches!(program.item(next).kind, ItemKind::Action(_) | ItemKind::Double(_))
            }));
        });
    }
    found
}
