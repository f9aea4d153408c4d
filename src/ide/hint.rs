//! What an editor shows between the words: the names of parameters whose arguments do not say what
//! they are, and the places where an example of what is drawn helps.

use super::Snapshot;
use crate::check::Definition;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, ItemKind};
use crate::syntax::visit;

/// A few words at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Before this.
    pub at: Span,
    /// What is shown.
    pub label: String,
}

/// The hints in a part of a module.
pub fn hints(snapshot: &Snapshot, unit: usize, start: u32, end: u32) -> Vec<Hint> {
    let program = snapshot.program();
    let mut found = Vec::new();
    for item in &program.units[unit].module.items {
        let span = snapshot.whole(item.span);
        if span.end < start || span.start > end {
            continue;
        }
        visit::item(item, &mut |expr| {
            let ExprKind::Call(callee, args) = &expr.kind else { return };
            let ExprKind::Name(name) = &callee.kind else { return };
            let Some(Definition::Item(at)) = program.lookup(unit, name) else { return };
            let params = match &program.item(at).kind {
                ItemKind::Action(action) => &action.params,
                ItemKind::Fn(script) => &script.params,
                _ => return,
            };
            let given = args.args.iter().take_while(|arg| arg.name.is_none());
            for (arg, param) in given.zip(params) {
                // An argument of the same name says it already.
                if snapshot.slice(arg.value.span) != &*param.name.name {
                    let at = snapshot.whole(arg.value.span);
                    found.push(Hint { at, label: format!("{}:", param.name.name) });
                }
            }
        });
    }
    found.retain(|hint| start <= hint.at.start && hint.at.start <= end);
    found
}

/// Every `any …` in a part of a module, with the shape that it draws.
pub fn draws(snapshot: &Snapshot, unit: usize, start: u32, end: u32) -> Vec<(Span, &Expr)> {
    let mut found = Vec::new();
    for item in &snapshot.program().units[unit].module.items {
        visit::item(item, &mut |expr| {
            if let ExprKind::Any(shape) = &expr.kind {
                let span = snapshot.whole(expr.span);
                if start <= span.start && span.end <= end {
                    found.push((span, &**shape));
                }
            }
        });
    }
    found
}
