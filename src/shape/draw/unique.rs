//! What `unique(…)` has seen in one list.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::all::Those;
use super::key::Label;
use super::node::{Kind, Node};
use super::part::{Drawing, Drawn, Site, Stuck};
use crate::shape::describe::describe_short;
use crate::shape::{Index, Pattern};
use crate::value::Value;

/// So often a value is drawn again that is there already, before the others are listed.
const TRIES: u64 = 200;
/// Values of which there are more are not listed.
const LISTED: usize = 100_000;

/// The values of one list, by the number of the `unique(…)` that drew them.
#[derive(Debug, Default)]
pub(super) struct Scope(RefCell<BTreeMap<usize, Seen>>);

#[derive(Debug, Default)]
struct Seen {
    index: Index,
    values: Vec<Value>,
}

/// How many values there were.
pub(super) type Mark = BTreeMap<usize, usize>;

impl Scope {
    /// A new one, when it is needed.
    pub(super) fn of(needed: bool) -> Option<Scope> {
        needed.then(Scope::default)
    }

    /// Notes a value; `false` when it is there already.
    fn take(&self, number: usize, value: &Value) -> bool {
        let mut seen = self.0.borrow_mut();
        let Seen { index, values } = seen.entry(number).or_default();
        if index.find(value, |at| &values[at]).is_some() {
            return false;
        }
        index.add(value, values.len());
        values.push(value.clone());
        true
    }

    /// What is there now.
    pub(super) fn mark(&self) -> Mark {
        self.0.borrow().iter().map(|(number, seen)| (*number, seen.values.len())).collect()
    }

    /// Forgets what came after.
    pub(super) fn back(&self, mark: &Mark) {
        for (number, seen) in self.0.borrow_mut().iter_mut() {
            let count = mark.get(number).copied().unwrap_or(0);
            if seen.values.len() > count {
                seen.values.truncate(count);
                seen.index = Index::of(&seen.values);
            }
        }
    }
}

impl Drawing<'_> {
    /// A value that the list around does not have yet.
    pub(super) fn unique(&self, inner: &Node, number: usize, pattern: &Pattern, site: Site<'_>) -> Drawn {
        let Some(scope) = site.scope else { return self.part(inner, site) };
        for attempt in 0..TRIES {
            let site = site.again(attempt);
            let value = self.part(inner, site)?;
            if scope.take(number, &value) {
                return Ok(value);
            }
            if inner.computes {
                return Err(Stuck::Again);
            }
            if matches!(&inner.kind, Kind::Leaf(super::leaf::Leaf::Only(_), ..)) {
                break;
            }
        }
        let shown = describe_short(pattern);
        let Some(all) = self.all(inner, Site { scope: None, ..site }, LISTED, Those::Drawn) else {
            return Err(format!("`{shown}` found no further value that is not there already").into());
        };
        // From a place of its own on, so that the last ones are not always the greatest.
        let first = site.at(Label::CHOICE).place.stream().index(all.len());
        let (after, before) = (all.iter().skip(first), all.iter().take(first));
        match after.chain(before).find(|value| scope.take(number, value)) {
            Some(value) => Ok(value.clone()),
            None => {
                let count = all.len();
                let values = if count == 1 { "value" } else { "values" };
                Err(format!(
                    "`{shown}` has only {count} {values}, and all of them are taken: make the list shorter"
                )
                .into())
            }
        }
    }
}
