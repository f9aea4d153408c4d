//! Secrets that are known by the name of what they are given to.

use super::{Secret, place};
use crate::source::Sources;
use crate::syntax::ast::{
    Expr, ExprKind, Item, ItemKind, Let, LetTarget, ObjectEntry, ObjectExpr, ParamDecl, StatementKind,
    Template,
};
use crate::syntax::visit;

/// What is part of the names of secrets, in lower case and with `_`.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "api_key",
    "apikey",
    "access_key",
    "private_key",
    "signing_key",
    "authorization",
    "credential",
];

/// Names of secrets that may be part of others, as of `author`: an option, and the functions that make
/// its value.
const WHOLE_NAMES: &[&str] = &["auth", "basic", "bearer"];

/// What is part of names that only sound so: what leads to the next page is no secret.
const HARMLESS: &[&str] = &["page", "next", "cursor", "continuation", "idempotency", "token_type"];

/// Words of values that are no secrets, and say so.
const PLACEHOLDERS: &[&str] = &[
    "test",
    "example",
    "sample",
    "dummy",
    "fake",
    "demo",
    "mock",
    "secret",
    "password",
    "changeme",
    "placeholder",
    "xxxx",
    "1234",
    "abcd",
];

/// The fewest characters in one piece that are taken for random.
const LONG: usize = 16;

/// The least that they tell, in bits a character: 16 hexadecimal digits have 3.2 on average.
const RANDOM: f64 = 2.8;

/// The texts of an item that have the name of a secret and look like one.
pub(super) fn secrets(item: &Item, sources: &Sources) -> Vec<Secret> {
    let mut found = Vec::new();
    let mut look = |name: &str, value: &Expr| {
        texts(value, &mut |text| {
            if let Some(value) = random(text).filter(|_| is_secret(name)) {
                let message = format!("`{name}` holds what looks like a secret");
                found.push(Secret { span: place(&value, text, sources), value, message });
            }
        });
    };
    match &item.kind {
        ItemKind::Let(binding) => bound(binding, &mut look),
        ItemKind::Input(input) => input.default.iter().for_each(|value| look(&input.name.name, value)),
        ItemKind::Action(action) => defaults(&action.params, &mut look),
        ItemKind::Double(double) => defaults(&double.params, &mut look),
        _ => {}
    }
    visit::item_statements(item, &mut |statement| {
        if let StatementKind::Let(binding) = &statement.kind {
            bound(binding, &mut look);
        }
    });
    visit::item(item, &mut |expr| match &expr.kind {
        ExprKind::Object(object) | ExprKind::Refine(_, object) => fields(object, &mut look),
        ExprKind::Request(request) => {
            request.options.iter().for_each(|options| fields(options, &mut look));
        }
        ExprKind::Call(callee, args) => {
            for arg in &args.args {
                arg.name.iter().for_each(|name| look(&name.name, &arg.value));
            }
            if let ExprKind::Name(name) = &callee.kind
                && let Some(last) = args.args.iter().rfind(|arg| arg.name.is_none())
                && matches!(&**name, "basic" | "bearer")
            {
                look(name, &last.value);
            }
        }
        _ => {}
    });
    found
}

/// Takes a name and what it is given.
type Look<'l> = &'l mut dyn FnMut(&str, &Expr);

fn bound(binding: &Let, look: Look<'_>) {
    if let LetTarget::Name(name) = &binding.target {
        look(&name.name, &binding.value);
    }
}

fn defaults(params: &[ParamDecl], look: Look<'_>) {
    for param in params {
        param.default.iter().for_each(|value| look(&param.name.name, value));
    }
}

fn fields(object: &ObjectExpr, look: Look<'_>) {
    for entry in &object.entries {
        if let ObjectEntry::Field { name, value, .. } = entry
            && let Some(name) = name.plain()
        {
            look(&name, value);
        }
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase().replace('-', "_");
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    WHOLE_NAMES.contains(&&*name) || has(NAMES) && !has(HARMLESS)
}

/// The texts that a value may be: its own, each one of a list, and those that branches come to.
fn texts(value: &Expr, each: &mut dyn FnMut(&Template)) {
    match &value.kind {
        ExprKind::Text(text) => each(text),
        ExprKind::List(items, _) => items.iter().for_each(|item| texts(item, each)),
        ExprKind::If(branch) => {
            for block in [Some(&branch.then), branch.otherwise.as_ref()].into_iter().flatten() {
                if let Some(StatementKind::Expr(last)) = block.statements.last().map(|last| &last.kind) {
                    texts(last, each);
                }
            }
        }
        _ => {}
    }
}

/// The random part of a text, such as what follows `Bearer`.
fn random(text: &Template) -> Option<String> {
    let text = text.plain()?;
    let part = text.split_whitespace().last()?;
    let spoken = text.split_whitespace().count() > 2;
    if spoken || !part.split(['_', '-', '.', ':', '/']).any(is_random) || is_placeholder(part) {
        return None;
    }
    Some(part.to_owned())
}

fn is_random(piece: &str) -> bool {
    piece.chars().count() >= LONG && is_mixed(piece) && entropy(piece) >= RANDOM
}

/// Whether a text has letters and digits, as words do not.
pub(super) fn is_mixed(text: &str) -> bool {
    text.contains(|c: char| c.is_ascii_alphabetic()) && text.contains(|c: char| c.is_ascii_digit())
}

/// Whether a value says that it stands for another.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.to_lowercase();
    PLACEHOLDERS.iter().any(|word| value.contains(word))
}

/// How much each character of a text tells, in bits, by how often it comes (Shannon).
pub(super) fn entropy(text: &str) -> f64 {
    let mut counts = std::collections::BTreeMap::new();
    for c in text.chars() {
        *counts.entry(c).or_insert(0u32) += 1;
    }
    let total = f64::from(counts.values().sum::<u32>());
    counts.values().map(|&count| f64::from(count) / total).map(|share| -share * share.log2()).sum()
}
