//! The two searches against each other: each wins on histories where the other explodes. The one
//! that needs fewer steps has the word, whichever thread was faster, so that the answer and its
//! certificate are the same in every run.

use std::sync::atomic::AtomicU64;

use super::depth::Depth;
use super::frontier::{DeadEnd, Found, Frontier};
use super::timeline::{Event, Timeline};
use crate::history::meter::{Budget, Lane, Meter, Stop};
use crate::history::model::{Part, State, States};

/// What a search found, or why it stopped, and what it spent.
#[derive(Debug)]
pub(super) struct Searched {
    pub found: Result<Found, Stop>,
    pub steps: u64,
    /// An order explains all that was over before this place of the timeline.
    pub reached: usize,
    /// The most memory that was in use at once, in bytes.
    pub peak: usize,
}

impl Searched {
    /// What is known without a search.
    pub(super) fn without_search(found: Result<Found, Stop>) -> Searched {
        Searched { found, steps: 0, reached: 0, peak: 0 }
    }
}

/// What there was at the dead end, with the states that its numbers speak of.
pub(super) struct Explained {
    pub end: DeadEnd,
    /// The operation that could not return.
    pub stuck: u32,
    pub states: States,
}

/// Searches with the frontier alone.
pub(super) fn alone(part: &Part, timeline: &Timeline<'_>, budget: Budget) -> Searched {
    from(part, timeline, &[part.initial], budget)
}

/// The same from any of these states.
pub(super) fn from(part: &Part, timeline: &Timeline<'_>, begins: &[State], budget: Budget) -> Searched {
    frontier(part, timeline, begins, Meter::new(budget, None), false).0
}

/// Searches with the frontier for what there was when nothing could follow.
pub(super) fn explain(
    part: &Part,
    timeline: &Timeline<'_>,
    begins: &[State],
    budget: Budget,
) -> Option<Explained> {
    let (searched, explained) = frontier(part, timeline, begins, Meter::new(budget, None), true);
    match (searched.found, explained) {
        (Ok(Found::Impossible(place)), (end, states)) => match timeline.events[place] {
            Event::Return(stuck) | Event::Call(stuck) => Some(Explained { end, stuck, states }),
        },
        _ => None,
    }
}

/// Searches with both; each may take half of the memory.
pub(super) fn both(part: &Part, timeline: &Timeline<'_>, budget: Budget) -> Searched {
    let half = Budget { bytes: budget.bytes / 2, ..budget };
    let (broad, deep) = (AtomicU64::new(u64::MAX), AtomicU64::new(u64::MAX));
    let (first, second) = std::thread::scope(|scope| {
        let other = scope.spawn(|| {
            let mut search =
                Depth::new(timeline, part, Meter::new(half, Some(Lane::new(&deep, &broad, true))));
            let found = search.search(part.initial);
            searched(found, &search.meter, search.reached)
        });
        let lane = Lane::new(&broad, &deep, false);
        let (first, _) = frontier(part, timeline, &[part.initial], Meter::new(half, Some(lane)), false);
        // A search that died has said nothing.
        let died = Searched { steps: u64::MAX, ..Searched::without_search(Err(Stop::Steps)) };
        (first, other.join().unwrap_or(died))
    });
    let (steps, peak) = (first.steps.min(second.steps), first.peak + second.peak);
    let found = match (first.found, second.found) {
        (Ok(broad), Ok(deep)) => Ok(if second.steps < first.steps { deep } else { broad }),
        (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
        (Err(Stop::Width), Err(stop)) | (Err(stop), Err(_)) => Err(stop),
    };
    Searched { found, steps, reached: first.reached.max(second.reached), peak }
}

fn frontier(
    part: &Part,
    timeline: &Timeline<'_>,
    begins: &[State],
    meter: Meter<'_>,
    explains: bool,
) -> (Searched, (DeadEnd, States)) {
    match timeline.width {
        0..=64 => run(Frontier::<1>::new(timeline, part, meter, explains), begins),
        65..=256 => run(Frontier::<4>::new(timeline, part, meter, explains), begins),
        _ => run(Frontier::<16>::new(timeline, part, meter, explains), begins),
    }
}

fn run<const W: usize>(mut search: Frontier<'_, W>, begins: &[State]) -> (Searched, (DeadEnd, States)) {
    let found = search.search(begins);
    let searched = searched(found, &search.meter, search.reached);
    (searched, (std::mem::take(&mut search.dead_end), search.states))
}

fn searched(found: Result<Found, Stop>, meter: &Meter<'_>, reached: usize) -> Searched {
    if found.is_ok() {
        meter.finish();
    }
    Searched { found, steps: meter.steps(), reached, peak: meter.peak }
}
