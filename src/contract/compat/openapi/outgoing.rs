//! What no operation carries: webhooks and callbacks, which the service sends, and schemas that are
//! only named.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::schema::{Place, Side};
use super::{METHODS, Op, Part, Walk, resolve, schemas, table};
use crate::contract::document::{Entry, Node};
use crate::contract::schema::Files;

/// A request that the service sends.
struct Outgoing {
    /// ``webhook `paid`, sent by POST``
    name: String,
    doc: usize,
    entry: Entry,
}

impl Walk<'_> {
    /// Compares webhooks, and the callbacks of operations; says how many are on both sides.
    pub(super) fn outgoing(&mut self, old: &[Op], new: &[Op]) -> usize {
        let (before, after) = (all(self.old, old), all(self.new, new));
        let home = self.new.root().span;
        let mut pairs = 0;
        for was in &before {
            let Some(is) = after.iter().find(|other| other.name == was.name) else {
                let message = format!("the {} is gone", was.name);
                let marks = ((was.entry.key_span, "it stood here"), (home, "and is not in this any more"));
                self.say(table::WEBHOOK_DELETED, message, marks.0, marks.1, &[]);
                continue;
            };
            pairs += 1;
            let body = |files: &Files, one: &Outgoing| -> Option<Part> {
                let body = one.entry.value.get("requestBody")?;
                Some(resolve(files, (one.doc, body.clone())))
            };
            let owner = format!("the body of the {}", was.name);
            let spans = (was.entry.key_span, is.entry.key_span);
            match (body(self.old, was), body(self.new, is)) {
                // The service sends it, as it does answers.
                (Some(was), Some(is)) => {
                    self.content((&was, spans.0), (&is, spans.1), Side::Response, &owner)
                }
                (Some(_), None) => {
                    let message = format!("the {} no longer has a body", was.name);
                    let marks = ((spans.0, "it had one here"), (spans.1, "and has none any more"));
                    self.say(table::RESPONSE_BODY_DELETED, message, marks.0, marks.1, &[]);
                }
                (None, _) => {}
            }
        }
        pairs
    }

    /// Compares the named schemas that no operation leads to: nobody knows who sends them, so
    /// they count as sent by either side.
    pub(super) fn unreached(&mut self, operations: &[Op]) {
        let mut reached = BTreeSet::new();
        for op in operations {
            let parameters = op.item.1.get("parameters").cloned();
            for node in [Some(op.entry.value.clone()), parameters].into_iter().flatten() {
                mark(self.old, op.item.0, &node, &mut reached);
            }
        }
        let after = schemas(self.new);
        for was in schemas(self.old).iter().filter(|was| !reached.contains(&address(&was.value))) {
            let Some(is) = after.iter().find(|is| is.key == was.key) else { continue };
            let parts = ([(0, was.value.clone())], [(0, is.value.clone())]);
            for side in [Side::Request, Side::Response] {
                let owner = format!("`{}`", was.key);
                let place = Place::new(side, owner, &[], (was.key_span, is.key_span));
                self.schema(&parts.0, &parts.1, &place);
            }
        }
    }
}

fn all(files: &Files, operations: &[Op]) -> Vec<Outgoing> {
    let mut found = Vec::new();
    let mut item = |what: String, doc: usize, item: &Arc<Node>| {
        let (doc, item) = resolve(files, (doc, item.clone()));
        for entry in item.entries().iter().filter(|entry| METHODS.contains(&&*entry.key)) {
            let name = format!("{what}, sent by {}", entry.key.to_uppercase());
            found.push(Outgoing { name, doc, entry: entry.clone() });
        }
    };
    for webhook in files.root().get("webhooks").map(|it| it.entries()).unwrap_or_default() {
        item(format!("webhook `{}`", webhook.key), 0, &webhook.value);
    }
    for op in operations {
        for callback in op.entry.value.get("callbacks").map(|it| it.entries()).unwrap_or_default() {
            let (doc, inner) = resolve(files, (op.item.0, callback.value.clone()));
            // The expression under which an item stands says where to, not what.
            for (index, to) in inner.entries().iter().filter(|it| !it.key.starts_with("x-")).enumerate() {
                let count = if index == 0 { String::new() } else { format!(" {}", index + 1) };
                item(format!("callback `{}`{count} of `{}`", callback.key, op.name), doc, &to.value);
            }
        }
    }
    found
}

/// Notes all that references lead to.
fn mark(files: &Files, doc: usize, node: &Arc<Node>, reached: &mut BTreeSet<usize>) {
    let mut waiting = vec![(doc, node.clone())];
    while let Some((doc, node)) = waiting.pop() {
        if let Some(reference) = node.get("$ref").and_then(|reference| reference.text())
            && let Ok(target) = files.follow(doc, reference)
            && reached.insert(address(&target.node))
        {
            waiting.push((target.key.0, target.node));
        }
        // What callbacks carry is looked at there.
        let inner = node.entries().iter().filter(|entry| &*entry.key != "callbacks");
        let inner = inner.map(|entry| &entry.value).chain(node.items());
        waiting.extend(inner.map(|inner| (doc, inner.clone())));
    }
}

fn address(node: &Arc<Node>) -> usize {
    Arc::as_ptr(node) as usize
}
