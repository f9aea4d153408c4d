//! `fifo of PUT by K`: what was put in first comes out first. For any two keys of a group, if one
//! was put in before the other, the other does not come out before it. What is put in, or comes out,
//! at overlapping times has no order to keep. Only the first time that a key comes out counts, since
//! a redelivery comes late by its nature; what never comes out is `no_loss`'s business, and what was
//! never put in `no_phantoms`'s. `per` the producer, or whatever the order is promised for. Operations
//! that failed put nothing in. Nothing in common is a claim about nothing. Time `O(n log n)`.
//!
//! A queue that several clients both fill and empty is `linearizable as queue`.

use super::expected::{Expected, KEY, OF};
use super::intervals::{Interval, intervals};
use super::records::{Group, groups, key_name, keys, nothing, records, shows};
use super::{BY, Claim, OR_EMPTY, PER, Rule, Says, Stays, Verdict, spec};
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
    /// The first place after `of` where it was put in.
    put: usize,
    put_when: Interval,
    /// The first place where it came out.
    out: usize,
    out_when: Interval,
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
        let passages = passages(&group, &keys, &expected, (&puts, &outs));
        common |= !passages.is_empty();
        if let Some((first, second)) = swapped(&passages) {
            let why = format!(
                "{} {} was put in before {}, and came out after it{}",
                key_name(claim.by.as_ref()),
                show(&keys[first.out]),
                show(&keys[second.out]),
                group.label
            );
            let shown = [(second.out, &records[second.out]), (first.out, &records[first.out])];
            let mut details = shows(claim, why, &shown);
            details.extend(expected.shown(claim, &[first.put, second.put]));
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
        passages.push(Passage { put, put_when: puts[put], out, out_when: outs[out] });
    }
    passages
}

/// A passage that was put in before another and came out after it: of each, with the one that came
/// out last of all that were put in before.
fn swapped(passages: &[Passage]) -> Option<(&Passage, &Passage)> {
    let mut by_end: Vec<&Passage> = passages.iter().collect();
    let mut by_start = by_end.clone();
    by_end.sort_by_key(|passage| (passage.put_when.end, passage.put));
    by_start.sort_by_key(|passage| (passage.put_when.start, passage.put));
    let mut earlier = by_end.into_iter().peekable();
    let mut last: Option<&Passage> = None;
    for second in by_start {
        while let Some(first) = earlier.next_if(|first| first.put_when.is_before(second.put_when)) {
            if last.is_none_or(|last| first.out_when.start > last.out_when.start) {
                last = Some(first);
            }
        }
        if let Some(first) = last.filter(|first| second.out_when.is_before(first.out_when)) {
            return Some((first, second));
        }
    }
    None
}
