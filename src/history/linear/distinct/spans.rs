//! When each value is put in and taken, and when the collection may be empty.

use std::collections::VecDeque;

use crate::history::model::{Deed, Discipline, Id, Op, Part};

/// Never.
pub(super) const NEVER: i64 = i64::MAX;

/// When an operation takes effect: no earlier than `start`, no later than `end`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Its number in the part.
    pub op: u32,
    pub start: i64,
    pub end: i64,
}

/// A value that is put in once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub put: Span,
    /// [`NEVER`], without an operation, if nobody is known to have taken it.
    pub take: Span,
}

impl Item {
    /// Whether it need not be there at any moment longer than that moment.
    pub(super) fn is_brief(&self) -> bool {
        self.put.end >= self.take.start
    }

    pub(super) fn is_taken(&self) -> bool {
        self.take.op != NOBODY
    }

    /// Its operations.
    pub(super) fn ops(&self) -> impl Iterator<Item = u32> {
        [self.put.op, self.take.op].into_iter().filter(|op| *op != NOBODY)
    }
}

const NOBODY: u32 = u32::MAX;

/// The values of a part, in the order in which putting them in began.
#[derive(Debug)]
pub(super) struct Spans {
    pub items: Vec<Item>,
    /// Who found nothing.
    pub empties: Vec<Span>,
    /// Who may have taken something, and nobody knows what.
    takers: Vec<Span>,
}

impl Spans {
    /// Reads a part; `None` if a value is put in twice, or if more happened than putting in, taking
    /// and finding nothing. Nobody of unknown outcome takes anything.
    ///
    /// # Errors
    /// Operations that no order explains: a value that nobody put in, or that was taken twice.
    pub(super) fn of(part: &Part) -> Option<Result<Spans, Vec<u32>>> {
        if !part.states.sequence(part.initial).is_empty() {
            return None;
        }
        let mut puts: foldhash::HashMap<Id, u32> = foldhash::HashMap::default();
        let mut takes: foldhash::HashMap<Id, u32> = foldhash::HashMap::default();
        let (mut empties, mut takers) = (Vec::new(), Vec::new());
        let mut odd = None;
        let span = |op: &Op, number| Span { op: number, start: op.start, end: op.end.unwrap_or(NEVER) };
        for (op, number) in part.ops.iter().zip(0u32..) {
            match Deed::of(op.act) {
                Deed::Put(value) => {
                    if puts.insert(value, number).is_some() {
                        return None;
                    }
                }
                Deed::Take(value) => {
                    if let Some(other) = takes.insert(value, number) {
                        odd.get_or_insert((value, vec![other, number]));
                    }
                }
                Deed::FoundNothing => empties.push(span(op, number)),
                Deed::Other if op.end.is_none() => takers.push(span(op, number)),
                Deed::Other => return None,
            }
        }
        if let Some((value, takes)) = odd {
            return Some(Err(puts.get(&value).copied().into_iter().chain(takes).collect()));
        }
        let mut items = Vec::with_capacity(puts.len());
        for (op, number) in part.ops.iter().zip(0u32..) {
            match Deed::of(op.act) {
                Deed::Take(value) if !puts.contains_key(&value) => return Some(Err(vec![number])),
                Deed::Put(value) => {
                    let mut put = span(op, number);
                    let Some(&taker) = takes.get(&value) else {
                        if op.end.is_some() {
                            items.push(Item { put, take: Span { op: NOBODY, start: NEVER, end: NEVER } });
                        }
                        continue;
                    };
                    let mut take = span(&part.ops[taker as usize], taker);
                    if take.end < put.start {
                        return Some(Err(vec![number, taker]));
                    }
                    put.end = put.end.min(take.end);
                    take.start = take.start.max(put.start);
                    items.push(Item { put, take });
                }
                _ => {}
            }
        }
        Some(Ok(Spans { items, empties, takers }))
    }

