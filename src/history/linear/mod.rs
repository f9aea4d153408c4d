//! Linearizability (Herlihy and Wing 1990): some order of the operations, true to real time, that
//! the model allows.

mod antichain;
mod certificate;
mod depth;
mod frontier;
mod meter;
mod race;
mod slots;
mod timeline;
mod trail;
mod usage;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::model::{Part, Strange, parts};
use super::{Model, Operation};
use frontier::Found;
use meter::{Budget, Stop};
use race::Searched;
use timeline::Timeline;

/// How much a judgement may cost. What is over it is unknown, never a pass.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Of all parts together.
    pub time: Duration,
    /// In bytes, of all parts together.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { time: Duration::from_secs(60), memory: 2 << 30 }
    }
}

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
    // Further away than this machine will run, if the limit is that far.
    let now = Instant::now();
    let deadline = now.checked_add(limits.time).unwrap_or(now + Duration::from_secs(1 << 30));
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

/// A short search of each part, several at once; most need no more.
fn look_quickly(parts: &[&Part], deadline: Instant, memory: usize) -> Vec<Result<Found, Stop>> {
    let look = |part: &Part| {
        let steps = (1 << 20) + 16 * part.ops.len() as u64;
        race::alone(part, &Timeline::new(&part.ops), Budget { steps, bytes: memory / LANES, deadline }).found
    };
    let operations: usize = parts.iter().map(|part| part.ops.len()).sum();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let threads = cores.min(LANES).min(parts.len());
    if threads < 2 || operations < 1000 {
        return parts.iter().map(|part| look(part)).collect();
    }
    let found: Vec<Mutex<Result<Found, Stop>>> = parts.iter().map(|_| Mutex::new(Err(Stop::Steps))).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((part, found)) = {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    parts.get(index).zip(found.get(index))
                } {
                    *found.lock().unwrap_or_else(PoisonError::into_inner) = look(part);
                }
            });
        }
    });
    found.into_iter().map(|found| found.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

/// Judges a history whose parts were looked at quickly.
fn judge(
    operations: &[Operation],
    parts: &[Part],
    looked: Vec<Result<Found, Stop>>,
    limits: &Limits,
    deadline: Instant,
) -> Judged {
    let budget = Budget { steps: u64::MAX, bytes: limits.memory, deadline };
    let fail = |part: &Part, place: usize| {
        let timeline = Timeline::new(&part.ops);
        Judged::Fails(certificate::counterexample(part, &timeline, place, budget))
    };
    let first = parts.iter().zip(&looked).find_map(|(part, found)| match found {
        Ok(Found::Impossible(place)) => Some((part, *place)),
        _ => None,
    });
    if let Some((part, place)) = first {
        return fail(part, place);
    }
    let mut orders = Vec::with_capacity(parts.len());
    let mut unknown = None;
    for (part, found) in parts.iter().zip(looked) {
        let found = match found {
            Err(Stop::Steps | Stop::Memory | Stop::Width) => {
                let Searched { found, .. } = race::both(part, &Timeline::new(&part.ops), budget);
                found
            }
            found => found,
        };
        match found {
            Ok(Found::Order(order)) => {
                orders.push(order.iter().map(|number| part.ops[*number as usize].at as usize).collect());
            }
            Ok(Found::Impossible(place)) => return fail(part, place),
            Err(stop) => unknown = unknown.or(Some(stop)),
        }
    }
    match unknown {
        Some(stop) => Judged::Unknown(exceeded(stop, limits)),
        None => Judged::Holds(merged(operations, orders)),
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

/// Which limit came first.
fn exceeded(stop: Stop, limits: &Limits) -> String {
    match stop {
        Stop::Memory | Stop::Width => format!("no answer within {} MiB of memory", limits.memory >> 20),
        Stop::Time | Stop::Steps | Stop::Beaten => format!("no answer within {:?}", limits.time),
    }
}

#[cfg(test)]
mod tests;
