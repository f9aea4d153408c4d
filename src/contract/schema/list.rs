//! Lists: their elements, how many, and whether they differ.

use std::sync::Arc;

use super::{DRAWN_DEPTH, Lower, any_json};
use crate::contract::document::{Data, Node};
use crate::contract::drawn::drawn_as;
use crate::shape::{Difference, Judge, Pattern, mismatches};
use crate::value::{Value, show_short};

impl Lower {
    /// The pattern of an `array`.
    pub(super) fn list(&mut self, doc: usize, node: &Arc<Node>) -> Pattern {
        let min = self.count(node, "minItems").unwrap_or(0);
        let max = self.count(node, "maxItems").unwrap_or(u64::MAX);
        if min > max {
            self.error(node.span, "`minItems` is more than `maxItems`, so nothing fits");
        }
        // Draft 7 has a list of schemas under `items`, later drafts under `prefixItems`.
        let items = node.get("items").filter(|items| !matches!(items.data, Data::List(_)));
        let first = node
            .get("prefixItems")
            .or_else(|| node.get("items").filter(|items| matches!(items.data, Data::List(_))));
        let (item, again) = match items {
            Some(items) => self.inner(doc, items),
            None => (any_json(), false),
        };
        let contains = node.get("contains").map(|contains| self.inner(doc, contains).0);
        if let Some(first) = first {
            let first = first.items().iter().map(|part| self.inner(doc, part).0).collect();
            let any = Pattern::Sized(Box::new(Pattern::Anything), min, max);
            return drawn_as(Pattern::List(first, false), any);
        }
        if let Some(contained) = contains {
            let drawn = Pattern::Sized(Box::new(contained), min.max(1), max.min(min.max(1) + 3));
            return drawn_as(drawn, Pattern::Sized(Box::new(item), min, max));
        }
        if node.get("uniqueItems").and_then(|unique| unique.bool()) == Some(true) {
            return unique(item, min, max);
        }
        let list = Pattern::Sized(Box::new(item), min, max);
        match again && self.level >= DRAWN_DEPTH && min == 0 {
            true => drawn_as(Pattern::List(Vec::new(), false), list),
            false => list,
        }
    }
}

/// A list whose elements all differ.
fn unique(item: Pattern, min: u64, max: u64) -> Pattern {
    let list = Pattern::Sized(Box::new(item.clone()), min, max);
    let judge: Judge = Arc::new(move |value: &Value| {
        let found = mismatches(&list, value).listed;
        if !found.is_empty() {
            return found;
        }
        let items = value.as_list().unwrap_or_default();
        let twice = items.iter().enumerate().find(|(at, item)| items[..*at].contains(item));
        twice.map_or_else(Vec::new, |(at, item)| {
            vec![Difference {
                path: format!("[{at}]"),
                expected: "an element that is not there before".to_owned(),
                actual: show_short(item, 60),
            }]
        })
    });
    let drawn = Pattern::Sized(Box::new(Pattern::Unique(Box::new(item))), min, max);
    Pattern::Judged(Box::new(drawn), judge)
}
