//! OpenAPI: the rules, and the walk over two documents that finds what breaks them. It reads the
//! documents themselves, with the places of their parts: an interface has no names of functions
//! and schemas, and those are half of what may break. Operations are paired by their method and
//! path, in which names of parameters do not count.

mod forms;
mod operation;
mod outgoing;
mod property;
mod schema;
mod table;
mod view;
mod whole;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Break, Level, Mark, Nothing, Rule, Touches};
use crate::contract::document::{Entry, Node};
use crate::contract::openapi::Document;
use crate::contract::schema::Files;
use crate::contract::{Address, Segment};
use crate::source::Span;
pub(crate) use table::RULES;

const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// A part of a document: which of its files, and the node there.
type Part = (usize, Arc<Node>);

/// One operation.
struct Op {
    /// `POST /v1/orders`
    name: Arc<str>,
    address: Address,
    /// What holds for all operations of the path.
    item: Part,
    /// The operation itself, under its method.
    entry: Entry,
}

/// The walk.
struct Walk<'a> {
    old: &'a Files,
    new: &'a Files,
    level: Level,
    found: Vec<Found>,
    /// The operation at hand.
    at: Vec<Address>,
}

/// A break, and all operations through which it was found: a schema may serve many.
struct Found {
    rule: &'static Rule,
    message: String,
    old: Mark,
    new: Mark,
    operations: Vec<Address>,
    names: Vec<Arc<str>>,
}

/// Compares.
pub(crate) fn compare(old: &Document, new: &Document, level: Level) -> Result<Vec<Break>, Nothing> {
    let (before, after) = (operations(old), operations(new));
    let mut walk = Walk { old: old.files(), new: new.files(), level, found: Vec::new(), at: Vec::new() };
    if before.is_empty() && schemas(walk.old).is_empty() && walk.old.root().get("webhooks").is_none() {
        return Err(Nothing::Declared);
    }
    let mut pairs = walk.schemas();
    for op in &before {
        walk.at = vec![op.address.clone()];
        match after.iter().find(|other| same_route(&op.address, &other.address)) {
            Some(other) => {
                pairs += 1;
                walk.operation(op, other);
            }
            None => walk.lost_operation(op, &after),
        }
    }
    walk.at = Vec::new();
    pairs += walk.outgoing(&before, &after);
    walk.unreached(&before);
    let said = walk.found.iter().any(|found| found.rule.levels.contains(&level));
    if pairs == 0 && !said {
        return Err(Nothing::InCommon);
    }
    Ok(walk.found.into_iter().map(Found::finish).collect())
}

impl Found {
    fn finish(self) -> Break {
        Break {
            rule: self.rule,
            message: self.message,
            old: Some(self.old),
            new: Some(self.new),
            touches: Touches { operations: self.operations.into(), names: self.names },
        }
    }
}

impl Walk<'_> {
    /// Notes a break; one that other operations have too is noted once.
    fn say(
        &mut self,
        rule: &'static Rule,
        message: impl Into<String>,
        old: (Span, &str),
        new: (Span, &str),
        names: &[&str],
    ) {
        if !rule.levels.contains(&self.level) {
            return;
        }
        let message = message.into();
        let same = |found: &&mut Found| {
            found.rule == rule
                && found.old.span == old.0
                && found.new.span == new.0
                && found.message == message
        };
        if let Some(known) = self.found.iter_mut().find(same) {
            for operation in &self.at {
                if !known.operations.contains(operation) {
                    known.operations.push(operation.clone());
                }
            }
            return;
        }
        let mark = |(span, text): (Span, &str)| Mark { span, text: text.to_owned() };
        let names = names.iter().map(|name| Arc::from(*name)).collect();
        let operations = self.at.clone();
        self.found.push(Found { rule, message, old: mark(old), new: mark(new), operations, names });
    }

    /// Named schemas: whether each is still there. How many are.
    fn schemas(&mut self) -> usize {
        let (before, after) = (schemas(self.old), schemas(self.new));
        let names: BTreeSet<&Arc<str>> = after.iter().map(|entry| &entry.key).collect();
        let root = self.new.root().span;
        let home = self.new.root().get("components").and_then(|it| it.entry("schemas"));
        let home = home.map_or(root, |entry| entry.key_span);
        let mut pairs = 0;
        for entry in &before {
            if names.contains(&entry.key) {
                pairs += 1;
                continue;
            }
            let message = format!("the schema `{}` is gone", entry.key);
            let marks = ((entry.key_span, "it stood here"), (home, "and is no longer among these"));
            self.say(table::SCHEMA_DELETED, message, marks.0, marks.1, &[]);
        }
        pairs
    }

    fn lost_operation(&mut self, op: &Op, others: &[Op]) {
        let root = self.new.root();
        let paths = root.entry("paths").map_or(root.span, |entry| entry.key_span);
        let beside = others.iter().find(|other| path_of(&other.address) == path_of(&op.address));
        let home = beside.map_or(paths, |other| other.entry.key_span);
        let text = match beside {
            Some(_) => "its path has this one now",
            None => "and is no longer among these",
        };
        let message = format!("the operation `{}` is gone", op.name);
        self.say(table::OPERATION_DELETED, message, (op.entry.key_span, "it stood here"), (home, text), &[]);
    }
}

/// The named schemas of a document.
fn schemas(files: &Files) -> Vec<Entry> {
    let components = files.root().get("components").and_then(|components| components.get("schemas"));
    components.map(|schemas| schemas.entries().to_vec()).unwrap_or_default()
}

/// Every operation, in the order of the document.
fn operations(document: &Document) -> Vec<Op> {
    let files = document.files();
    let mut found = Vec::new();
    let Some(paths) = files.root().get("paths") else { return found };
    for path in paths.entries() {
        let item = resolve(files, (0, path.value.clone()));
        let more = item.1.get("additionalOperations").map(|more| more.entries()).unwrap_or_default();
        for entry in item.1.entries().iter().chain(more) {
            let name = format!("{} {}", entry.key.to_uppercase(), path.key);
            let known = document.interface().operations.iter().find(|known| *known.name == *name);
            let Some(known) = known else { continue };
            found.push(Op {
                name: known.name.clone(),
                address: known.address.clone(),
                item: item.clone(),
                entry: entry.clone(),
            });
        }
    }
    found
}

/// Whether requests to the one reach the other.
fn same_route(a: &Address, b: &Address) -> bool {
    match (a, b) {
        (Address::Http { method, .. }, Address::Http { method: other, .. }) => {
            method == other && path_of(a) == path_of(b)
        }
        _ => false,
    }
}

/// The path with a `{}` for each parameter.
fn path_of(address: &Address) -> Vec<String> {
    let Address::Http { path, .. } = address else { return Vec::new() };
    let segments = path.iter().map(|segment| match segment {
        Segment::Literal(text) => text.to_string(),
        Segment::Parameter { prefix, suffix, .. } => format!("{prefix}{{}}{suffix}"),
    });
    segments.collect()
}

/// What a part is or refers to. References were followed when the document was read, so they lead
/// somewhere.
fn resolve(files: &Files, part: Part) -> Part {
    let reference = part.1.get("$ref").and_then(|reference| reference.text());
    match reference.and_then(|text| files.follow(part.0, text).ok()) {
        Some(target) => (target.key.0, target.node),
        None => part,
    }
}
