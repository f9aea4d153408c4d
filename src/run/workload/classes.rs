//! What operations failed with, by class: how many, and the first of each.

use crate::event::{Failure, Place};

/// Further classes are counted as one.
const MOST: usize = 20;

/// What operations failed with so far.
#[derive(Debug, Default)]
pub(super) struct Classes {
    classes: Vec<Class>,
    /// Failures of classes beyond [`MOST`].
    others: u64,
}

/// Failures that are alike: of one operation, at one place, in one way.
#[derive(Debug)]
pub(super) struct Class {
    /// Which of the mix.
    pub(super) operation: usize,
    /// The first of them.
    pub(super) first: Failure,
    /// How many there were.
    pub(super) count: u64,
}

impl Classes {
    /// Counts one.
    pub(super) fn add(&mut self, operation: usize, failure: Failure) {
        let alike = |class: &&mut Class| class.operation == operation && is_like(&class.first, &failure);
        if let Some(class) = self.classes.iter_mut().find(alike) {
            class.count += 1;
        } else if self.classes.len() < MOST {
            self.classes.push(Class { operation, first: failure, count: 1 });
        } else {
            self.others += 1;
        }
    }

    /// The classes of an operation, the most frequent first.
    pub(super) fn of(&self, operation: usize) -> Vec<&Class> {
        let mut classes: Vec<&Class> =
            self.classes.iter().filter(|class| class.operation == operation).collect();
        classes.sort_by_key(|class| std::cmp::Reverse(class.count));
        classes
    }

    /// How many failures of further classes there were.
    pub(super) fn others(&self) -> u64 {
        self.others
    }
}

fn is_like(a: &Failure, b: &Failure) -> bool {
    let at = |place: &Option<Place>| place.as_ref().map(|place| (place.line, place.column));
    a.code == b.code && at(&a.place) == at(&b.place) && way(a) == way(b)
}

/// How an answer begins: `503 Service Unavailable`, `NOT_FOUND`. What follows may name the one
/// thing that was asked for.
fn way(failure: &Failure) -> &str {
    let response = failure.exchange.as_ref().map_or("", |exchange| &exchange.response);
    response.split([':', ',', '`']).next().unwrap_or_default()
}
