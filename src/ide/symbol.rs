//! What a module declares.

use super::Snapshot;
use crate::check::describe;
use crate::source::Span;
use crate::syntax::ast::{Item, ItemKind, StatementKind};
use crate::syntax::visit;

/// Something declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// Its name; a scenario's title.
    pub name: String,
    /// The word for it: `service`, `scenario`, `step`.
    pub what: &'static str,
    /// All of it.
    pub span: Span,
    /// Its name's place.
    pub at: Span,
    /// The steps of a scenario.
    pub inner: Vec<Symbol>,
}

/// What a module declares, in order.
pub fn symbols(snapshot: &Snapshot, unit: usize) -> Vec<Symbol> {
    snapshot.program().units[unit].module.items.iter().filter_map(|item| symbol(snapshot, item)).collect()
}

fn symbol(snapshot: &Snapshot, item: &Item) -> Option<Symbol> {
    let (what, name) = describe(&item.kind);
    let (name, at) = match (&item.kind, name) {
        (ItemKind::Scenario(scenario), _) => (scenario.title.plain()?.to_string(), scenario.title.span),
        (_, Some(name)) => (name.name.to_string(), name.span),
        _ => return None,
    };
    let mut inner = Vec::new();
    if let ItemKind::Scenario(scenario) = &item.kind {
        visit::statements(&scenario.body, &mut |statement| {
            if let StatementKind::Step(title, _) = &statement.kind {
                inner.push(Symbol {
                    name: snapshot.slice(title.span).trim_matches('"').to_owned(),
                    what: "step",
                    span: snapshot.whole(statement.span),
                    at: snapshot.whole(title.span),
                    inner: Vec::new(),
                });
            }
        });
    }
    Some(Symbol { name, what, span: snapshot.whole(item.span), at: snapshot.whole(at), inner })
}
