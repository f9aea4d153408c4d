//! Parts of documents as values, with what their references lead to: for keywords of which only
//! equality can be shown.

use std::sync::Arc;

use crate::contract::document::{Data, Node};
use crate::contract::schema::Files;
use crate::value::Value;

/// More parts than this are not written out: references may lead to the same part many times.
const MOST: usize = 20_000;

/// The part with its references followed; one that leads back to where it stands is its name.
pub(super) fn whole(files: &Files, doc: usize, node: &Arc<Node>) -> Value {
    Writing { files, stack: Vec::new(), left: MOST }.part(doc, node)
}

struct Writing<'a> {
    files: &'a Files,
    /// The parts that references have led to, outermost first.
    stack: Vec<(usize, String)>,
    left: usize,
}

impl Writing<'_> {
    fn part(&mut self, doc: usize, node: &Arc<Node>) -> Value {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            return node.value();
        }
        match &node.data {
            Data::List(items) => Value::list(items.iter().map(|item| self.part(doc, item)).collect()),
            Data::Map(entries) => {
                let mut fields: Vec<(Arc<str>, Value)> = Vec::new();
                for entry in entries {
                    match (&*entry.key, entry.value.text()) {
                        ("$ref", Some(reference)) => {
                            fields.push((entry.key.clone(), self.reference(doc, reference)));
                        }
                        // What is said to people; a property of this name is no text.
                        ("title" | "description" | "$comment", Some(_)) => {}
                        _ => fields.push((entry.key.clone(), self.part(doc, &entry.value))),
                    }
                }
                Value::object(fields)
            }
            _ => node.value(),
        }
    }

    fn reference(&mut self, doc: usize, reference: &Arc<str>) -> Value {
        let Ok(target) = self.files.follow(doc, reference) else { return Value::text(reference.clone()) };
        if self.stack.contains(&target.key) {
            return Value::text(target.name(self.files));
        }
        self.stack.push(target.key.clone());
        let value = self.part(target.key.0, &target.node);
        self.stack.pop();
        value
    }
}
