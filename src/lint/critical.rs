//! `no-owner`.

use super::Sight;
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Item, ItemKind};

/// The tag that says that a failure matters.
const CRITICAL: &str = "critical";

/// Critical scenarios without an owner.
pub(super) fn find(sight: &Sight<'_>) -> Vec<Diagnostic> {
    let program = &sight.plan.program;
    let mut found = Vec::new();
    for scenario in sight.plan.scenarios.iter().filter(|scenario| scenario.owner.is_none()) {
        let item = program.item(scenario.item);
        // What is wrong with an `@owner` was said.
        if item.attributes.iter().any(|attribute| &*attribute.name.name == "owner") {
            continue;
        }
        let Some(tag) = tag(item) else { continue };
        let known = program.units[scenario.item.unit].names.keys().find(|name| {
            let named = program.lookup_item(scenario.item.unit, name);
            named.is_some_and(|(_, item)| matches!(item.kind, ItemKind::Owner(_)))
        });
        let help = match known {
            Some(owner) => format!("say who is told when it fails, such as `@owner({owner})`"),
            None => {
                "say who is told when it fails: `@owner(payments)`, and `owner payments { … }`".to_owned()
            }
        };
        found.push(
            Diagnostic::warning(Code::NO_OWNER, tag, "this scenario is critical and has no owner").help(help),
        );
    }
    found
}

/// Where an item is called critical.
fn tag(item: &Item) -> Option<Span> {
    let tags = item.attributes.iter().filter(|attribute| &*attribute.name.name == "tags");
    let args = tags.filter_map(|attribute| attribute.args.as_ref()).flat_map(|args| &args.args);
    args.map(|arg| &arg.value).find(|value| is_critical(&value.kind)).map(|value| value.span)
}

fn is_critical(tag: &ExprKind) -> bool {
    match tag {
        ExprKind::Name(name) => &**name == CRITICAL,
        ExprKind::Text(text) => text.plain().is_some_and(|text| &*text == CRITICAL),
        _ => false,
    }
}