    /// The same if those of whom nobody knows what they took have taken what nobody else did, the
    /// first of it; `None` when there are none.
    pub(super) fn with_takers(mut self) -> Option<Spans> {
        let mut takers = std::mem::take(&mut self.takers).into_iter();
        if takers.len() == 0 {
            return None;
        }
        for (item, taker) in self.items.iter_mut().filter(|item| !item.is_taken()).zip(&mut takers) {
            item.take = Span { start: taker.start.max(item.put.start), ..taker };
        }
        Some(self)
    }
}

/// Moments at which the collection is found empty, earliest first.
#[derive(Debug)]
pub(super) struct Cuts {
    /// Each with who found nothing then.
    pub cuts: Vec<(i64, Vec<Span>)>,
}

impl Cuts {
    /// The earliest moment for each that found nothing: one at which no value must be there.
    ///
    /// # Errors
    /// One that found nothing, with values of which one was there at each moment meanwhile.
    pub(super) fn of(spans: &Spans) -> Result<Cuts, Vec<u32>> {
        // Values by when they are there for sure, and the latest end so far.
        let mut there: Vec<&Item> = spans.items.iter().filter(|item| !item.is_brief()).collect();
        there.sort_by_key(|item| item.put.end);
        let mut cuts: Vec<(i64, Vec<Span>)> = Vec::new();
        let mut empties = spans.empties.clone();
        empties.sort_by_key(|empty| (empty.start, empty.op));
        let mut next = 0;
        let mut free = i64::MIN;
        for empty in empties {
            let mut moment = empty.start.max(free);
            while let Some(item) = there.get(next).filter(|item| item.put.end < moment) {
                next += 1;
                moment = moment.max(item.take.start);
                free = moment;
            }
            if moment > empty.end || moment == NEVER {
                return Err(covering(&there, empty));
            }
            match cuts.last_mut() {
                Some((last, found)) if *last == moment => found.push(empty),
                _ => cuts.push((moment, vec![empty])),
            }
        }
        Ok(Cuts { cuts })
    }

    /// Of how many of these moments a value is put in after.
    pub(super) fn before(&self, item: &Item) -> usize {
        self.cuts.partition_point(|(moment, _)| *moment <= item.put.end)
    }
}

/// Few values that together are there all the time that somebody found nothing.
fn covering(there: &[&Item], empty: Span) -> Vec<u32> {
    let mut ops = vec![empty.op];
    let mut moment = empty.start;
    let (mut next, mut latest): (usize, Option<&Item>) = (0, None);
    while moment <= empty.end {
        while let Some(item) = there.get(next).filter(|item| item.put.end < moment) {
            next += 1;
            if latest.is_none_or(|latest| latest.take.start < item.take.start) {
                latest = Some(item);
            }
        }
        let Some(item) = latest.filter(|item| item.take.start > moment) else { break };
        ops.extend(item.ops());
        moment = item.take.start;
        if moment == NEVER {
            break;
        }
    }
    ops.sort_unstable();
    ops
}

/// Whether an order is true to real time and to what a collection does, and leaves out no operation
/// of known outcome.
pub(super) fn explains(part: &Part, discipline: Discipline, order: &[u32]) -> bool {
    let mut inside: VecDeque<Id> = VecDeque::new();
    let mut left: Vec<bool> = part.ops.iter().map(|op| op.end.is_some()).collect();
    let mut now = i64::MIN;
    for number in order {
        let op = &part.ops[*number as usize];
        if op.end.is_some_and(|end| end < now) {
            return false;
        }
        now = now.max(op.start);
        left[*number as usize] = false;
        let fits = match Deed::of(op.act) {
            Deed::Put(value) => {
                inside.push_back(value);
                true
            }
            Deed::Take(value) => {
                let next = match discipline {
                    Discipline::Queue => inside.pop_front(),
                    Discipline::Stack => inside.pop_back(),
                };
                next == Some(value)
            }
            Deed::FoundNothing => inside.is_empty(),
            // Of whom nobody knows what it took.
            Deed::Other => {
                match discipline {
                    Discipline::Queue => inside.pop_front(),
                    Discipline::Stack => inside.pop_back(),
                };
                op.end.is_none()
            }
        };
        if !fits {
            return false;
        }
    }
    !left.contains(&true)
}
