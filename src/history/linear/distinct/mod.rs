//! Queues and stacks into which no value is put twice: then a few patterns decide, and nothing has
//! to be searched. What is found here is only a proposal: an order is replayed, and operations
//! that no order explains are judged once more by the search, alone.
//!
//! Who puts a value in is known to have done so before anybody took it, and who took it to have
//! done so after it was put in; each value is in the collection at least between the end of the one
//! and the start of the other.

mod queue;
mod spans;
mod stack;
#[cfg(test)]
mod tests;

use crate::history::meter::{Budget, Meter};
use crate::history::model::{Discipline, Part};
use spans::{Cuts, Spans};

/// What the patterns say; operations are numbers in the part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// An order.
    Order(Vec<u32>),
    /// No order explains these.
    Unexplained(Vec<u32>),
}

/// What an operation takes, in all tables together.
const OPERATION_BYTES: usize = 256;
/// Each operation may be looked at so often; then the search may try.
const LOOKS: u64 = 2_000;

/// Judges a collection of distinct values; `None` when it is something else, or says nothing, or
/// would cost too much.
pub(super) fn judge(part: &Part, budget: Budget) -> Option<Told> {
    let discipline = part.object.discipline()?;
    let count = part.ops.len();
    let mut meter = Meter::new(Budget { steps: LOOKS * (count as u64 + 1), ..budget }, None);
    meter.work(1).and_then(|()| meter.take(count * OPERATION_BYTES)).ok()?;
    let spans = match Spans::of(part)? {
        Ok(spans) => spans,
        Err(odd) => return Some(Told::Unexplained(odd)),
    };
    let told = told(part, discipline, &spans, &mut meter);
    if let Some(Told::Unexplained(_)) = told
        && let Some(spans) = spans.with_takers()
        && let Some(Told::Order(order)) = self::told(part, discipline, &spans, &mut meter)
    {
        return Some(Told::Order(order));
    }
    told
}

fn told(part: &Part, discipline: Discipline, spans: &Spans, meter: &mut Meter<'_>) -> Option<Told> {
    let cuts = match Cuts::of(spans) {
        Ok(cuts) => cuts,
        Err(covered) => return Some(Told::Unexplained(covered)),
    };
    let told = match discipline {
        Discipline::Queue => queue::judge(spans, &cuts),
        Discipline::Stack => stack::judge(spans, &cuts, meter),
    }?;
    match &told {
        Told::Order(order) if !spans::explains(part, discipline, order) => None,
        _ => Some(told),
    }
}
