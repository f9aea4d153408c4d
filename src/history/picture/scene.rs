//! What a picture shows, whoever draws it.

use std::collections::{BTreeMap, BTreeSet};

use super::words;
use crate::history::{Counterexample, Operation};

/// Arguments and results are cut in the middle to so many characters.
const LONGEST: usize = 60;
/// And whole labels to so many.
const LABEL: usize = 400;
/// More states than this are counted.
const STATES: usize = 6;

/// A scene: bars on rows, arrows between them, and sentences below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scene {
    /// What is wrong; lower case, no full stop.
    pub title: String,
    /// The operations in the order of their starts.
    pub bars: Vec<Bar>,
    /// From bar to bar.
    pub arrows: Vec<Arrow>,
    /// What follows from it, each a sentence.
    pub ending: Vec<String>,
    /// How many operations the history has besides.
    pub left_out: usize,
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// Who performed it, by name.
    pub process: String,
    /// What it was and what it returned.
    pub label: String,
    /// When it began; only the order of such numbers counts.
    pub start: i64,
    /// When it was over; `None` while nobody knows.
    pub end: Option<i64>,
    /// Its part in the picture.
    pub part: Part,
    /// What else there is to say of it.
    pub remark: String,
    /// When it was at work, or where it stands, as people read it.
    pub when: String,
}

/// What an operation has to do with what is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// It cannot be.
    Stuck,
    /// It comes at this place of the order that explains the most, from 1.
    Order(usize),
    /// It is called `T1`, `T2` and so on by the sentences below.
    Named(usize),
    /// It belongs to what is wrong, and has no place in the order.
    Spare,
    /// It was at work around the same time.
    Context,
}

/// From one bar to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrow {
    /// The bar it leaves.
    pub from: usize,
    /// The bar it reaches.
    pub to: usize,
    /// What it means, in a word.
    pub label: String,
}

impl Scene {
    /// The core of a counterexample. `when` says of an operation, by its position, when it was at
    /// work or where it stands.
    pub fn of(operations: &[Operation], found: &Counterexample, when: impl Fn(usize) -> String) -> Scene {
        let places: BTreeMap<usize, usize> =
            found.order.iter().enumerate().map(|(place, at)| (*at, place + 1)).collect();
        let mut drawn: BTreeSet<usize> = found.core.iter().map(|(at, _)| *at).collect();
        drawn.insert(found.stuck);
        let mut bars: Vec<(usize, Bar)> = Vec::new();
        for &at in &drawn {
            let Some(operation) = operations.get(at) else { continue };
            let part = match places.get(&at) {
                _ if at == found.stuck => Part::Stuck,
                Some(place) => Part::Order(*place),
                None => Part::Spare,
            };
            let remark = match part {
                Part::Stuck => "cannot come next",
                Part::Spare => "has no place in this order",
                _ => "",
            };
            bars.push((at, Bar { part, remark: remark.to_owned(), ..bar(operation, when(at)) }));
        }
        bars.sort_by_key(|(at, bar)| (bar.start, *at));
        let count = bars.len();
        let title = match count {
            1 => "nothing explains what this operation returned".to_owned(),
            count => format!("no order of these {count} operations explains what they returned"),
        };
        let title = match found.begins_anyhow {
            true => format!("whatever the object held before, {title}"),
            false => title,
        };
        let stuck = operations.get(found.stuck).map(|stuck| words::word(stuck, LONGEST));
        let ending = stuck.iter().flat_map(|stuck| ending(found, stuck)).collect();
        let left_out = operations.len().saturating_sub(count);
        let bars = bars.into_iter().map(|(_, bar)| bar).collect();
        Scene { title, bars, arrows: Vec::new(), ending, left_out }
    }

    /// Adds operations that were at work around the same time.
    pub fn with_context(&mut self, operations: &[(Operation, String)]) {
        let context = operations.iter().map(|(operation, when)| bar(operation, when.clone()));
        self.bars.extend(context);
        self.left_out = self.left_out.saturating_sub(operations.len());
        let mut order: Vec<usize> = (0..self.bars.len()).collect();
        order.sort_by_key(|at| (self.bars[*at].start, *at));
        for arrow in &mut self.arrows {
            let moved = |at| order.iter().position(|old| *old == at).unwrap_or(at);
            (arrow.from, arrow.to) = (moved(arrow.from), moved(arrow.to));
        }
        self.bars = order.into_iter().map(|at| self.bars[at].clone()).collect();
    }
}

/// An operation without a part of its own.
pub(super) fn bar(operation: &Operation, when: String) -> Bar {
    Bar {
        process: words::process(&operation.process),
        label: shorten(&words::word(operation, LONGEST)),
        start: operation.start,
        end: operation.end,
        part: Part::Context,
        remark: String::new(),
        when,
    }
}

/// A label that is not longer than anybody reads.
pub(crate) fn shorten(label: &str) -> String {
    if label.chars().count() <= LABEL {
        return label.to_owned();
    }
    label.chars().take(LABEL - 1).chain(['…']).collect()
}

fn ending(found: &Counterexample, stuck: &str) -> Option<String> {
    let told = found.states.iter().take(STATES).map(|state| shorten(state)).collect::<Vec<_>>();
    let more = match found.states.len() - told.len() {
        0 => None,
        more => Some(format!("one of {more} others")),
    };
    let told: Vec<String> = told.into_iter().chain(more).collect();
    let (last, others) = told.split_last()?;
    let states = match others {
        [] => last.clone(),
        others => format!("{} or {last}", others.join(", ")),
    };
    let by_then = if found.order.is_empty() { "at the beginning" } else { "by then" };
    Some(format!("{by_then} the object can only hold {states}, so `{stuck}` cannot come next"))
}
