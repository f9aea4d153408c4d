//! `fifo of PUT by K`: what was put in first comes out first. For any two keys of a group, if one
//! was put in before the other, the other does not come out before it. What is put in, or comes out,
//! at overlapping times has no order to keep; but one process does one thing after the other. Only the first time that a key comes out counts, since
//! a redelivery comes late by its nature; what never comes out is `no_loss`'s business, and what was
//! never put in `no_phantoms`'s. `per` the producer, or whatever the order is promised for. Operations
//! that failed put nothing in. Nothing in common is a claim about nothing. Time `O(n log n)`.
//!
//! A queue that several clients both fill and empty is `linearizable as queue`.

use std::collections::BTreeMap;

use super::expected::{Expected, KEY, OF, is_operation};
use super::intervals::{Interval, intervals};
use super::records::{Group, groups, key_name, keys, nothing, records, shows};
use super::{BY, Claim, OR_EMPTY, PER, Rule, Says, Stays, Verdict, spec};
use crate::history::Same;
use crate::shape::Index;
use crate::value::{Value, show};

pub(super) const FIFO: Rule = Rule {
    spec: &spec(
        "fifo",
        "what was put in first comes out first",
        &[OF, BY, KEY, PER, OR_EMPTY],
        "expect deliveries fifo of sent[*].id by .id per .producer",
    ),
    judge,
    says: |_| {
        Says(
            "comes out in the order in which it was put in",
            "does not come out in the order in which it was put in",
        )
    },
    stays: |_| Stays::Neither,
};

/// A key that was put in and came out.
struct Passage {
    put: Event,
    out: Event,
}

/// That a key was put in, or came out, the first time that it did.
struct Event {
    /// The place after `of`, or in the history.
    at: usize,
    when: Interval,
    /// Who did it, of an operation.
    process: Option<Same>,
}

impl Event {
    fn of(at: usize, when: Interval, record: &Value) -> Event {
        let process = record.as_object().filter(|_| is_operation(record)).and_then(|it| it.get("process"));
        Event { at, when, process: process.map(Same::of) }
    }

    fn is_before(&self, other: &Event, turns: bool) -> bool {
        if turns {
            self.when.is_turn_before(self.at, other.when, other.at)
        } else {
            self.when.is_before(other.when)
        }
    }

    fn by_end(&self) -> (i64, i64, usize) {
        (self.when.end, self.when.start, self.at)
    }

    fn by_start(&self) -> (i64, i64, usize) {
        (self.when.start, self.when.end, self.at)
    }
}

fn judge(claim: &Claim<'_>) -> Result<Verdict, Verdict> {
    let records = records(claim)?;
    let expected = Expected::of(claim)?;
    if expected.puts.is_empty() {
        return Err(nothing(claim, "what stands after `of` is empty, so nothing was put in"));
    }
    expected.distinct()?;
    let keys = keys(&records, claim.by.as_ref())?;
    let puts = intervals(&expected.elements, claim.other_origin.as_ref());
    let outs = intervals(&records, claim.origin.as_ref());
    let mut common = false;
    for group in groups(&records, claim.per.as_ref())? {
        let passages = passages(&group, &keys, &expected, (&puts, &outs), &records);
        common |= !passages.is_empty();
        if let Some((first, second)) = swapped(&passages) {
            let why = format!(
                "{} {} was put in before {}, and came out after it{}",
                key_name(claim.by.as_ref()),
                show(&keys[first.out.at]),
                show(&keys[second.out.at]),
                group.label
            );
            let shown = [second, first].map(|passage| (passage.out.at, &records[passage.out.at]));
            let mut details = shows(claim, why, &shown);
            details.extend(expected.shown(claim, &[first.put.at, second.put.at]));
            return Ok(Verdict::Fails(details));
        }
    }
    if common {
        return Ok(Verdict::Holds);
    }
    Err(nothing(claim, "nothing that was put in came out, so there is no order to keep"))
}

fn passages(
    group: &Group,
    keys: &[Value],
    expected: &Expected,
    (puts, outs): (&[Interval], &[Interval]),
    records: &[Value],
) -> Vec<Passage> {
    let mut index = Index::default();
    let mut passages = Vec::new();
    for &out in &group.members {
        if index.find(&keys[out], |at| &keys[at]).is_some() {
            continue;
        }
        index.add(&keys[out], out);
        let Some(put) = expected.find(&keys[out]) else { continue };
        let Some(&put) = put.acknowledged.first().or(put.unknown.first()) else { continue };
        let put = Event::of(put, puts[put], &expected.elements[put]);
        passages.push(Passage { put, out: Event::of(out, outs[out], &records[out]) });
    }
    passages
}

/// A passage that was put in before another and came out after it.
fn swapped(passages: &[Passage]) -> Option<(&Passage, &Passage)> {
    // Among all, and among those that one process put in or took out, of which it knows more.
    [(false, false), (true, false), (false, true), (true, true)].into_iter().find_map(|(puts, outs)| {
        let mut groups: BTreeMap<[Option<&Same>; 2], Vec<&Passage>> = BTreeMap::new();
        for passage in passages {
            let processes = [(puts, &passage.put), (outs, &passage.out)];
            if processes.iter().any(|(turns, event)| *turns && event.process.is_none()) {
                continue;
            }
            let group = processes.map(|(turns, event)| event.process.as_ref().filter(|_| turns));
            groups.entry(group).or_default().push(passage);
        }
        groups.into_values().find_map(|group| swapped_among(group, puts, outs))
    })
}

/// The same among these: of each, with the one that came out last of all that were put in before.
fn swapped_among(passages: Vec<&Passage>, puts: bool, outs: bool) -> Option<(&Passage, &Passage)> {
    let (mut by_end, mut by_start) = (passages.clone(), passages);
    by_end.sort_by_key(|passage| passage.put.by_end());
    by_start.sort_by_key(|passage| passage.put.by_start());
    let mut earlier = by_end.into_iter().peekable();
    let mut last: Option<&Passage> = None;
    for second in by_start {
        while let Some(first) = earlier.next_if(|first| first.put.is_before(&second.put, puts)) {
            if last.is_none_or(|last| first.out.by_start() > last.out.by_start()) {
                last = Some(first);
            }
        }
        if let Some(first) = last.filter(|first| second.out.is_before(&first.out, outs)) {
            return Some((first, second));
        }
    }
    None
}
