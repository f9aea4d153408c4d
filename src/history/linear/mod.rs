//! Linearizability (Herlihy and Wing 1990): some order of the operations, true to real time, that
//! the model allows.

mod antichain;
mod certificate;
mod depth;
mod distinct;
mod frontier;
mod race;
mod slots;
mod timeline;
mod trail;
mod usage;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::meter::{Budget, Limits, Stop};
use super::model::{Op, Part, Strange, parts};
use super::{Model, Operation};
use distinct::Told;
use frontier::Found;
use race::Searched;
use timeline::{Event, Timeline};

/// Whether a history is linearizable. Numbers are positions in the list of operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judged {
    /// It is: in this order. Operations that failed are left out, and those of unknown outcome
    /// that nothing needs.
    Holds(Vec<usize>),
    /// It is not.
    Fails(Counterexample),
    /// The limits came first; which.
    Unknown(String),
    /// The model cannot read an operation; which one, and why.
    Invalid(usize, String),
}

/// Why a history is not linearizable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counterexample {
    /// Few operations that no order explains, in the order of their starts: weakened where the
    /// history remains unexplained even if their outcome were unknown.
    pub core: Vec<(usize, bool)>,
    /// Whether they cannot be explained whatever the object held when the first of them of known
    /// outcome began: what was over before is left out.
    pub begins_anyhow: bool,
    /// An order that explains as many of these as any does.
    pub order: Vec<usize>,
    /// The one that cannot come next.
    pub stuck: usize,
    /// What the object may hold when it should: each in words.
    pub states: Vec<String>,
}

/// So many parts at once are looked at quickly, whatever the machine: the share of memory that
/// each has must not depend on it.
const LANES: usize = 8;

/// Judges one history.
pub fn linearizable(operations: &[Operation], model: &Model, limits: &Limits) -> Judged {
    linearizable_all(&[operations], model, limits).pop().unwrap_or(Judged::Holds(Vec::new()))
}

/// Judges histories of separate objects, at once where the machine can; a judgement for each.
pub fn linearizable_all<H>(histories: &[H], model: &Model, limits: &Limits) -> Vec<Judged>
where
    H: AsRef<[Operation]> + Sync,
{
    let deadline = limits.deadline();
    let read: Vec<_> = histories.iter().map(|history| parts(model, history.as_ref())).collect();
    let all: Vec<&Part> = read.iter().flatten().flatten().collect();
    let mut quick = look_quickly(&all, deadline, limits.memory).into_iter();
    let judge = |(history, read): (&H, &Result<Vec<Part>, Strange>)| match read {
        Err((at, why)) => Judged::Invalid(*at, why.clone()),
        Ok(parts) => {
            let looked = quick.by_ref().take(parts.len()).collect();
            judge(history.as_ref(), parts, looked, limits, deadline)
        }
    };
    histories.iter().zip(&read).map(judge).collect()
}

/// What a short look at a part found.
enum Look {
    Searched(Searched),
    /// By what is known of its model, no order explains these operations.
    Unexplained(Vec<u32>),
}

/// A short look at each part, several at once; most need no more.
fn look_quickly(parts: &[&Part], deadline: Instant, memory: usize) -> Vec<Look> {
    let look = |part: &Part| {
        let steps = (1 << 14) + 32 * part.ops.len() as u64;
        let budget = Budget { steps, bytes: memory / LANES, deadline };
        match distinct::judge(part, budget) {
            Some(Told::Order(order)) => {
                return Look::Searched(Searched::without_search(Ok(Found::Order(order))));
            }
            Some(Told::Unexplained(ops)) => return Look::Unexplained(ops),
            None => {}
        }
        Look::Searched(race::alone(part, &Timeline::new(&part.ops), budget))
    };
    let operations: usize = parts.iter().map(|part| part.ops.len()).sum();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = cores.min(LANES).min(parts.len());
    if threads < 2 || operations < 1000 {
        return parts.iter().map(|part| look(part)).collect();
    }
    let found: Vec<Mutex<Option<Look>>> = parts.iter().map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((part, found)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    parts.get(index).zip(found.get(index))
                } {
                    *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(look(part));
                }
            });
        }
    });
    // Whoever died looking has found nothing.
    let looked = |found: Mutex<Option<Look>>| found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let nothing = || Look::Searched(Searched::without_search(Err(Stop::Steps)));
    found.into_iter().map(|found| looked(found).unwrap_or_else(nothing)).collect()
}

