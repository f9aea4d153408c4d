//! `@allow`: what it silences, and what it silences for nothing.

use super::LINTS;
use crate::check::Program;
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Item};

/// A lint that is silenced in an item.
struct Allowed<'a> {
    lint: &'a str,
    /// Where it is named.
    at: Span,
    /// The item, with its doc and its attributes.
    item: Span,
    used: bool,
}

/// Takes away what is silenced. Where nothing is wrong, it warns of what silences nothing; of lints
/// that look at whole projects only when one is `whole`.
pub(super) fn apply(program: &Program, sound: bool, whole: bool, diagnostics: &mut Vec<Diagnostic>) {
    let looked = |lint: &str| LINTS.iter().any(|known| known.code.name == lint && (whole || !known.whole));
    let mut allowed = Vec::new();
    for (_, item) in program.items() {
        let here = named(item);
        allowed.extend(here.map(|(lint, at)| Allowed { lint, at, item: item.whole(), used: false }));
    }
    if allowed.is_empty() {
        return;
    }
    diagnostics.retain(|diagnostic| {
        let place = diagnostic.at.span;
        let by = allowed.iter_mut().find(|allowed| {
            let around = allowed.item.source == place.source && allowed.item.contains(place.start);
            around && allowed.lint == diagnostic.code.name && diagnostic.code.lint
        });
        match by {
            Some(by) => {
                by.used = true;
                false
            }
            None => true,
        }
    });
    let agreed: Vec<Span> = allowed
        .iter()
        .filter(|allowed| allowed.lint == Code::UNUSED_ALLOW.name)
        .map(|allowed| allowed.item)
        .collect();
    let unused = |allowed: &&Allowed<'_>| {
        sound && !allowed.used && looked(allowed.lint) && !agreed.contains(&allowed.item)
    };
    for allowed in allowed.iter().filter(unused) {
        let message = format!("`@allow({})` silences nothing", allowed.lint);
        diagnostics.push(Diagnostic::warning(Code::UNUSED_ALLOW, allowed.at, message).help("remove it"));
    }
}

/// The names in the `@allow`s of an item.
fn named(item: &Item) -> impl Iterator<Item = (&str, Span)> {
    let attributes = item.attributes.iter().filter(|attribute| &*attribute.name.name == "allow");
    let args = attributes.filter_map(|attribute| attribute.args.as_ref()).flat_map(|args| &args.args);
    args.filter_map(|arg| match &arg.value.kind {
        ExprKind::Name(name) => Some((&**name, arg.value.span)),
        _ => None,
    })
}
