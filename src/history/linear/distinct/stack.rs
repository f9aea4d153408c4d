//! Last in, first out. A value that need be there for a moment only is put in and taken at that
//! moment, whatever the others do. Where no value need be there, the history falls apart. Of the
//! values of a part that hang together some value must lie at the bottom all the time: one that may
//! be put in before the others and taken after them; and if there is an order of the others, there is
//! one with it. A part without such a value has no order.
//!
//! Takes O(d n) for n operations with values d deep at most, after sorting. In the spirit of Emmi and
//! Enea, "Sound, complete, and tractable linearizability monitoring for concurrent collections", POPL
//! 2018, and Lee and Mathur, "Efficient decrease-and-conquer linearizability monitoring", OOPSLA 2025.

use super::Told;
use super::spans::{Cuts, Item, NEVER, Spans};
use crate::history::meter::Meter;

pub(super) fn judge(spans: &Spans, cuts: &Cuts, meter: &mut Meter<'_>) -> Option<Told> {
    let mut lasting: Vec<&Item> = spans.items.iter().filter(|item| !item.is_brief()).collect();
    lasting.sort_by_key(|item| item.put.end);
    // The operations of lasting values with the moment before which they cannot be.
    let mut timed: Vec<(i64, [Option<u32>; 2])> = Vec::with_capacity(spans.items.len() * 2);
    let mut groups: Vec<Vec<&Item>> = vec![Vec::new(); cuts.cuts.len() + 1];
    for item in lasting {
        groups[cuts.before(item)].push(item);
    }
    let mut empties = cuts.cuts.iter();
    let mut now = i64::MIN;
    for group in groups {
        let order = match nested(group, meter)? {
            Ok(order) => order,
            Err(stuck) => {
                let few = fewer(stuck, meter);
                return Some(Told::Unexplained(few.iter().flat_map(|item| item.ops()).collect()));
            }
        };
        for (start, op) in order {
            now = now.max(start);
            timed.push((now, [Some(op), None]));
        }
        if let Some((moment, found)) = empties.next() {
            now = now.max(*moment);
            timed.extend(found.iter().map(|empty| (now, [Some(empty.op), None])));
        }
    }
    let brief = spans.items.iter().filter(|item| item.is_brief());
    timed.extend(brief.map(|item| (item.take.start, [Some(item.put.op), Some(item.take.op)])));
    timed.sort_by_key(|(time, _)| *time);
    Some(Told::Order(timed.into_iter().flat_map(|(_, ops)| ops).flatten().collect()))
}

/// What is left to do: values, in the order in which they are there for sure, or an operation.
enum Work<'a> {
    Order(Vec<&'a Item>),
    Operation(i64, u32),
}

/// An operation with the moment before which it cannot be.
type Timed = (i64, u32);

/// The operations of these values in an order, each with the moment before which it cannot be;
/// `None` when that takes too long.
///
/// # Errors
/// Values that hang together of which none can lie at the bottom.
fn nested<'a>(items: Vec<&'a Item>, meter: &mut Meter<'_>) -> Option<Result<Vec<Timed>, Vec<&'a Item>>> {
    let mut order = Vec::with_capacity(2 * items.len());
    let mut work = vec![Work::Order(items)];
    while let Some(next) = work.pop() {
        let items = match next {
            Work::Operation(start, op) => {
                order.push((start, op));
                continue;
            }
            Work::Order(items) => items,
        };
        meter.work(items.len() as u64).ok()?;
        let at = work.len();
        for mut part in parts(items) {
            let Some(bottom) = bottom(&part) else { return Some(Err(part)) };
            let item = part.remove(bottom);
            work.push(Work::Operation(item.put.start, item.put.op));
            if !part.is_empty() {
                work.push(Work::Order(part));
            }
            if item.is_taken() {
                work.push(Work::Operation(item.take.start, item.take.op));
            }
        }
        // The first is to be done first.
        work[at..].reverse();
    }
    Some(Ok(order))
}

/// Values that hang together: between one of these lists and the next is a moment at which none need
/// be there.
fn parts(items: Vec<&Item>) -> Vec<Vec<&Item>> {
    let mut parts: Vec<Vec<&Item>> = Vec::new();
    let mut until = i64::MIN;
    for item in items {
        match parts.last_mut() {
            Some(part) if item.put.end < until => part.push(item),
            _ => parts.push(vec![item]),
        }
        until = until.max(item.take.start);
    }
    parts
}

/// One that may be put in before all others and taken after them.
fn bottom(part: &[&Item]) -> Option<usize> {
    // The first two ends and the last two starts: of the others, whichever one it is.
    let (mut first, mut second) = (NEVER, NEVER);
    let (mut last, mut last_but_one) = (i64::MIN, i64::MIN);
    for item in part {
        let (end, start) = (item.put.end, item.take.start);
        (first, second) = if end < first { (end, first) } else { (first, second.min(end)) };
        (last, last_but_one) = if start > last { (start, last) } else { (last, last_but_one.max(start)) };
    }
    part.iter().position(|item| {
        let end = if item.put.end == first { second } else { first };
        let start = if item.take.start == last { last_but_one } else { last };
        item.put.start <= end && item.take.end >= start
    })
}

/// As few of these values as have no order either.
fn fewer<'a>(mut items: Vec<&'a Item>, meter: &mut Meter<'_>) -> Vec<&'a Item> {
    let mut chunk = items.len().div_ceil(2);
    loop {
        let before = items.len();
        let mut end = items.len();
        while end > 0 {
            let start = end.saturating_sub(chunk);
            let rest: Vec<&Item> = items[..start].iter().chain(&items[end..]).copied().collect();
            match nested(rest, meter) {
                None => return items,
                Some(Err(stuck)) if stuck.len() < items.len() => {
                    // What is stuck may be fewer still.
                    items = stuck;
                    end = items.len().min(start);
                }
                Some(_) => end = start,
            }
        }
        if chunk > 1 {
            chunk = chunk.div_ceil(2);
        } else if items.len() == before {
            return items;
        }
    }
}