/// Judges a history whose parts were looked at quickly.
fn judge(
    operations: &[Operation],
    parts: &[Part],
    looked: Vec<Look>,
    limits: &Limits,
    deadline: Instant,
) -> Judged {
    let budget = Budget { steps: u64::MAX, bytes: limits.memory, deadline };
    let fail = |part: &Part, place: usize, steps: u64| {
        let timeline = Timeline::new(&part.ops);
        Judged::Fails(certificate::counterexample(part, &timeline, place, steps, budget))
    };
    for (part, look) in parts.iter().zip(&looked) {
        match look {
            Look::Searched(Searched { found: Ok(Found::Impossible(place)), steps, .. }) => {
                return fail(part, *place, *steps);
            }
            Look::Unexplained(ops) => {
                if let Some(found) = confirmed(part, ops, budget) {
                    return Judged::Fails(found);
                }
            }
            Look::Searched(_) => {}
        }
    }
    let mut orders = Vec::with_capacity(parts.len());
    let mut unknown = None;
    for (part, look) in parts.iter().zip(looked) {
        let searched = match look {
            Look::Searched(searched)
                if !matches!(searched.found, Err(Stop::Steps | Stop::Memory | Stop::Width)) =>
            {
                searched
            }
            _ => race::both(part, &Timeline::new(&part.ops), budget),
        };
        match searched.found {
            Ok(Found::Order(order)) => {
                orders.push(order.iter().map(|number| part.ops[*number as usize].at as usize).collect());
            }
            Ok(Found::Impossible(place)) => return fail(part, place, searched.steps),
            Err(stop) => unknown = unknown.or(Some((stop, part, searched.reached))),
        }
    }
    match unknown {
        Some((stop, part, reached)) => {
            let timeline = Timeline::new(&part.ops);
            let is_return = |event: &&Event| matches!(event, Event::Return(_));
            let over = timeline.events.iter().take(reached).filter(is_return).count();
            let all = timeline.events.len() - part.ops.len();
            let why = stop.told(limits);
            Judged::Unknown(format!(
                "{why}: an order explains the first {over} of {all} operations that ended"
            ))
        }
        None => Judged::Holds(merged(operations, orders)),
    }
}

/// Searches once more for an order of these operations and those of unknown outcome; a
/// counterexample if there is none.
fn confirmed(part: &Part, told: &[u32], budget: Budget) -> Option<Counterexample> {
    let mut told = told.to_vec();
    told.sort_unstable();
    let mut told = told.into_iter().peekable();
    let is_told = |(op, number): &(&Op, u32)| {
        told.next_if_eq(number).is_some() || part.object.about(op.act).is_none() && op.end.is_none()
    };
    let ops: Vec<Op> = part.ops.iter().zip(0..).filter(is_told).map(|(op, _)| *op).collect();
    let timeline = Timeline::new(&ops);
    let searched = race::both(part, &timeline, budget);
    match searched.found {
        Ok(Found::Impossible(place)) => {
            Some(certificate::counterexample(part, &timeline, place, searched.steps, budget))
        }
        _ => None,
    }
}

/// One order of operations on separate objects: each takes effect as early as its own order lets
/// it, which no operation that began later can precede.
fn merged(operations: &[Operation], mut orders: Vec<Vec<usize>>) -> Vec<usize> {
    if orders.len() < 2 {
        return orders.pop().unwrap_or_default();
    }
    let mut timed: Vec<(i64, usize)> = Vec::new();
    for order in orders {
        let mut now = i64::MIN;
        for at in order {
            now = now.max(operations.get(at).map_or(now, |operation| operation.start));
            timed.push((now, at));
        }
    }
    timed.sort_by_key(|(time, _)| *time);
    timed.into_iter().map(|(_, at)| at).collect()
}

#[cfg(test)]
mod tests;
