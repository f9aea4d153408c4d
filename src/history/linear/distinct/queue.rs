//! First in, first out: a history of distinct values has an order unless a value is taken that was
//! not put in, or twice; or of two values the one that was put in later, by the clock, was taken
//! earlier, by the clock; or somebody found nothing while something was there all the time.
//!
//! Henzinger, Sezgin and Vafeiadis, "Aspect-oriented linearizability proofs", CONCUR 2013; Bouajjani,
//! Emmi, Enea and Hamza, "On reducing linearizability to state reachability", ICALP 2015. Takes
//! O(n log n) for n operations.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Told;
use super::spans::{Cuts, Item, Spans};

pub(super) fn judge(spans: &Spans, cuts: &Cuts) -> Option<Told> {
    if let Some(swapped) = swapped(&spans.items) {
        return Some(Told::Unexplained(swapped));
    }
    let mut groups: Vec<Vec<&Item>> = vec![Vec::new(); cuts.cuts.len() + 1];
    for item in &spans.items {
        groups[cuts.before(item)].push(item);
    }
    let mut order = Vec::new();
    let mut empties = cuts.cuts.iter();
    for group in groups {
        order.extend(merged(&in_order(group)?));
        let found = empties.next().into_iter().flat_map(|(_, found)| found);
        order.extend(found.map(|empty| empty.op));
    }
    Some(Told::Order(order))
}

/// Two values that were put in one after the other and taken the other way round.
fn swapped(items: &[Item]) -> Option<Vec<u32>> {
    let mut by_end: Vec<&Item> = items.iter().collect();
    by_end.sort_by_key(|item| item.put.end);
    let mut earlier = by_end.into_iter().peekable();
    // Of those put in before, the one that was taken last.
    let mut last: Option<&Item> = None;
    for item in items {
        while let Some(before) = earlier.next_if(|before| before.put.end < item.put.start) {
            if last.is_none_or(|last| last.take.start < before.take.start) {
                last = Some(before);
            }
        }
        if let Some(before) = last.filter(|before| item.take.end < before.take.start) {
            return Some(before.ops().chain(item.ops()).collect());
        }
    }
    None
}

/// The values in the order in which they go through: next is always one before which, by the clock,
/// no other is put in and no other is taken.
fn in_order(items: Vec<&Item>) -> Option<Vec<&Item>> {
    let by = |key: fn(&Item) -> i64| {
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by_key(|at| key(items[*at]));
        order.into_iter().peekable()
    };
    let (mut puts, mut takes) = (by(|item| item.put.end), by(|item| item.take.end));
    let mut gone = vec![false; items.len()];
    let mut next = 0;
    // Those that may be put in next, the one that may be taken first at the top.
    let mut open: BinaryHeap<Reverse<(i64, usize)>> = BinaryHeap::new();
    let mut order = Vec::with_capacity(items.len());
    while order.len() < items.len() {
        while puts.next_if(|at| gone[*at]).is_some() {}
        while takes.next_if(|at| gone[*at]).is_some() {}
        let (put, take) = (items[*puts.peek()?].put.end, items[*takes.peek()?].take.end);
        // They come in the order of their starts.
        while let Some(item) = items.get(next).filter(|item| item.put.start <= put) {
            open.push(Reverse((item.take.start, next)));
            next += 1;
        }
        let Reverse((start, at)) = open.pop()?;
        if start > take {
            return None;
        }
        gone[at] = true;
        order.push(items[at]);
    }
    Some(order)
}

/// Puts each value in, and takes it, as early as those before it let it.
fn merged(items: &[&Item]) -> Vec<u32> {
    let (mut put, mut take) = (i64::MIN, i64::MIN);
    let mut timed: Vec<(i64, bool, u32)> = Vec::with_capacity(2 * items.len());
    for item in items {
        put = put.max(item.put.start);
        timed.push((put, false, item.put.op));
        if item.is_taken() {
            take = take.max(item.take.start).max(put);
            timed.push((take, true, item.take.op));
        }
    }
    // Stable: both go through in this order.
    timed.sort_by_key(|(time, is_take, _)| (*time, *is_take));
    timed.into_iter().map(|(_, _, op)| op).collect()
}
