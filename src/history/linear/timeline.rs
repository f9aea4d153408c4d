//! The order in which operations began and ended, which is all that linearizability asks of time.

use crate::history::model::{Act, Effect, Op};

/// A step of real time: an operation of [`Timeline::ops`] begins, or it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Call(u32),
    Return(u32),
}

/// Operations of unknown outcome that do the same: an order that uses one of them may as well use
/// the earliest that it did not use before, so that only their number counts.
#[derive(Debug)]
pub(super) struct Class {
    pub act: Act,
    pub effect: Effect,
    /// In the order of their starts.
    pub ops: Vec<u32>,
}

/// Operations with their events. Equal times count as overlapping: a call comes before a return
/// of the same time.
#[derive(Debug)]
pub(super) struct Timeline<'a> {
    pub ops: &'a [Op],
    pub events: Vec<Event>,
    pub classes: Vec<Class>,
    /// The class of each operation of unknown outcome, `u32::MAX` for the others.
    pub class_of: Vec<u32>,
    /// So many operations of known outcome are open at once.
    pub width: usize,
}

impl<'a> Timeline<'a> {
    /// The events of these operations, which are in the order of their starts.
    pub(super) fn new(ops: &'a [Op]) -> Timeline<'a> {
        let mut returns: Vec<(i64, u32)> = Vec::with_capacity(ops.len());
        let mut class_of = vec![u32::MAX; ops.len()];
        let mut classes: Vec<Class> = Vec::new();
        let mut known: foldhash::HashMap<Act, u32> = foldhash::HashMap::default();
        for (index, op) in ops.iter().enumerate() {
            if let Some(end) = op.end {
                returns.push((end, index as u32));
                continue;
            }
            let class = *known.entry(op.act).or_insert_with(|| {
                classes.push(Class { act: op.act, effect: op.effect, ops: Vec::new() });
                classes.len() as u32 - 1
            });
            class_of[index] = class;
            classes[class as usize].ops.push(index as u32);
        }
        returns.sort_unstable();
        let mut events = Vec::with_capacity(ops.len() + returns.len());
        let (mut returns, mut open, mut width) = (returns.into_iter().peekable(), 0usize, 0usize);
        for (index, op) in ops.iter().enumerate() {
            while let Some((_, over)) = returns.next_if(|(end, _)| *end < op.start) {
                events.push(Event::Return(over));
                open -= 1;
            }
            events.push(Event::Call(index as u32));
            open += usize::from(op.end.is_some());
            width = width.max(open);
        }
        events.extend(returns.map(|(_, over)| Event::Return(over)));
        Timeline { ops, events, classes, class_of, width }
    }
}
