//! Objects: their fields, which are required, and what others may be there.

use std::sync::Arc;

use super::{DRAWN_DEPTH, Lower, Mode, any_json};
use crate::contract::document::{Data, Node};
use crate::contract::drawn::not_drawn;
use crate::shape::{FieldPattern, MapPattern, ObjectPattern, Pattern};

/// References to a property's own description are followed this far.
const MAX_HOPS: usize = 16;

impl Lower {
    /// The pattern of an `object`.
    pub(super) fn object(&mut self, doc: usize, node: &Arc<Node>) -> Pattern {
        let required = self.required(node);
        let others = node.get("additionalProperties");
        let rest = match others.map(|others| &others.data) {
            None | Some(Data::Bool(_)) => None,
            Some(_) => others.map(|others| Box::new(self.inner(doc, others).0)),
        };
        let by_pattern = node.get("patternProperties").is_some();
        let mut object = ObjectPattern {
            open: by_pattern || others.and_then(|others| others.bool()) != Some(false),
            // A field that a pattern names need not fit what the others must.
            rest: rest.filter(|_| !by_pattern),
            ..ObjectPattern::default()
        };
        for entry in node.get("properties").map(|map| map.entries()).unwrap_or_default() {
            let (pattern, again) = self.inner(doc, &entry.value);
            let must = required.iter().any(|(name, _)| *name == entry.key);
            let field = self.field(doc, &entry.value, pattern, must, again);
            object.fields.push(FieldPattern {
                name: entry.key.clone(),
                origin: Some(entry.key_span),
                ..field
            });
        }
        for (name, span) in required {
            if object.fields.iter().all(|field| field.name != name) {
                let pattern = object.rest.as_deref().cloned().unwrap_or_else(any_json);
                let field = FieldPattern { origin: Some(span), ..FieldPattern::new(name, false, pattern) };
                object.fields.push(field);
            }
        }
        let (min, max) = (self.count(node, "minProperties"), self.count(node, "maxProperties"));
        if object.fields.is_empty()
            && object.open
            && (object.rest.is_some() || min.is_some() || max.is_some())
        {
            return Pattern::Map(Box::new(MapPattern {
                key: Pattern::Type("text", Arc::default()),
                value: object.rest.map_or_else(any_json, |rest| *rest),
                min: min.unwrap_or(0),
                max: max.unwrap_or(u64::MAX),
            }));
        }
        Pattern::Object(object)
    }

    /// A field without its name, with what `readOnly`, `writeOnly` and recursion make of it.
    fn field(&self, doc: usize, node: &Arc<Node>, pattern: Pattern, must: bool, again: bool) -> FieldPattern {
        let says = |key| self.says(doc, node, key);
        let (optional, pattern) = match self.mode {
            Mode::Request if says("readOnly") => (true, not_drawn(pattern)),
            // A password that comes back is what the contract promised not to do.
            Mode::Response if says("writeOnly") => (true, Pattern::Absent),
            // By itself a type stands for what is sent, so it is drawn, and for what comes back.
            Mode::Either if must && says("writeOnly") => {
                let name = crate::shape::describe(&pattern);
                let both = Pattern::Weighted(vec![(1, pattern), (0, Pattern::Absent)]);
                (false, Pattern::Named(name.into(), Arc::new(both)))
            }
            _ if !must && again && self.level >= DRAWN_DEPTH => (true, not_drawn(pattern)),
            _ => (!must, pattern),
        };
        FieldPattern::new("", optional, pattern)
    }

    /// Whether a schema, or the one it refers to, has a keyword that is true.
    fn says(&self, doc: usize, node: &Arc<Node>, key: &str) -> bool {
        let (mut doc, mut node) = (doc, node.clone());
        for _ in 0..MAX_HOPS {
            if node.get(key).and_then(|value| value.bool()) == Some(true) {
                return true;
            }
            let Some(reference) = node.get("$ref").and_then(|reference| reference.text()) else {
                return false;
            };
            let Ok(target) = self.files.follow(doc, reference) else { return false };
            (doc, node) = (target.key.0, target.node);
        }
        false
    }

    fn required(&mut self, node: &Node) -> Vec<(Arc<str>, crate::source::Span)> {
        let Some(given) = node.get("required") else { return Vec::new() };
        let Data::List(items) = &given.data else {
            self.error(given.span, format!("`required` is a list of names, not {}", given.kind()));
            return Vec::new();
        };
        let mut names = Vec::new();
        for item in items {
            match item.text() {
                Some(name) => names.push((name.clone(), item.span)),
                None => {
                    self.error(item.span, format!("`required` is a list of names, not of {}", item.kind()))
                }
            }
        }
        names
    }
}
