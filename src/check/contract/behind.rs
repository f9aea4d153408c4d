//! The literals that names stand for.

use crate::check::walker::Walker;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, LetTarget, ObjectEntry};

impl<'a> Walker<'a, '_> {
    /// What an expression stands for: the literal that a variable holds, what `case.x` is in each
    /// case, or the expression itself.
    pub(super) fn behind(&self, expr: &'a Expr) -> Vec<&'a Expr> {
        match &expr.kind {
            ExprKind::Name(name) => {
                if let Some(variable) = self.scopes.get(name) {
                    return self.memory.literals.get(&variable.span).map_or(vec![expr], |found| vec![found]);
                }
                match self.cx.program.lookup_item(self.item.unit, name).map(|(_, item)| &item.kind) {
                    Some(ItemKind::Let(binding)) if matches!(binding.target, LetTarget::Name(_)) => {
                        vec![&binding.value]
                    }
                    _ => vec![expr],
                }
            }
            ExprKind::Field(base, field) => match (&base.kind, self.cases) {
                (ExprKind::Name(name), Some(Expr { kind: ExprKind::List(cases, _), .. }))
                    if &**name == "case" && self.scopes.get(name).is_none() =>
                {
                    let found: Vec<&Expr> =
                        cases.iter().filter_map(|case| field_of(case, &field.name)).collect();
                    if found.is_empty() { vec![expr] } else { found }
                }
                _ => vec![expr],
            },
            _ => vec![expr],
        }
    }
}

/// The value of a field of a literal object.
fn field_of<'e>(object: &'e Expr, wanted: &str) -> Option<&'e Expr> {
    let ExprKind::Object(object) = &object.kind else { return None };
    object.entries.iter().find_map(|entry| match entry {
        ObjectEntry::Field { name, value, .. } if name.plain().as_deref() == Some(wanted) => Some(value),
        _ => None,
    })
}
